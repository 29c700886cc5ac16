//! `/sessions/{id}/channel`: commands in, events out, over one WebSocket. A client that comes back
//! with the number of the last event it saw misses nothing.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::ws::{WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use utoipa::IntoParams;

use super::comms::{CommRequest, Opening, Saying};
use super::executions::Execute;
use super::extract::{May, Parameters, Run};
use super::sessions::find;
use super::socket::{self, Heard, Over, Socket};
use super::{Answer, App};
use crate::error_code::{ErrorCode, Fault};
use crate::session::{EventReader, Handle, Submission};
use crate::tenant::Caller;
use crate::worker::protocol::{Answer as Reply, Look};

/// Commands of one connection that are worked on at once.
const AT_ONCE: usize = 32;

/// Where to go on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct From {
    /// The number of the last event seen; only new ones when nothing is given. When there is no such event
    /// yet, the first that comes is a `gap` with the number of the last there is.
    after_seq: Option<u64>,
}

/// A command, with an id of the caller's that comes back in `reply_to`.
#[derive(Debug, Deserialize)]
struct Ask {
    #[serde(default)]
    id: Value,
    #[serde(flatten)]
    command: Command,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", content = "content", rename_all = "snake_case")]
enum Command {
    Execute(Execute),
    Interrupt,
    Input {
        value: Option<String>,
    },
    Complete {
        code: String,
        cursor_position: Option<usize>,
    },
    Inspect {
        code: String,
        cursor_position: Option<usize>,
        #[serde(default)]
        detail_level: u8,
    },
    IsComplete {
        code: String,
    },
    Variables,
    CommOpen(Opening),
    CommMsg(Saying),
    CommClose(Saying),
}

impl Command {
    /// Tells whether it goes into the session's queue.
    fn queues(&self) -> bool {
        match self {
            Self::Execute(_) | Self::CommOpen(_) | Self::CommMsg(_) | Self::CommClose(_) => true,
            Self::Interrupt
            | Self::Input { .. }
            | Self::Complete { .. }
            | Self::Inspect { .. }
            | Self::IsComplete { .. }
            | Self::Variables => false,
        }
    }
}

/// Opens the channel of a session.
///
/// Commands are JSON: `{"id": 1, "type": "execute", "content": {"code": "1+1"}}`, with the types execute, interrupt, input,
/// complete, inspect, is_complete, variables, comm_open, comm_msg and comm_close. Each is answered with `{"reply_to": 1, "content": ...}` or
/// `{"reply_to": 1, "problem": ...}`. Everything else is events with numbers.
#[utoipa::path(get, path = "/sessions/{session_id}/channel", tag = "executions",
    params(("session_id" = String, Path,), From),
    responses((status = 101, description = "A WebSocket")))]
pub(super) async fn channel(
    State(app): State<App>,
    caller: May<Run>,
    Path(session): Path<String>,
    Parameters(from): Parameters<From>,
    upgrade: WebSocketUpgrade,
) -> Answer<Response> {
    let handle = find(&app, &caller.0, &session).await?;
    let after = from.after_seq.unwrap_or_else(|| handle.log().last());
    let events = handle.events(after);
    let most = usize::try_from(app.config.server.body.0).unwrap_or(usize::MAX);
    let upgrade = upgrade.max_message_size(most).max_frame_size(most);
    Ok(upgrade.on_upgrade(move |socket| talk(socket, app, caller.0, handle, events)))
}

async fn talk(socket: WebSocket, app: App, caller: Caller, handle: Handle, events: EventReader) {
    let mut socket = Socket::new(socket);
    let Err(over) = converse(&mut socket, &app, &caller, &handle, events).await;
    socket.end(over).await;
}

