//! What can be asked of a session besides running cells.

use std::time::Duration;

use jupyter_protocol::{CompleteReply, InspectReply, IsCompleteReply};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{Budget, Session, SessionError, Stop};
use crate::door::{Audience, Frame};
use crate::table::{Diagnostic, TablePage, TableQuery, Variable};

/// Time a request may take at most, whatever a cell may.
const REQUEST_TIME: Duration = Duration::from_secs(30);
/// Fuel a request may use.
const REQUEST_FUEL: u64 = 60_000_000_000;
/// Time in which the variables may tell of themselves. Somebody waits for them after every cell.
const VARIABLES_TIME: Duration = Duration::from_secs(3);

/// A file made by an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Its name, with its ending.
    pub name: String,
    /// Its contents.
    pub bytes: Vec<u8>,
}

/// Formats that variables are exported in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum VariableFormat {
    Csv,
    Xlsx,
    Json,
    Parquet,
    Feather,
    Npy,
    Pickle,
}

impl VariableFormat {
    /// Returns the format's name, which is also the usual ending of its files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Json => "json",
            Self::Parquet => "parquet",
            Self::Feather => "feather",
            Self::Npy => "npy",
            Self::Pickle => "pickle",
        }
    }
}

/// What becomes of text in a CSV file that a spreadsheet would run as a formula.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Formulas {
    /// It gets an apostrophe in front, which makes it text.
    #[default]
    Escaped,
    /// It stays as it is, for a reader that is no spreadsheet.
    Kept,
}

/// Formats that figures are exported in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum FigureFormat {
    Png,
    Svg,
    Pdf,
}

impl FigureFormat {
    /// Returns the format's name, which is also the ending of its files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
            Self::Pdf => "pdf",
        }
    }
}

impl Session {
    /// Returns what could stand at `cursor` (counted in characters) in `code`.
    pub async fn complete(
        &mut self,
        code: &str,
        cursor: usize,
    ) -> Result<CompleteReply, SessionError> {
        self.request("complete", json!({"code": code, "cursor_pos": cursor}))
            .await
    }

    /// Returns the documentation of what stands at `cursor`; `detail` 1 adds the source.
    pub async fn inspect(
        &mut self,
        code: &str,
        cursor: usize,
        detail: u8,
    ) -> Result<InspectReply, SessionError> {
        self.request(
            "inspect",
            json!({"code": code, "cursor_pos": cursor, "detail_level": detail}),
        )
        .await
    }

    /// Tells whether `code` could be run as it is, or how its next line would be indented.
    pub async fn is_complete(&mut self, code: &str) -> Result<IsCompleteReply, SessionError> {
        self.request("is_complete", json!({"code": code})).await
    }

    /// Returns what was run in this session, as Jupyter's `history_reply` lists it, for the content of a
    /// `history_request`.
    pub async fn history(
        &mut self,
        asked: &Map<String, Value>,
    ) -> Result<Vec<Value>, SessionError> {
        self.field("history", json!(asked), "history").await
    }

    /// Returns the open comms by their ids, those with a target's name or all, as Jupyter's `comm_info_reply`
    /// has them.
    pub async fn comm_info(
        &mut self,
        target: Option<&str>,
    ) -> Result<Map<String, Value>, SessionError> {
        self.field("comm_info", json!({"target_name": target}), "comms")
            .await
    }

    /// Returns the user's variables. What an object's own class says of it counts as long as it
    /// comes to an end.
    pub async fn variables(&mut self) -> Result<Vec<Variable>, SessionError> {
        match self.field("variables", json!({}), "variables").await {
            // An object did not let itself be stopped; now none is asked.
            Err(SessionError::Stopped { .. }) => {
                self.field("variables", json!({"plain": true}), "variables")
                    .await
            }
            told => told,
        }
    }

    /// Returns a page of a DataFrame or Series, sorted and filtered.
    pub async fn table(
        &mut self,
        name: &str,
        query: &TableQuery,
    ) -> Result<TablePage, SessionError> {
        let Ok(Value::Object(mut request)) = serde_json::to_value(query) else {
            unreachable!("a query is an object")
        };
        request.insert("name".into(), json!(name));
        self.request("table", Value::Object(request)).await
    }

