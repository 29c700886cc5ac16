//! `/api/kernels/{id}/channels`: the messages of a kernel over one WebSocket, in the form that the client
//! chooses. What it missed while it was away it is told when it comes back as the same `session_id`.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::ws::{WebSocketUpgrade, close_code};
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use utoipa::IntoParams;

use crate::error_code::Fault;
use crate::http::extract::{May, Parameters, Run};
use crate::http::sessions::find;
use crate::http::socket::{Heard, Over, Socket, UNREADABLE};
use crate::http::{Answer, App};
use crate::jupyter::{Asked, Bridge, Malformed, Message, V1, looked, refused};
use crate::session::{EventReader, Handle, Submission};
use crate::tenant::Caller;

/// Questions of one client that are worked on at once.
const AT_ONCE: usize = 32;

/// The longest name of a client.
const LONGEST_CLIENT: usize = 200;

/// Who comes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct From {
    /// The name that the client gave itself.
    session_id: Option<String>,
}

/// Opens the WebSocket of a kernel.
///
/// Messages are those of Jupyter's messaging specification, in the subprotocol `v1.kernel.websocket.jupyter.org` or in the one
/// without a name.
#[utoipa::path(get, path = "/api/kernels/{kernel_id}/channels", tag = "jupyter",
    params(("kernel_id" = String, Path, description = "The session"), From),
    responses((status = 101, description = "A WebSocket")))]
pub(super) async fn channels(
    State(app): State<App>,
    caller: May<Run>,
    Path(kernel): Path<String>,
    Parameters(from): Parameters<From>,
    upgrade: WebSocketUpgrade,
) -> Answer<Response> {
    let handle = find(&app, &caller.0, &kernel).await?;
    let client = from.session_id.filter(|id| id.len() <= LONGEST_CLIENT);
    let told = match &client {
        Some(client) => app.jupyter.told(handle.id, client).await,
        None => None,
    };
    let after = told.unwrap_or_else(|| handle.log().last());
    let most = usize::try_from(app.config.server.body.0).unwrap_or(usize::MAX);
    let upgrade = upgrade.max_message_size(most).max_frame_size(most);
    let upgrade = upgrade.protocols([V1]);
    let binary = upgrade.selected_protocol().is_some();
    Ok(upgrade.on_upgrade(move |socket| async move {
        let mut bridge = Bridge::new(handle.id, client.clone());
        if let Some(begun) = handle.beginning().filter(|event| event.seq <= after) {
            bridge.tell(begun);
        }
        let mut events = handle.events(after);
        let _counted = app.jupyter.connect(handle.id);
        let mut line = Line {
            socket: Socket::new(socket),
            binary,
            told: after,
        };
        let talk = Talk {
            app: &app,
            caller: &caller.0,
            handle: &handle,
        };
        let Err(over) = talk.go_on(&mut line, &mut bridge, &mut events).await;
        if let Some(client) = client {
            app.jupyter.tell(handle.id, &client, line.told).await;
        }
        line.socket.end(over).await;
    }))
}

/// A client's line, in the form that it chose.
struct Line {
    socket: Socket,
    binary: bool,
    /// The number of the last event that went out.
    told: u64,
}

impl Line {
    async fn send(&mut self, message: &Message) -> Result<(), Over> {
        if self.binary {
            self.socket.send_bytes(message.to_v1()).await
        } else if message.buffers.is_empty() {
            self.socket.send(message.to_text()).await
        } else {
            self.socket.send_bytes(message.to_binary()).await
        }
    }

    /// Waits for the next message; what is none is left out, as clients expect.
    async fn hear(&mut self) -> Result<Result<Message, Malformed>, Over> {
        Ok(match self.socket.hear().await? {
            Heard::Text(text) => Message::from_text(&text),
            Heard::Binary(bytes) if self.binary => Message::from_v1(&bytes),
            Heard::Binary(bytes) => Message::from_binary(&bytes),
        })
    }
}

/// A client's conversation with a kernel.
struct Talk<'a> {
    app: &'a App,
    caller: &'a Caller,
    handle: &'a Handle,
}

/// The answer to a question, and the place that it had.
type Answered = ([Message; 3], OwnedSemaphorePermit);