/// Sends events and answers commands until one side ends it.
async fn converse(
    socket: &mut Socket,
    app: &App,
    caller: &Caller,
    handle: &Handle,
    mut events: EventReader,
) -> Result<Infallible, Over> {
    let revoked = app.tenants.until_revoked(caller);
    tokio::pin!(revoked);
    // With a reply comes the place that its command had.
    let (replies, mut waiting) = mpsc::channel(AT_ONCE);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let full = places.available_permits() == 0;
        let json = tokio::select! {
            event = socket::event(&mut events, "the session has ended") => event?,
            () = &mut revoked => return Err(Over::REVOKED),
            Some((reply, place)) = waiting.recv() => {
                drop::<OwnedSemaphorePermit>(place);
                socket.attend();
                Bytes::from(String::into_bytes(reply))
            }
            // While too many are worked on, the client's next ones wait in its socket.
            heard = socket.hear(), if !full => {
                let Heard::Text(command) = heard? else {
                    return Err(Over::Close(close_code::UNSUPPORTED, "commands are JSON texts"));
                };
                match read(&command) {
                    Err(reply) => Bytes::from(String::into_bytes(reply)),
                    // What is to be run is queued here, in its order.
                    Ok(ask) if ask.command.queues() => {
                        let reply = answer(handle, caller, ask).await;
                        Bytes::from(String::into_bytes(reply))
                    }
                    Ok(ask) => {
                        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                            unreachable!("only this task takes places, and there was one");
                        };
                        let (handle, caller, replies) = (handle.clone(), caller.clone(), replies.clone());
                        tokio::spawn(async move {
                            // Who has gone needs no answer.
                            let _ = replies.send((answer(&handle, &caller, ask).await, place)).await;
                        });
                        continue;
                    }
                }
            }
        };
        tokio::select! {
            sent = socket.send(json) => sent?,
            () = &mut revoked => return Err(Over::REVOKED),
        }
    }
}

/// Reads a command, or returns the reply to one that cannot be read.
fn read(command: &str) -> Result<Ask, String> {
    serde_json::from_str(command).map_err(|error| {
        let id = serde_json::from_str::<Value>(command)
            .ok()
            .and_then(|mut value| Some(value.get_mut("id")?.take()));
        let fault = Fault::new(
            ErrorCode::MalformedBody,
            format!("The command cannot be read: {error}."),
        );
        problem(&id.unwrap_or_default(), &fault)
    })
}

/// Does what a command says and returns the reply.
async fn answer(handle: &Handle, caller: &Caller, ask: Ask) -> String {
    match perform(handle, caller, ask.command).await {
        Ok(content) => json!({"reply_to": ask.id, "content": content}).to_string(),
        Err(fault) => problem(&ask.id, &fault),
    }
}

fn problem(id: &Value, fault: &Fault) -> String {
    let meaning = fault.code.meaning();
    json!({"reply_to": id, "problem": {
        "title": meaning.title, "status": meaning.status, "code": meaning.number, "name": fault.code.name(),
        "message": fault.message, "solution": meaning.solution, "details": fault.details, "errors": fault.errors,
    }})
    .to_string()
}

/// Queues a message to an object of the session.
async fn deliver(handle: &Handle, caller: &Caller, comm: CommRequest) -> Result<Value, Fault> {
    let submission = Submission::of_comm(caller, comm.message()?);
    let accepted = handle.execute(submission).await?;
    Ok(json!({"execution_id": accepted.execution}))
}

async fn perform(handle: &Handle, caller: &Caller, command: Command) -> Result<Value, Fault> {
    let end = |code: &str, cursor: Option<usize>| cursor.unwrap_or_else(|| code.chars().count());
    let look = match command {
        Command::Execute(execute) => {
            let accepted = handle.execute(execute.submission(caller)?).await?;
            return Ok(json!({"execution_id": accepted.execution}));
        }
        Command::CommOpen(open) => {
            return deliver(handle, caller, CommRequest::Open(open)).await;
        }
        Command::CommMsg(said) => return deliver(handle, caller, CommRequest::Say(said)).await,
        Command::CommClose(said) => {
            return deliver(handle, caller, CommRequest::Close(said)).await;
        }
        Command::Interrupt => {
            handle.interrupt().await?;
            return Ok(json!({}));
        }
        Command::Input { value } => {
            handle.input(value).await?;
            return Ok(json!({}));
        }
        Command::Complete {
            code,
            cursor_position,
        } => {
            let cursor = end(&code, cursor_position);
            Look::Complete { code, cursor }
        }
        Command::Inspect {
            code,
            cursor_position,
            detail_level,
        } => {
            let cursor = end(&code, cursor_position);
            Look::Inspect {
                code,
                cursor,
                detail: detail_level.min(1),
            }
        }
        Command::IsComplete { code } => Look::IsComplete { code },
        Command::Variables => Look::Variables,
    };
    let (reply, _) = handle.look(look).await?;
    match reply {
        Reply::Completed(reply) => serde_json::to_value(reply),
        Reply::Inspected(reply) => serde_json::to_value(reply),
        Reply::Complete(reply) => serde_json::to_value(reply),
        Reply::Variables { variables } => Ok(json!({"variables": variables})),
        other => return Err(Fault::internal(format!("a worker answered {other:?}"))),
    }
    .map_err(Fault::internal)
}
