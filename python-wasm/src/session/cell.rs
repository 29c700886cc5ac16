//! Running a cell.

use std::collections::BTreeMap;
use std::sync::Arc;

use jupyter_protocol::ErrorOutput;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use super::{Death, Session, SessionError, Stop, Usage};
use crate::comm::{Buffer, CommMessage, Delivery};
use crate::door::{Audience, Frame};
use crate::event::Event;

/// Code to be run, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cell {
    /// The source text; IPython's magics are understood.
    pub code: String,
    /// The cell's id in its notebook.
    pub id: Option<String>,
    /// Run without outputs, history or a count.
    pub silent: bool,
    /// Keep it in the history.
    pub store_history: bool,
    /// Questions (`input()`) may be asked.
    pub allow_stdin: bool,
    /// Fuel that is left of a day's, where whoever keeps the sessions counts by the day. The cell gets no
    /// more, whatever the policy gives.
    pub fuel_of_day: Option<u64>,
    /// Expressions to be evaluated when it has run, by names of the caller's.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub user_expressions: Map<String, Value>,
    /// Environment variables that are set while it runs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// The id of the message that asked for it: a front end that shows widgets knows by it which outputs
    /// belong into one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
}

impl Cell {
    /// Returns a cell that is shown and kept in the history, and may ask no questions.
    pub fn new(code: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            id: None,
            silent: false,
            store_history: true,
            allow_stdin: false,
            fuel_of_day: None,
            user_expressions: Map::new(),
            environment: BTreeMap::new(),
            message_id: None,
        }
    }
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Outcome {
    /// It ran to its end.
    Ok,
    /// Python raised an exception. The state is what the cell left.
    Error {
        /// The exception's type.
        ename: String,
        /// Its text.
        evalue: String,
        /// Its traceback, line by line, with ANSI colours.
        traceback: Vec<String>,
    },
    /// The user interrupted it, and it stopped. The state is what the cell left.
    Interrupted,
    /// It reached a limit, was told so, and stopped. The state is what the cell left.
    Limit {
        /// The limit.
        limit: Stop,
        /// What happened, in a sentence.
        message: String,
    },
    /// It could not be stopped softly. The variables are as they were before the cell.
    Killed {
        /// The limit it would not stop for, if it was one.
        limit: Option<Stop>,
        /// What happened, in a sentence.
        message: String,
    },
}

/// A finished execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Execution {
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The number shown in front of the cell.
    pub execution_count: u64,
    /// What it used.
    pub usage: Usage,
    /// What the expressions came to that were to be evaluated, as Jupyter's `execute_reply` has it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub user_expressions: Map<String, Value>,
    /// What the front end is asked to do besides, for example to show a page of help.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payload: Vec<Value>,
}

impl Session {
    /// Runs a cell. Its messages go to `events` while they happen; a full queue makes the cell
    /// wait, within its time. A caller that drops the future before its end undoes the cell:
    /// whatever is asked of the session next finds it as it was before.
    ///
    /// # Errors
    /// Only when the sandbox itself fails. Exceptions, limits and crashes of the guest are
    /// [`Outcome`]s.
    pub async fn run_cell(
        &mut self,
        cell: &Cell,
        events: &mpsc::Sender<Event>,
    ) -> Result<Execution, SessionError> {
        let request = Frame::of(json!({
            "op": "execute",
            "code": cell.code,
            "cell_id": cell.id,
            "silent": cell.silent,
            "store_history": cell.store_history,
            "allow_stdin": cell.allow_stdin,
            "user_expressions": cell.user_expressions,
            "environment": cell.environment,
            "message_id": cell.message_id,
        }));
        self.perform(request, cell.allow_stdin, cell.fuel_of_day, events)
            .await
    }

    /// Gives a message of a front end to the object that it is for, and runs what that does; otherwise as
    /// [`Session::run_cell`].
    ///
    /// # Errors
    /// Only when the sandbox itself fails.
    pub async fn run_comm(
        &mut self,
        delivery: &Delivery,
        events: &mpsc::Sender<Event>,
    ) -> Result<Execution, SessionError> {
        let (kind, content, metadata, buffers) = match &delivery.message {
            CommMessage::CommOpen(comm) => (
                "comm_open",
                json!(comm.content),
                &comm.metadata,
                &comm.buffers,
            ),
            CommMessage::CommMsg(comm) => (
                "comm_msg",
                json!(comm.content),
                &comm.metadata,
                &comm.buffers,
            ),
            CommMessage::CommClose(comm) => (
                "comm_close",
                json!(comm.content),
                &comm.metadata,
                &comm.buffers,
            ),
        };
        let lengths: Vec<usize> = buffers.iter().map(|Buffer(bytes)| bytes.len()).collect();
        let request = Frame {
            body: buffers
                .iter()
                .flat_map(|Buffer(bytes)| bytes.iter().copied())
                .collect(),
            ..Frame::of(json!({
                "op": "comm",
                "type": kind,
                "content": content,
                "metadata": metadata,
                "buffers": lengths,
                "message_id": delivery.message_id,
            }))
        };
        self.perform(request, false, delivery.fuel_of_day, events)
            .await
    }

