//! Answers questions about a session while its cell runs: from a second session in the last stored
//! state, which is started with the first question and ends with the cell.

use std::sync::Arc;

use bytes::Bytes;
use python_wasm::{Checkpoint, Exported, FigureFormat, Formulas, Home, Session, VariableFormat};
use tokio::sync::mpsc;

use super::desk::{House, failed, reply};
use super::failure::of;
use super::grants::without_secrets;
use super::protocol::{Answer, Failed, FailedKind, Look, Opening};
use super::room::options;
use crate::secret::Redactor;

/// Questions that may wait.
const QUEUE: usize = 64;

/// The second session, once it is needed.
pub(super) struct Observer {
    house: Arc<House>,
    opening: Opening,
    last: Option<Checkpoint>,
    /// When this is dropped, what was asked is answered, and the second session ends.
    questions: Option<mpsc::Sender<(u64, Look)>>,
}

impl Observer {
    /// Returns an observer of the state `last`, or of the image when nothing was stored yet.
    pub(super) fn new(house: Arc<House>, opening: Opening, last: Option<Checkpoint>) -> Self {
        Self {
            house,
            opening,
            last,
            questions: None,
        }
    }

    /// Answers a question soon.
    pub(super) fn answer(&mut self, id: u64, question: Look) {
        let questions = self.questions.get_or_insert_with(|| {
            let (questions, waiting) = mpsc::channel(QUEUE);
            let life = live(
                Arc::clone(&self.house),
                self.opening.clone(),
                self.last.clone(),
                waiting,
            );
            tokio::spawn(life);
            questions
        });
        if let Err(error) = questions.try_send((id, question)) {
            let outbox = self.house.outbox.clone();
            let (id, _) = error.into_inner();
            tokio::spawn(async move {
                let busy = failed(FailedKind::Busy, "too many questions wait for the session");
                reply(&outbox, id, Err(busy), Bytes::new()).await;
            });
        }
    }
}

async fn live(
    house: Arc<House>,
    opening: Opening,
    last: Option<Checkpoint>,
    mut questions: mpsc::Receiver<(u64, Look)>,
) {
    let mut session = start(&house, &opening, last).await;
    let redactor = Redactor::new(&opening.secrets);
    while let Some((id, question)) = questions.recv().await {
        let answer = match &mut session {
            Ok(session) => look(session, &question).await,
            Err(failure) => Err(failure.clone()),
        };
        let (result, body) = match answer {
            Ok((answer, body)) => (Ok(answer), body),
            Err(failure) => (Err(failure), Bytes::new()),
        };
        let result = without_secrets(redactor.as_ref(), result);
        reply(&house.outbox, id, result, body).await;
    }
}

async fn start(
    house: &House,
    opening: &Opening,
    last: Option<Checkpoint>,
) -> Result<Session, Failed> {
    let image = house
        .images
        .get(&opening.image)
        .ok_or_else(|| failed(FailedKind::Image, "the image has gone"))?;
    let mut options = options(house, opening)?;
    // What it is asked must not write into the files of the running cell, and needs no secrets.
    options.home = Home::Temporary;
    options.tools = Arc::default();
    let begun = match last {
        Some(checkpoint) => Session::wake(image, options, &checkpoint).await,
        None => Session::spawn(image, options).await,
    };
    begun.map_err(|error| of(&error))
}

/// Asks a session.
pub(crate) async fn look(
    session: &mut Session,
    question: &Look,
) -> Result<(Answer, Bytes), Failed> {
    let answer = match question {
        Look::Complete { code, cursor } => {
            session.complete(code, *cursor).await.map(Answer::Completed)
        }
        Look::Inspect {
            code,
            cursor,
            detail,
        } => session
            .inspect(code, *cursor, *detail)
            .await
            .map(Answer::Inspected),
        Look::IsComplete { code } => session.is_complete(code).await.map(Answer::Complete),
        Look::History { asked } => session
            .history(asked)
            .await
            .map(|history| Answer::History { history }),
        Look::Comms { target } => session
            .comm_info(target.as_deref())
            .await
            .map(|comms| Answer::Comms { comms }),
        Look::Variables => session
            .variables()
            .await
            .map(|variables| Answer::Variables { variables }),
        Look::Table { name, query } => session.table(name, query).await.map(Answer::Table),
        Look::Export {
            variables,
            format,
            formulas,
        } => {
            let names: Vec<&str> = variables.iter().map(String::as_str).collect();
            let formulas = if *formulas {
                Formulas::Kept
            } else {
                Formulas::Escaped
            };
            let format = variable_format(format)?;
            return files(session.export(&names, format, formulas).await);
        }
        Look::Figures { format } => {
            return files(session.export_figures(figure_format(format)?).await);
        }
        Look::Format { code } => session
            .format(code)
            .await
            .map(|code| Answer::Formatted { code }),
        Look::Lint { code } => session
            .lint(code)
            .await
            .map(|diagnostics| Answer::Linted { diagnostics }),
    };
    answer
        .map(|answer| (answer, Bytes::new()))
        .map_err(|error| of(&error))
}

fn files(
    exported: Result<Vec<Exported>, python_wasm::SessionError>,
) -> Result<(Answer, Bytes), Failed> {
    let exported = exported.map_err(|error| of(&error))?;
    let files = exported
        .iter()
        .map(|file| (file.name.clone(), file.bytes.len()))
        .collect();
    let body: Vec<u8> = exported.into_iter().flat_map(|file| file.bytes).collect();
    Ok((Answer::Files { files }, body.into()))
}

fn variable_format(name: &str) -> Result<VariableFormat, Failed> {
    use VariableFormat::{Csv, Feather, Json, Npy, Parquet, Pickle, Xlsx};
    [Csv, Xlsx, Json, Parquet, Feather, Npy, Pickle]
        .into_iter()
        .find(|format| format.name() == name)
        .ok_or_else(|| {
            failed(
                FailedKind::Refused,
                format!("there is no format {name:?} for variables"),
            )
        })
}

fn figure_format(name: &str) -> Result<FigureFormat, Failed> {
    use FigureFormat::{Pdf, Png, Svg};
    [Png, Svg, Pdf]
        .into_iter()
        .find(|format| format.name() == name)
        .ok_or_else(|| {
            failed(
                FailedKind::Refused,
                format!("there is no format {name:?} for figures"),
            )
        })
}
