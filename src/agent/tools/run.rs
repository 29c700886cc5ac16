//! Running code, and interrupting it.

use rmcp::model::ContentBlock;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sessions::{self, SessionTold};
use crate::agent::call::Call;
use crate::agent::content::Content;
use crate::agent::tool::{About, Effect, Reply, Tool};
use crate::error_code::Fault;
use crate::session::{Gathered, Submission, Watched};
use crate::tenant::Scope;

/// Bytes of text that an agent is shown of what code printed.
pub(super) const TEXT: usize = 40_000;

/// The longest code, as the HTTP API has it.
const LONGEST: usize = 4_000_000;

pub(super) fn tools() -> Vec<Tool> {
    vec![
        Tool::new(
            About {
                name: "run_code",
                title: "Run Python code",
                description: "Runs Python code in a sandbox and returns what it printed, its result, its plots (as images) and its \
                    exception. Variables stay for the next call: without session_id the code runs in your own session, which is \
                    made when it is needed. numpy, pandas, scipy, scikit-learn, statsmodels and matplotlib are there; there is \
                    no network, no pip and no shell. Files that code writes to its working directory are the project's files. \
                    input() raises EOFError.",
                needs: Scope::Run,
                effect: Effect::Runs,
            },
            run,
        ),
        Tool::new(
            About {
                name: "interrupt_session",
                title: "Interrupt a session",
                description: "Interrupts the code that runs in a session (KeyboardInterrupt); what waits behind it is not run. \
                    Variables stay.",
                needs: Scope::Run,
                effect: Effect::Takes,
            },
            interrupt,
        ),
    ]
}

/// Code to run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunCode {
    /// Python code, as in a cell of a notebook: the value of its last expression is shown.
    #[schemars(length(min = 1, max = 4_000_000))]
    code: String,
    /// The session to run it in; your own when it is missing.
    #[schemars(length(max = 36))]
    #[serde(default)]
    session_id: Option<String>,
}

/// What came of code.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RanTold {
    session_id: String,
    execution_id: String,
    /// `success`, `error` (Python raised), `limit` (a limit was reached), `interrupted`, `killed` (undone) or `lost` (undone).
    status: String,
    execution_count: Option<u64>,
    /// All that is readable in its outputs, one after the other.
    text: String,
    /// How many images it showed.
    images: usize,
    /// Something of the outputs was left out here.
    shortened: bool,
    /// The exception, or the limit that was reached.
    error: Option<ErrorTold>,
    /// The state after it, which restore_checkpoint and fork_session take.
    checkpoint_id: Option<String>,
    /// Seconds that the session has computed in all.
    seconds: f64,
}

/// Why code did not come to its end.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ErrorTold {
    /// The exception's type, or the limit's name.
    name: String,
    message: String,
}

async fn run(mut call: Call, asked: RunCode) -> Result<Reply<RanTold>, Fault> {
    if asked.code.len() > LONGEST {
        let message = format!(
            "it has {} bytes; at most {LONGEST} are allowed",
            asked.code.len()
        );
        return Err(Fault::field("code", message));
    }
    let handle = call.session_or_own(asked.session_id.as_deref()).await?;
    let session_id = handle.id.to_string();
    let submission = Submission::new(&call.caller, asked.code);
    let watched = Watched::begin(handle, submission).await?;
    let execution = watched.execution();
    let gathered = call.follow(watched).await?;
    gathered.require_stored(execution)?;
    Ok(told(&gathered, session_id, execution.to_string()))
}

/// Returns what an agent is told of an execution.
fn told(gathered: &Gathered, session_id: String, execution_id: String) -> Reply<RanTold> {
    let outputs: Vec<_> = gathered
        .outputs()
        .iter()
        .filter_map(|output| serde_json::to_value(output).ok())
        .collect();
    let Content {
        mut blocks,
        text,
        shortened,
    } = Content::of(&outputs, TEXT);
    let images = blocks
        .iter()
        .filter(|block| block.as_image().is_some())
        .count();
    let status = gathered.status();
    let finished = gathered.finished.as_ref();
    let error = finished.and_then(|finished| error(&finished.error));
    if let (Some(error), true) = (&error, status != "error") {
        blocks.push(ContentBlock::text(format!("[{status}] {}", error.message)));
    }
    if blocks.is_empty() {
        blocks.push(ContentBlock::text(format!("[{status}, nothing was shown]")));
    }
    let failed = status != "success";
    let told = RanTold {
        session_id,
        execution_id,
        status,
        execution_count: finished.and_then(|finished| finished.execution_count),
        text,
        images,
        shortened,
        error,
        checkpoint_id: finished
            .and_then(|finished| Some(finished.checkpoint_after.as_ref()?.to_string())),
        seconds: finished.map_or(0.0, |finished| finished.usage.seconds),
    };
    Reply::shown(told, blocks).failed(failed)
}

/// Returns why an execution did not come to its end, from what its event says.
fn error(told: &serde_json::Value) -> Option<ErrorTold> {
    let field = |name: &str| told.get(name).and_then(serde_json::Value::as_str);
    let message = field("evalue").or_else(|| field("message"))?;
    let name = field("ename")
        .or_else(|| field("limit"))
        .unwrap_or("stopped");
    Some(ErrorTold {
        name: name.to_owned(),
        message: message.to_owned(),
    })
}

async fn interrupt(call: Call, asked: sessions::OneSession) -> Result<Reply<SessionTold>, Fault> {
    let handle = call.session(&asked.session_id).await?;
    handle.interrupt().await?;
    sessions::shown(&call, &handle).await
}