    /// Has the guest run something, and keeps the state that it leaves.
    async fn perform(
        &mut self,
        request: Frame,
        allow_stdin: bool,
        fuel_of_day: Option<u64>,
        events: &mpsc::Sender<Event>,
    ) -> Result<Execution, SessionError> {
        let budget = self.cell_budget(fuel_of_day);
        if budget.fuel == 0 {
            let message = format!("{}; nothing was run", budget.fuel_message());
            self.tell(events, "LimitExceeded", &message).await;
            let outcome = Outcome::Limit {
                limit: budget.fuel_limit,
                message,
            };
            return Ok(self.execution(outcome, 0, std::time::Duration::ZERO));
        }
        self.drain_input();
        let audience = Audience {
            events: Some(events.downgrade()),
            input: allow_stdin.then(|| Arc::clone(&self.questions)),
        };
        let (fuel, time) = (self.fuel_used, self.time_used);
        let answer = self.ask(request, budget, audience).await?;
        let (fuel, time) = (self.fuel_used - fuel, self.time_used - time);
        let (mut user_expressions, mut payload) = (Map::new(), Vec::new());
        let outcome = match answer {
            Ok(mut reply) => {
                let outcome = self.outcome(&reply);
                if let Some(Value::Object(values)) = reply.header.remove("user_expressions") {
                    user_expressions = values;
                }
                if let Some(Value::Array(asked)) = reply.header.remove("payload") {
                    payload = asked;
                }
                if let Some(count) = reply
                    .header
                    .get("execution_count")
                    .and_then(serde_json::Value::as_u64)
                {
                    self.execution_count = count;
                }
                self.capture()?;
                outcome
            }
            Err(death) => {
                self.execution_count += 1;
                let outcome = self.killed(&death);
                if let Outcome::Killed { message, .. } = &outcome {
                    self.tell(events, "CellKilled", message).await;
                }
                outcome
            }
        };
        Ok(Execution {
            user_expressions,
            payload,
            ..self.execution(outcome, fuel, time)
        })
    }

    /// Runs code and returns its messages with the outcome; for small outputs.
    pub async fn collect(&mut self, code: &str) -> Result<(Execution, Vec<Event>), SessionError> {
        let (sender, mut receiver) = mpsc::channel(64);
        let cell = Cell::new(code);
        let gather = async {
            let mut events = Vec::new();
            while let Some(event) = receiver.recv().await {
                events.push(event);
            }
            events
        };
        let run = async {
            let execution = self.run_cell(&cell, &sender).await;
            drop(sender);
            execution
        };
        let (execution, events) = tokio::join!(run, gather);
        Ok((execution?, events))
    }

    fn execution(&self, outcome: Outcome, fuel: u64, time: std::time::Duration) -> Execution {
        Execution {
            outcome,
            execution_count: self.execution_count,
            usage: self.usage_of(fuel, time),
            user_expressions: Map::new(),
            payload: Vec::new(),
        }
    }

    fn outcome(&self, reply: &Frame) -> Outcome {
        if reply.text("status") == "ok" {
            return Outcome::Ok;
        }
        let turn = &self.machine.host().turn;
        let ename = reply.text("ename");
        match turn.stopped() {
            Some(Stop::Interrupt) if ename == "KeyboardInterrupt" => return Outcome::Interrupted,
            Some(
                limit @ (Stop::CellTime
                | Stop::FuelPerCell
                | Stop::FuelPerSession
                | Stop::FuelPerDay),
            ) if ename == "LimitExceeded" => {
                return Outcome::Limit {
                    limit,
                    message: turn.message(limit),
                };
            }
            Some(_) | None => {}
        }
        let traceback = reply
            .header
            .get("traceback")
            .and_then(serde_json::Value::as_array);
        let traceback = traceback
            .into_iter()
            .flatten()
            .filter_map(|line| line.as_str().map(str::to_owned))
            .collect();
        Outcome::Error {
            ename: ename.to_owned(),
            evalue: reply.text("evalue").to_owned(),
            traceback,
        }
    }

    fn killed(&self, death: &Death) -> Outcome {
        const AFTER: &str = "The variables are as they were before the cell.";
        let limit = match death {
            Death::Limit(stop) => Some(*stop),
            Death::StackOverflow
            | Death::Exited(_)
            | Death::Aborted
            | Death::MemoryFull
            | Death::MemoryFault
            | Death::NoAnswer
            | Death::Engine(_) => None,
        };
        let message = match limit {
            Some(Stop::Interrupt) => {
                format!("The cell did not stop when it was interrupted and was ended. {AFTER}")
            }
            Some(stop) => format!(
                "The cell reached the limit `{}`, did not stop when it was told and was ended. {AFTER}",
                stop.name()
            ),
            None => format!("The cell was ended because {death}. {AFTER}"),
        };
        Outcome::Killed { limit, message }
    }

    /// Sends an error of the sandbox's own, which reads like one of Python's.
    async fn tell(&self, events: &mpsc::Sender<Event>, ename: &str, message: &str) {
        let error = ErrorOutput {
            ename: ename.into(),
            evalue: message.into(),
            traceback: vec![format!("\u{1b}[0;31m{ename}\u{1b}[0m: {message}")],
        };
        // A reader that has gone away misses it.
        let _ = events.send(Event::Error(error)).await;
    }

    /// Forgets answers to questions of earlier cells.
    fn drain_input(&self) {
        if let Ok(mut questions) = self.questions.try_lock() {
            while questions.try_recv().is_ok() {}
        }
    }
}
