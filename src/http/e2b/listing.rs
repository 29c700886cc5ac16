//! Lists of sandboxes and snapshots: what of them is wanted, a page at a time.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::HeaderName;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::views;
use crate::error_code::Fault;
use crate::http::extract::MayAll;
use crate::http::{Answer, App};
use crate::store::sandboxes::SandboxRow;

/// Sandboxes of a page.
const PAGE: usize = 100;

/// The header that names where the next page begins.
const NEXT: HeaderName = HeaderName::from_static("x-next-token");

/// What of the sandboxes is to be listed.
#[derive(Debug, Default)]
struct Query {
    metadata: Vec<(String, String)>,
    states: Vec<String>,
    template: Option<String>,
    started_after: Option<jiff::Timestamp>,
    ascending: bool,
    sandbox: Option<String>,
    name: Option<String>,
    limit: usize,
    after: Option<String>,
}

impl Query {
    fn read(query: Option<String>) -> Result<Self, Fault> {
        let mut read = Self {
            limit: PAGE,
            ..Self::default()
        };
        let query = query.unwrap_or_default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let value = value.into_owned();
            match &*name {
                // Its pairs are encoded once more.
                "metadata" => {
                    let pairs = url::form_urlencoded::parse(value.as_bytes());
                    let plain = |text: &str| {
                        let plain = percent_encoding::percent_decode_str(text);
                        plain.decode_utf8_lossy().into_owned()
                    };
                    let pairs = pairs.map(|(name, value)| (plain(&name), plain(&value)));
                    read.metadata.extend(pairs);
                }
                "state" => read.states.extend(value.split(',').map(str::to_owned)),
                "template" => read.template = Some(value),
                "startedAfter" => {
                    let time = value.parse();
                    read.started_after =
                        Some(time.map_err(|_| Fault::field("startedAfter", "it is no time"))?);
                }
                "order" => read.ascending = value == "asc",
                "sandboxID" => read.sandbox = Some(value),
                "name" => read.name = Some(value),
                "limit" => {
                    let limit = value
                        .parse()
                        .ok()
                        .filter(|limit| (1..=PAGE).contains(limit));
                    let wrong = || Fault::field("limit", format!("it is not from 1 to {PAGE}"));
                    read.limit = limit.ok_or_else(wrong)?;
                }
                "nextToken" => read.after = Some(value),
                _ => {}
            }
        }
        Ok(read)
    }

    fn wants(&self, row: &SandboxRow) -> bool {
        let metadata: BTreeMap<String, String> =
            serde_json::from_str(&row.metadata).unwrap_or_default();
        let noted = |(name, value): &(String, String)| metadata.get(name) == Some(value);
        let template = |wanted: &String| row.template == *wanted || row.image == *wanted;
        let started = |after: jiff::Timestamp| {
            let started = row.started_at.parse::<jiff::Timestamp>();
            started.is_ok_and(|started| started >= after)
        };
        (self.states.is_empty() || self.states.contains(&row.standing))
            && self.metadata.iter().all(noted)
            && self.template.as_ref().is_none_or(template)
            && self.started_after.is_none_or(started)
            && self
                .sandbox
                .as_ref()
                .is_none_or(|sandbox| row.origin.as_ref() == Some(sandbox))
            && self
                .name
                .as_ref()
                .is_none_or(|name| row.name.as_ref() == Some(name))
    }

    /// Returns a page of the rows that are wanted, and where the next one begins.
    fn page(&self, mut rows: Vec<SandboxRow>) -> (Vec<SandboxRow>, Option<String>) {
        rows.retain(|row| self.wants(row));
        if self.ascending {
            rows.reverse();
        }
        // Whatever was ended since the last page: the next one begins behind where that was.
        if let Some(after) = &self.after {
            rows.retain(|row| match self.ascending {
                true => place(row) > *after,
                false => place(row) < *after,
            });
        }
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next = rows.last().filter(|_| more).map(place);
        (rows, next)
    }
}

/// Returns where a row is in a list.
fn place(row: &SandboxRow) -> String {
    format!("{}/{}", row.started_at, row.id)
}

fn paged(views: Vec<Value>, next: Option<String>) -> Response {
    match next {
        Some(next) => ([(NEXT, next)], Json(views)).into_response(),
        None => Json(views).into_response(),
    }
}

/// Lists sandboxes.
pub(super) async fn list(
    State(app): State<App>,
    caller: MayAll,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    let rows = app.sandboxes.list(caller.0.tenant).await?;
    let (rows, next) = Query::read(query)?.page(rows);
    let mut views = Vec::with_capacity(rows.len());
    for row in &rows {
        views.push(views::listed(&app, row).await?);
    }
    Ok(paged(views, next))
}

/// Lists snapshots.
pub(super) async fn list_snapshots(
    State(app): State<App>,
    caller: MayAll,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    let rows = app.sandboxes.snapshots(caller.0.tenant).await?;
    let (rows, next) = Query::read(query)?.page(rows);
    Ok(paged(rows.iter().map(views::snapshot).collect(), next))
}
