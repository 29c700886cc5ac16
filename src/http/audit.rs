//! `/audit`: the tenant's audit log, for auditors.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::{Audit, May, Parameters};
use super::page::{Page, PageQuery};
use super::{Answer, App};
use crate::error_code::Fault;
use crate::id::UserId;
use crate::store::audit::AuditFilter;
use crate::tenant::audit::{Action, AuditRecord, Head};

/// Which records are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Only what this user did.
    user_id: Option<UserId>,
    /// Only this action.
    action: Option<Action>,
    /// Only records of this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<jiff::Timestamp>,
    /// Only records before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<jiff::Timestamp>,
    /// How many to return, from 1 to 1000; 50 if it is not said.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u32>,
    /// The `next` of the page before; nothing for the first.
    #[param(max_length = 4096, pattern = "^[^\\u0000]*$")]
    after: Option<String>,
}

/// Lists records of the audit log, the newest first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, description = "A page of records", body = Page<AuditRecord>)))]
pub(super) async fn list(
    State(app): State<App>,
    May(caller, ..): May<Audit>,
    Parameters(query): Parameters<AuditQuery>,
) -> Answer<Json<Page<AuditRecord>>> {
    let page = PageQuery::new(query.limit, query.after);
    let before = match page.after() {
        "" => i64::MAX,
        after => after
            .parse()
            .map_err(|_| Fault::field("after", "it has to be the `next` of a page before"))?,
    };
    let time =
        |time: Option<jiff::Timestamp>| time.map(|time| format!("{time:.6}")).unwrap_or_default();
    let filter = AuditFilter {
        user: query
            .user_id
            .map(|user| user.to_string())
            .unwrap_or_default(),
        action: query
            .action
            .map(|action| crate::tenant::name(&action))
            .unwrap_or_default(),
        since: time(query.since),
        until: time(query.until),
        before,
    };
    let records = app
        .audit
        .records(caller.tenant, &filter, page.rows()?)
        .await?;
    Ok(Json(page.page(records, |record| record.seq.to_string())))
}

/// Returns the signed end of the tenant's audit log. Kept elsewhere, it shows later that nothing
/// was cut off (`cellblock audit verify --heads`).
#[utoipa::path(get, path = "/audit/head", tag = "audit",
    responses((status = 200, description = "The last record's place, signed; null without records", body = Option<Head>)))]
pub(super) async fn head(
    State(app): State<App>,
    May(caller, ..): May<Audit>,
) -> Answer<Json<Option<Head>>> {
    Ok(Json(app.audit.head(caller.tenant)))
}
