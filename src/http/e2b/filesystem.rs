//! Calls about the files of a sandbox.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::{Value, json};

use super::connect::{Request, answered, stream_of};
use super::revoked;
use super::visit::Visited;
use crate::e2b::{Change, Telling, Watcher, inside, outside};
use crate::error_code::{ErrorCode, Fault};
use crate::file::{Condition, Entry};
use crate::http::extract::{May, Write};
use crate::http::{Answer, App};
use crate::id::{ProjectId, TenantId};
use crate::tenant::Caller;

/// Entries that a listing has at most, and how often a watched folder is looked at.
const MOST: usize = 10_000;
const LOOK: Duration = Duration::from_millis(300);

/// All that a call may say; each needs its part.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Asked {
    path: String,
    source: String,
    destination: String,
    depth: usize,
    recursive: bool,
    include_entry: bool,
    watcher_id: String,
}

/// Does what is called.
pub(super) async fn call(
    State(app): State<App>,
    caller: May<Write>,
    Visited(sandbox): Visited,
    Path(call): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Response> {
    let request = Request::new(&method, &headers, body)?;
    let place = (caller.0.tenant, sandbox.project()?);
    if call == "WatchDir" && request.streamed {
        let asked: Asked = request.message()?;
        let watched = Watcher::begin(&app.files, place, &asked.path, asked.recursive).await;
        let telling = app.sandboxes.watchers.tell(place.0);
        let watched = watched.and_then(|watcher| Ok((watcher, telling?)));
        return Ok(match watched {
            Ok(watcher) => watch(app, caller.0, place.1, watcher, asked),
            Err(fault) => stream_of(stream::iter([Err(fault)])),
        });
    }
    let answer = match request.message() {
        Ok(asked) => done(&app, place, &sandbox.id, &call, asked).await,
        Err(fault) => Err(fault),
    };
    Ok(answered(answer, request.streamed)?)
}

async fn done(
    app: &App,
    place: (TenantId, ProjectId),
    sandbox: &str,
    call: &str,
    asked: Asked,
) -> Result<Value, Fault> {
    let (tenant, project) = place;
    let watchers = &app.sandboxes.watchers;
    match call {
        "Stat" => {
            let entry = app
                .files
                .look(tenant, project, inside(&asked.path)?)
                .await?;
            Ok(json!({"entry": shown(&entry)}))
        }
        "ListDir" => list(app, place, &asked).await,
        "MakeDir" => {
            let path = inside(&asked.path)?;
            match app.files.look(tenant, project, path.clone()).await {
                Ok(_) => {
                    let message = format!("{} is there already.", outside(path.as_str()));
                    return Err(Fault::new(ErrorCode::AlreadyExists, message));
                }
                Err(fault) if fault.code == ErrorCode::FileNotFound => {}
                Err(fault) => return Err(fault),
            }
            let entry = app.files.make_folder(tenant, project, path).await?;
            Ok(json!({"entry": shown(&entry)}))
        }
        "Move" => {
            let (from, to) = (inside(&asked.source)?, inside(&asked.destination)?);
            let moved = app.notebooks.move_file(&app.files, place, from, to, true);
            Ok(json!({"entry": shown(&moved.await?)}))
        }
        "Remove" => {
            let path = inside(&asked.path)?;
            app.notebooks
                .delete_file(&app.files, place, path, Condition::Any, true)
                .await?;
            Ok(json!({}))
        }
        "CreateWatcher" => {
            let watcher = Watcher::begin(&app.files, place, &asked.path, asked.recursive).await?;
            Ok(json!({"watcherId": watchers.keep(sandbox, watcher)?}))
        }
        "GetWatcherEvents" => {
            let watcher = watchers.find(sandbox, &asked.watcher_id)?;
            let changes = watcher.lock().await.changes(&app.files).await?;
            let events: Vec<Value> = changes.iter().map(event).collect();
            Ok(json!({"events": events}))
        }
        "RemoveWatcher" => {
            watchers.remove(sandbox, &asked.watcher_id);
            Ok(json!({}))
        }
        other => {
            let other = crate::text::line(other, 40);
            let message = format!("There is no call {other:?} of the file system here.");
            Err(Fault::new(ErrorCode::NotOffered, message))
        }
    }
}

async fn list(
    app: &App,
    (tenant, project): (TenantId, ProjectId),
    asked: &Asked,
) -> Result<Value, Fault> {
    let path = inside(&asked.path)?;
    let depth = asked.depth.max(1);
    let above = path.names().count();
    let mut entries = app
        .files
        .list(tenant, project, path, depth > 1, String::new(), MOST)
        .await?;
    entries.retain(|entry| entry.path().split('/').count() - above <= depth);
    let entries: Vec<Value> = entries.iter().map(shown).collect();
    Ok(json!({"entries": entries}))
}

/// Tells what happens in a folder, until whoever asked goes away.
fn watch(
    app: App,
    caller: Caller,
    project: ProjectId,
    (watcher, telling): (Watcher, Telling),
    asked: Asked,
) -> Response {
    let place = (caller.tenant, project);
    let revoked = revoked(app.clone(), caller);
    let beginning = stream::iter([Ok(json!({"start": {}}))]);
    let looks = stream::unfold(Some((app, watcher, LOOK)), move |state| {
        let folder = asked.path.clone();
        // It counts as long as somebody listens.
        let _counted = &telling;
        async move {
            let (app, mut watcher, pause) = state?;
            tokio::time::sleep(pause).await;
            let begun = std::time::Instant::now();
            let changes = watcher.changes(&app.files).await;
            // To look at much takes no more than a tenth of the time.
            let pause = LOOK.max(begun.elapsed() * 10);
            match changes {
                Ok(changes) => {
                    let mut told = Vec::new();
                    for change in &changes {
                        let mut event = event(change);
                        if asked.include_entry {
                            event["entry"] = entry_of(&app, place, &folder, change).await;
                        }
                        told.push(Ok(json!({"filesystem": event})));
                    }
                    Some((told, Some((app, watcher, pause))))
                }
                Err(fault) => Some((vec![Err(fault)], None)),
            }
        }
    });
    let looks = looks.flat_map(stream::iter).take_until(revoked);
    stream_of(beginning.chain(looks))
}

async fn entry_of(
    app: &App,
    (tenant, project): (TenantId, ProjectId),
    folder: &str,
    change: &Change,
) -> Value {
    let Ok(path) = inside(&format!("{folder}/{}", change.name)) else {
        return Value::Null;
    };
    // What is gone has none.
    let entry = app.files.look(tenant, project, path).await;
    entry.map_or(Value::Null, |entry| shown(&entry))
}

fn event(change: &Change) -> Value {
    json!({"name": change.name, "type": change.kind})
}

/// Returns what is told of something that lies in a sandbox.
fn shown(entry: &Entry) -> Value {
    let (kind, mode, permissions) = match (entry.is_folder(), entry.is_file()) {
        (true, _) => ("FILE_TYPE_DIRECTORY", 0o755, "drwxr-xr-x"),
        (_, true) => ("FILE_TYPE_FILE", 0o644, "-rw-r--r--"),
        _ => ("FILE_TYPE_SYMLINK", 0o777, "lrwxrwxrwx"),
    };
    let name = match entry.name() {
        "" => "user",
        name => name,
    };
    json!({
        "name": name,
        "type": kind,
        "path": outside(entry.path()),
        "size": entry.size().to_string(),
        "mode": mode,
        "permissions": permissions,
        "owner": "user",
        "group": "user",
        "modifiedTime": entry.modified(),
    })
}
