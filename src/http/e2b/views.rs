//! Sandboxes as clients of E2B read them.

use serde_json::{Value, json};

use crate::e2b::Measured;
use crate::error_code::Fault;
use crate::http::App;
use crate::store::sandboxes::SandboxRow;
use crate::tenant::Caller;

/// The version of E2B's daemon whose calls are answered. What came with later ones is not asked for then.
const DAEMON: &str = "0.5.7";

/// Whose the sandboxes are, for those who ask.
const CLIENT: &str = "cellblock";

/// Returns what its maker is told of a sandbox: how its inside is reached.
pub(super) fn opened(app: &App, row: &SandboxRow) -> Result<Value, Fault> {
    Ok(json!({
        "templateID": row.template,
        "sandboxID": row.id,
        "clientID": CLIENT,
        "envdVersion": DAEMON,
        "envdAccessToken": app.sandboxes.token(row)?,
    }))
}

/// Returns a sandbox as a list has it.
pub(super) async fn listed(app: &App, row: &SandboxRow) -> Result<Value, Fault> {
    let metadata: Value = serde_json::from_str(&row.metadata).map_err(Fault::internal)?;
    let measured = app.sandboxes.measure(row).await?;
    Ok(json!({
        "templateID": row.template,
        "alias": row.image,
        "sandboxID": row.id,
        "clientID": CLIENT,
        "startedAt": row.started_at,
        "endAt": row.ends_at,
        "envdVersion": DAEMON,
        "cpuCount": 1,
        "memoryMB": measured.most_memory >> 20,
        "diskSizeMB": measured.most_disk >> 20,
        "state": row.standing,
        "metadata": metadata,
    }))
}

/// Returns a sandbox with all that is known of it.
pub(super) async fn detailed(app: &App, caller: &Caller, row: &SandboxRow) -> Result<Value, Fault> {
    let mut view = listed(app, row).await?;
    // Whoever comes with another key connects, which gives them a token of their own.
    if caller.key_prefix == row.key_prefix {
        view["envdAccessToken"] = json!(app.sandboxes.token(row)?);
    }
    // No policy can give a sandbox the network.
    view["allowInternetAccess"] = json!(false);
    view["lifecycle"] = json!({"autoResume": row.auto_resume != 0, "onTimeout": row.on_timeout});
    if row.standing == "paused" {
        view["pauseMode"] = json!("full");
    }
    Ok(view)
}

/// Returns a snapshot.
pub(super) fn snapshot(row: &SandboxRow) -> Value {
    let names: Vec<&String> = row.name.iter().collect();
    json!({"snapshotID": row.id, "names": names})
}

/// Returns what a sandbox uses now.
pub(super) fn metric(measured: &Measured) -> Value {
    let now = jiff::Timestamp::now();
    json!({
        "timestamp": format!("{now:.0}"),
        "timestampUnix": now.as_second(),
        "cpuCount": 1,
        "cpuUsedPct": 100.0 * measured.running as f64,
        "memUsed": measured.memory,
        "memTotal": measured.most_memory,
        "memCache": 0,
        "diskUsed": measured.disk,
        "diskTotal": measured.most_disk,
    })
}
