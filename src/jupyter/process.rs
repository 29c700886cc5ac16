//! A kernel as a process of its own, as Jupyter's clients start them: one session in the sandbox behind the
//! five sockets of a connection file.

use std::collections::VecDeque;

use jupyter_protocol::connection_info::ConnectionInfo;
use python_wasm::{Cell, CommMessage, Delivery, Event, Interrupter, Outcome, Session};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::asked::{Asked, Execute, looked, refused};
use super::bridge::{failed, parts};
use super::message::{Channel, Header, Message};
use super::zmq::{Ears, Mouth, Peer, Wire, WireError};
use crate::session::{outcome_name, outcome_reason};
use crate::worker::look;

/// Requests that may wait while a cell runs; then the client's wait in its socket.
const WAITING: usize = 1024;

/// Messages of a cell that may wait to be sent; then the cell waits.
const EVENTS: usize = 256;

/// A request and who sent it.
type Heard = (Peer, Message);

/// Serves a session to the clients of a connection file, until one of them ends it or `end` comes.
pub(crate) async fn serve(
    info: &ConnectionInfo,
    session: Session,
    end: impl Future<Output = ()>,
) -> Result<(), WireError> {
    let id = Uuid::now_v7().to_string();
    let Wire {
        shell,
        control,
        stdin,
        mouth,
    } = Wire::open(info, &id).await?;
    let said = Said { mouth, session: id };
    let (requests, waiting) = mpsc::channel(WAITING);
    let (answers, input) = mpsc::channel(16);
    let (over, mut ended) = mpsc::channel(1);
    let interrupter = session.interrupter();
    tokio::spawn(pass(shell, requests.clone()));
    tokio::spawn(pass(stdin, answers));
    tokio::spawn(mind(control, requests, interrupter, said.clone(), over));
    let mut kernel = Kernel {
        session,
        said,
        waiting,
        put_off: VecDeque::new(),
        input,
    };
    kernel.said.state(&Header::default(), "starting").await;
    tokio::pin!(end);
    tokio::select! {
        () = kernel.go_on() => {}
        _ = ended.recv() => {}
        () = &mut end => {}
    }
    Ok(())
}

/// Passes on what is heard.
async fn pass(mut ears: Ears, on: mpsc::Sender<Heard>) {
    while let Some(heard) = ears.hear().await {
        if on.send(heard).await.is_err() {
            return;
        }
    }
}