impl Talk<'_> {
    /// Tells what happens and does what is asked until one side ends it.
    async fn go_on(
        &self,
        line: &mut Line,
        bridge: &mut Bridge,
        events: &mut EventReader,
    ) -> Result<Infallible, Over> {
        let revoked = self.app.tenants.until_revoked(self.caller);
        tokio::pin!(revoked);
        let (answers, mut answered) = mpsc::channel::<Answered>(AT_ONCE);
        let places = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            let full = places.available_permits() == 0;
            let told = tokio::select! {
                event = events.next() => {
                    let Some(event) = event.map_err(|_| UNREADABLE)? else {
                        return Err(Over::Close(close_code::NORMAL, "the kernel has ended"));
                    };
                    let event = event.event().map_err(|_| UNREADABLE)?;
                    let seq = event.seq;
                    (bridge.tell(event), Some(seq))
                }
                () = &mut revoked => return Err(Over::REVOKED),
                Some((answer, place)) = answered.recv() => {
                    drop(place);
                    line.socket.attend();
                    (answer.into(), None)
                }
                // While too many are worked on, the client's next ones wait in its socket.
                heard = line.hear(), if !full => {
                    let message = match heard? {
                        Ok(message) => message,
                        Err(malformed) => {
                            tracing::debug!(kernel = %self.handle.id, %malformed, "no message of Jupyter's");
                            return Err(Over::Close(close_code::INVALID, "this is no message of Jupyter's"));
                        }
                    };
                    bridge.sent(&message.header);
                    let place = Arc::clone(&places).try_acquire_owned();
                    let Ok(place) = place else {
                        unreachable!("only this task takes places, and there was one");
                    };
                    (self.asked(bridge, message, &answers, place).await, None)
                }
            };
            let (messages, seq) = told;
            for message in &messages {
                tokio::select! {
                    sent = line.send(message) => sent?,
                    () = &mut revoked => return Err(Over::REVOKED),
                }
            }
            line.told = seq.unwrap_or(line.told);
        }
    }

    /// Does what a message asks for. What is to be run is put into the queue here, in its order.
    async fn asked(
        &self,
        bridge: &mut Bridge,
        message: Message,
        answers: &mpsc::Sender<Answered>,
        place: OwnedSemaphorePermit,
    ) -> Vec<Message> {
        let (channel, header) = (message.channel, message.header.clone());
        let kind = header.kind().replace("_request", "_reply");
        let refuse = |bridge: &Bridge, name: &str, reason: &str| {
            tracing::debug!(kernel = %self.handle.id, kind = header.kind(), reason, "refused");
            if !header.kind().ends_with("_request") {
                return Vec::new();
            }
            Vec::from(bridge.reply(channel, &header, &kind, refused(name, reason)))
        };
        let asked = match Asked::of(&message) {
            Ok(asked) => asked,
            Err(reason) => return refuse(bridge, "ValueError", &reason),
        };
        let done = |result: Result<(), Fault>, content: serde_json::Value| match result {
            Ok(()) => Vec::from(bridge.reply(channel, &header, &kind, content)),
            Err(fault) => refuse(bridge, fault.code.name(), &fault.message),
        };
        match asked {
            Asked::Execute(execute) => {
                let submission = Submission {
                    allow_stdin: execute.allow_stdin,
                    silent: execute.silent,
                    store_history: execute.store_history && !execute.silent,
                    stop_on_error: execute.stop_on_error,
                    user_expressions: execute.user_expressions,
                    message: Some(header.clone()),
                    ..Submission::new(self.caller, execute.code)
                };
                self.run(bridge, submission, refuse).await
            }
            Asked::Comm(comm) => {
                let submission = Submission {
                    message: Some(header.clone()),
                    ..Submission::of_comm(self.caller, comm)
                };
                self.run(bridge, submission, refuse).await
            }
            Asked::Input(line) => {
                if let Err(fault) = self.handle.input(Some(line)).await {
                    tracing::debug!(kernel = %self.handle.id, %fault, "an answer that nobody asked for");
                }
                Vec::new()
            }
            Asked::Interrupt => done(
                self.handle.interrupt().await,
                serde_json::json!({"status": "ok"}),
            ),
            Asked::Shutdown { restart } => {
                let ended = match restart {
                    true => self.handle.restart().await,
                    false => {
                        let sessions = &self.app.sessions;
                        sessions.delete(self.caller.tenant, self.handle.id).await
                    }
                };
                done(
                    ended,
                    serde_json::json!({"status": "ok", "restart": restart}),
                )
            }
            Asked::Direct(kind, content) => {
                Vec::from(bridge.reply(channel, &header, kind, content))
            }
            Asked::Unknown => Vec::new(),
            Asked::Look(look, kind) => {
                let (handle, answers) = (self.handle.clone(), answers.clone());
                let bridge = Bridge::new(handle.id, None);
                tokio::spawn(async move {
                    let content = match handle.look(look).await {
                        Ok((answer, _)) => {
                            looked(answer).unwrap_or_else(|reason| refused("RuntimeError", &reason))
                        }
                        Err(fault) => refused(fault.code.name(), &fault.message),
                    };
                    let answer = bridge.reply(channel, &header, kind, content);
                    // Who has gone needs no answer.
                    let _ = answers.send((answer, place)).await;
                });
                Vec::new()
            }
        }
    }

    async fn run(
        &self,
        bridge: &mut Bridge,
        submission: Submission,
        refuse: impl Fn(&Bridge, &str, &str) -> Vec<Message>,
    ) -> Vec<Message> {
        let header = submission.message.clone();
        match self.handle.execute(submission).await {
            Ok(accepted) => {
                if let Some(header) = header {
                    bridge.taken(accepted.execution, header);
                }
                Vec::new()
            }
            Err(fault) => refuse(bridge, fault.code.name(), &fault.message),
        }
    }
}