    /// Returns variables as files.
    pub async fn export(
        &mut self,
        variables: &[&str],
        format: VariableFormat,
        formulas: Formulas,
    ) -> Result<Vec<Exported>, SessionError> {
        let formulas = formulas == Formulas::Kept;
        self.files(json!({"variables": variables, "format": format.name(), "formulas": formulas}))
            .await
    }

    /// Returns all matplotlib figures among the variables as files.
    pub async fn export_figures(
        &mut self,
        format: FigureFormat,
    ) -> Result<Vec<Exported>, SessionError> {
        self.files(json!({"figures": format.name()})).await
    }

    /// Returns `code` formatted by black.
    pub async fn format(&mut self, code: &str) -> Result<String, SessionError> {
        self.field("format", json!({"code": code}), "code").await
    }

    /// Returns what pyflakes and pycodestyle say of `code`.
    pub async fn lint(&mut self, code: &str) -> Result<Vec<Diagnostic>, SessionError> {
        self.field("lint", json!({"code": code}), "diagnostics")
            .await
    }

    /// Sets variables from JSON values.
    pub async fn inject(&mut self, parameters: &Map<String, Value>) -> Result<(), SessionError> {
        self.answer("inject", json!({"parameters": parameters}))
            .await?;
        self.capture()
    }

    async fn files(&mut self, request: Value) -> Result<Vec<Exported>, SessionError> {
        #[derive(serde::Deserialize)]
        struct Listed {
            name: String,
            bytes: usize,
        }
        let reply = self.answer("export", request).await?;
        let listed: Vec<Listed> = read(
            "export",
            reply.header.get("files").cloned().unwrap_or_default(),
        )?;
        let mut rest = &reply.body[..];
        listed
            .into_iter()
            .map(|file| {
                let (bytes, after) = rest
                    .split_at_checked(file.bytes)
                    .ok_or_else(|| unreadable("export", "the files are longer than the answer"))?;
                rest = after;
                Ok(Exported {
                    name: file.name,
                    bytes: bytes.to_vec(),
                })
            })
            .collect()
    }

    async fn request<T: DeserializeOwned>(
        &mut self,
        op: &'static str,
        request: Value,
    ) -> Result<T, SessionError> {
        let reply = self.answer(op, request).await?;
        read(op, Value::Object(reply.header))
    }

    async fn field<T: DeserializeOwned>(
        &mut self,
        op: &'static str,
        request: Value,
        field: &str,
    ) -> Result<T, SessionError> {
        let reply = self.answer(op, request).await?;
        read(op, reply.header.get(field).cloned().unwrap_or_default())
    }

    async fn answer(&mut self, op: &'static str, request: Value) -> Result<Frame, SessionError> {
        let mut frame = Frame::of(request);
        frame.header.insert("op".into(), json!(op));
        let cell = self.cell_budget(None);
        let most = if op == "variables" {
            VARIABLES_TIME
        } else {
            REQUEST_TIME
        };
        let budget = Budget {
            time: cell.time.min(most),
            fuel: cell.fuel.min(REQUEST_FUEL),
            ..cell
        };
        let reply = self
            .ask(frame, budget, Audience::default())
            .await?
            .map_err(|death| SessionError::Stopped {
                request: op,
                why: match death {
                    super::Death::Limit(stop) => format!("it reached the limit {}", stop.name()),
                    other => other.to_string(),
                },
            })?;
        if reply.text("status") == "error" {
            if let Some(
                limit @ (Stop::CellTime
                | Stop::FuelPerCell
                | Stop::FuelPerSession
                | Stop::FuelPerDay
                | Stop::Interrupt),
            ) = self.machine.host().turn.stopped()
            {
                return Err(SessionError::Stopped {
                    request: op,
                    why: self.machine.host().turn.message(limit),
                });
            }
            return Err(SessionError::Refused {
                kind: reply.text("ename").to_owned(),
                message: reply.text("evalue").to_owned(),
            });
        }
        Ok(reply)
    }
}

/// Reads an answer, which the guest may have made up.
fn read<T: DeserializeOwned>(op: &'static str, answer: Value) -> Result<T, SessionError> {
    serde_json::from_value(answer).map_err(|error| unreadable(op, &error.to_string()))
}

fn unreadable(op: &'static str, reason: &str) -> SessionError {
    SessionError::Refused {
        kind: "ValueError".into(),
        message: format!("the interpreter's answer to {op} cannot be read: {reason}"),
    }
}