/// Does at once what is asked on the control channel, whatever runs.
async fn mind(
    mut control: Ears,
    requests: mpsc::Sender<Heard>,
    interrupter: Interrupter,
    said: Said,
    over: mpsc::Sender<()>,
) {
    while let Some((peer, message)) = control.hear().await {
        let ok = json!({"status": "ok"});
        match Asked::of(&message) {
            Ok(Asked::Interrupt) => {
                interrupter.interrupt();
                said.reply(&peer, &message, "interrupt_reply", ok).await;
            }
            Ok(Asked::Shutdown { restart }) => {
                let content = json!({"status": "ok", "restart": restart});
                said.reply(&peer, &message, "shutdown_reply", content).await;
                // Whoever waits for the answer hears of it before the sockets close.
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                let _ = over.send(()).await;
                return;
            }
            Ok(Asked::Direct(kind, content)) => {
                said.reply(&peer, &message, kind, content).await;
            }
            Ok(_) | Err(_) => {
                if requests.send((peer, message)).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// What the kernel says.
#[derive(Clone)]
struct Said {
    mouth: Mouth,
    session: String,
}

impl Said {
    fn message(&self, channel: Channel, kind: &str, parent: &Header, content: Value) -> Message {
        Message::new(channel, kind, parent, &self.session, content)
    }

    async fn publish(&self, parent: &Header, kind: &str, content: Value) {
        let message = self.message(Channel::Iopub, kind, parent, content);
        self.mouth.publish(&message).await;
    }

    async fn state(&self, parent: &Header, state: &str) {
        self.publish(parent, "status", json!({"execution_state": state}))
            .await;
    }

    async fn answer(&self, peer: &Peer, to: &Message, kind: &str, content: Value) {
        let message = self.message(to.channel, kind, &to.header, content);
        self.mouth.send(peer, &message).await;
    }

    /// Answers, with the states around it that clients wait for.
    async fn reply(&self, peer: &Peer, to: &Message, kind: &str, content: Value) {
        self.state(&to.header, "busy").await;
        self.answer(peer, to, kind, content).await;
        self.state(&to.header, "idle").await;
    }
}

struct Kernel {
    session: Session,
    said: Said,
    waiting: mpsc::Receiver<Heard>,
    /// What was taken out of the queue and is not done.
    put_off: VecDeque<Heard>,
    /// Answers to questions.
    input: mpsc::Receiver<Heard>,
}

impl Kernel {
    /// Does one thing after the other.
    async fn go_on(&mut self) {
        loop {
            let next = match self.put_off.pop_front() {
                Some(next) => Some(next),
                None => self.waiting.recv().await,
            };
            let Some((peer, message)) = next else { return };
            self.work(&peer, &message).await;
        }
    }

    async fn work(&mut self, peer: &Peer, message: &Message) {
        let refuse = message.header.kind().replace("_request", "_reply");
        let asked = match Asked::of(message) {
            Ok(asked) => asked,
            Err(reason) => {
                if message.header.kind().ends_with("_request") {
                    let content = refused("ValueError", &reason);
                    self.said.reply(peer, message, &refuse, content).await;
                }
                return;
            }
        };
        match asked {
            Asked::Execute(execute) => self.execute(peer, message, execute).await,
            Asked::Comm(comm) => self.comm(message, comm).await,
            Asked::Look(question, kind) => {
                let content = match look(&mut self.session, &question).await {
                    Ok((answer, _)) => {
                        looked(answer).unwrap_or_else(|reason| refused("RuntimeError", &reason))
                    }
                    Err(failure) => refused("RuntimeError", &failure.message),
                };
                self.said.reply(peer, message, kind, content).await;
            }
            Asked::Direct(kind, content) => {
                self.said.reply(peer, message, kind, content).await;
            }
            // On the shell channel, older clients do; nothing runs now.
            Asked::Interrupt => {
                let ok = json!({"status": "ok"});
                self.said.reply(peer, message, &refuse, ok).await;
            }
            Asked::Shutdown { restart } => {
                let content = json!({"status": "ok", "restart": restart});
                self.said.reply(peer, message, &refuse, content).await;
                self.waiting.close();
            }
            Asked::Input(_) | Asked::Unknown => {
                tracing::debug!(kind = message.header.kind(), "nothing that is answered");
            }
        }
    }

    async fn execute(&mut self, peer: &Peer, message: &Message, execute: Execute) {
        let header = &message.header;
        self.said.state(header, "busy").await;
        if !execute.silent {
            let count = self.session.execution_count() + 1;
            let content = json!({"code": execute.code, "execution_count": count});
            self.said.publish(header, "execute_input", content).await;
        }
        let cell = Cell {
            id: None,
            silent: execute.silent,
            store_history: execute.store_history && !execute.silent,
            allow_stdin: execute.allow_stdin,
            user_expressions: execute.user_expressions,
            message_id: Some(header.id().to_owned()),
            ..Cell::new(execute.code)
        };
        let (ok, content) = self.run(peer, message, Turn::Cell(cell)).await;
        // Before the answer: what comes when its client has that is meant to be run.
        let aborted = match !ok && execute.stop_on_error {
            true => self.take_executions(),
            false => Vec::new(),
        };
        self.said
            .answer(peer, message, "execute_reply", content)
            .await;
        self.said.state(header, "idle").await;
        for (peer, message) in aborted {
            let content = json!({"status": "aborted"});
            self.said
                .reply(&peer, &message, "execute_reply", content)
                .await;
        }
    }

    async fn comm(&mut self, message: &Message, comm: CommMessage) {
        self.said.state(&message.header, "busy").await;
        let nobody = Peer::nobody();
        let delivery = Delivery {
            message: comm,
            message_id: Some(message.header.id().to_owned()),
            fuel_of_day: None,
        };
        self.run(&nobody, message, Turn::Comm(delivery)).await;
        self.said.state(&message.header, "idle").await;
    }

    /// Runs something, and passes on what it shows and asks; returns whether it ran to its end, and the
    /// content of the answer.
    async fn run(&mut self, peer: &Peer, message: &Message, turn: Turn) -> (bool, Value) {
        let (sender, mut events) = mpsc::channel(EVENTS);
        let answers = self.session.input();
        // Answers to questions of earlier cells.
        while self.input.try_recv().is_ok() {}
        self.session.interrupter().expect_cell();
        let session = &mut self.session;
        let running = async {
            let ran = match turn {
                Turn::Cell(cell) => session.run_cell(&cell, &sender).await,
                Turn::Comm(delivery) => session.run_comm(&delivery, &sender).await,
            };
            drop(sender);
            ran
        };
        let (said, input) = (&self.said, &mut self.input);
        let telling = async {
            while let Some(event) = events.recv().await {
                if let Event::InputRequest(question) = &event {
                    let question = json!(question);
                    let asked =
                        said.message(Channel::Stdin, "input_request", &message.header, question);
                    said.mouth.send(peer, &asked).await;
                    let answer = tokio::select! {
                        answer = answer(input) => answer,
                        // The cell was interrupted, or has ended.
                        event = events.recv() => {
                            let Some(event) = event else { return };
                            show(said, &message.header, &event).await;
                            continue;
                        }
                    };
                    answers.send(answer).await;
                } else {
                    show(said, &message.header, &event).await;
                }
            }
        };
        let (ran, ()) = tokio::join!(running, telling);
        let execution = match ran {
            Ok(execution) => execution,
            Err(error) => {
                tracing::error!(%error, "the sandbox failed");
                return (false, refused("SandboxFailed", &error.to_string()));
            }
        };
        let count = execution.execution_count;
        match &execution.outcome {
            Outcome::Ok => (
                true,
                json!({
                    "status": "ok", "execution_count": count,
                    "user_expressions": execution.user_expressions, "payload": execution.payload,
                }),
            ),
            outcome => (
                false,
                failed(outcome_name(outcome), &outcome_reason(outcome), Some(count)),
            ),
        }
    }

    /// Takes what waits to be executed; the rest is done as it came.
    fn take_executions(&mut self) -> Vec<Heard> {
        let mut taken = Vec::new();
        while let Ok(heard) = self.waiting.try_recv() {
            match heard.1.header.kind() {
                "execute_request" => taken.push(heard),
                _ => self.put_off.push_back(heard),
            }
        }
        taken
    }
}

/// What is to be run.
enum Turn {
    Cell(Cell),
    Comm(Delivery),
}

/// Waits for the answer to a question; nothing when nobody can give one.
async fn answer(input: &mut mpsc::Receiver<Heard>) -> Option<String> {
    loop {
        let (_, message) = input.recv().await?;
        if let Ok(Asked::Input(line)) = Asked::of(&message) {
            return Some(line);
        }
    }
}

/// Publishes what a cell shows.
async fn show(said: &Said, parent: &Header, event: &Event) {
    let (kind, content, metadata, buffers) = parts(event);
    let message = Message {
        metadata,
        buffers,
        ..said.message(Channel::Iopub, kind, parent, content)
    };
    said.mouth.publish(&message).await;
}
