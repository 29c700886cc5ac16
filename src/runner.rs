//! Runs the code cells of a notebook in a session, in order, and fills in their outputs.

use std::time::{Duration, Instant};

use python_wasm::jupyter_protocol::ErrorOutput;
use python_wasm::{Cell, Event, Execution, Interrupter, Outcome, Session, SessionError};
use tokio::sync::mpsc;

use crate::notebook::{CellKind, Notebook, Outputs};

/// The tag of cells that are meant to fail.
pub(crate) const MAY_RAISE: &str = "raises-exception";

/// The exception by which Python code ends its program.
pub(crate) const LEFT: &str = "SystemExit";

/// Messages of a cell that may wait to be taken.
const QUEUE: usize = 256;

/// Is told what happens while a notebook runs.
pub(crate) trait Observer {
    /// A code cell begins.
    fn begins(&mut self, place: Place<'_>);
    /// The running cell shows something.
    fn shows(&mut self, event: &Event);
    /// The running cell asks for a line of text. The answer goes to the session.
    fn asks(&mut self, prompt: &str, password: bool, answer: python_wasm::InputSender);
    /// A code cell has ended.
    fn ends(&mut self, place: Place<'_>, outcome: &Outcome, took: Duration);
}

/// Which cell it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'n> {
    /// Its number among the code cells, from 1.
    pub(crate) number: usize,
    /// How many code cells there are.
    pub(crate) total: usize,
    /// Its source text.
    pub(crate) source: &'n str,
    /// It is tagged as one that is meant to fail.
    pub(crate) may_raise: bool,
}

/// How a run goes on.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Go on after a cell that failed.
    pub(crate) keep_going: bool,
    /// Somebody can answer questions.
    pub(crate) allow_stdin: bool,
    /// It is a script: `exit()` and `sys.exit()` end it, and fail it only with a code that says so.
    pub(crate) script: Option<Script>,
}

/// Bytes of a script from stdin that the guest is given to name its lines by. Cells of a longer one are named by
/// their numbers.
const LONGEST_TEXT: usize = 1 << 20;

/// What a script finds out about itself, as under `python FILE.py`.
#[derive(Debug)]
pub(crate) enum Script {
    /// It lies in the session's home under this name.
    File(String),
    /// It came from stdin, with this text.
    Piped(String),
}

impl Script {
    /// Returns the Python that tells the guest.
    fn introduction(&self) -> String {
        let arguments = match self {
            Self::File(name) => {
                // A JSON text is a Python text too.
                let path = serde_json::Value::from(format!("/home/user/{name}"));
                format!("{path}, {path}")
            }
            Self::Piped(text) if text.len() > LONGEST_TEXT => "'-'".to_owned(),
            Self::Piped(text) => format!("'-', text={}", serde_json::Value::from(text.as_str())),
        };
        format!("__import__('cellblock_kernel.leaving').leaving.script({arguments})")
    }
}

/// What a run came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Code cells that were run, also those that failed.
    pub(crate) ran: usize,
    /// Code cells that failed and were not meant to.
    pub(crate) failed: usize,
    /// The user stopped the run.
    pub(crate) interrupted: bool,
    /// The user did not wait until the cell had stopped.
    pub(crate) abandoned: bool,
}

/// Runs the notebook's code cells. What they show is in the notebook afterwards, also when the
/// run ends early; cells that were not run have no outputs.
///
/// Something on `interrupts` interrupts the running cell and ends the run after it; a second
/// time it ends the run at once.
///
/// # Errors
/// Only when the sandbox itself fails. The notebook then has what was shown until then.
pub(crate) async fn run(
    session: &mut Session,
    notebook: &mut Notebook,
    plan: Plan,
    interrupts: &mut mpsc::Receiver<()>,
    observer: &mut dyn Observer,
) -> Result<Report, SessionError> {
    notebook.clear_results();
    if let Some(script) = &plan.script {
        let cell = Cell {
            silent: true,
            store_history: false,
            ..Cell::new(script.introduction())
        };
        // A session that has not even this to spend says so at the first cell.
        session.run_cell(&cell, &mpsc::channel(1).0).await?;
    }
    let code: Vec<usize> = (0..notebook.len())
        .filter(|index| notebook.kind(*index) == CellKind::Code)
        .collect();
    let mut outputs = Outputs::default();
    let mut counts = vec![None; notebook.len()];
    let mut report = Report::default();
    let mut result = Ok(());
    for (number, &index) in code.iter().enumerate() {
        let source = notebook.source(index);
        if source.trim().is_empty() {
            continue;
        }
        let place = Place {
            number: number + 1,
            total: code.len(),
            source: &source,
            may_raise: notebook.has_tag(index, MAY_RAISE),
        };
        observer.begins(place);
        outputs.begin(&index);
        let cell = Cell {
            id: notebook.id(index).map(str::to_owned),
            allow_stdin: plan.allow_stdin,
            ..Cell::new(source.clone())
        };
        let started = Instant::now();
        report.ran += 1;
        let mut take = |event: Event, observer: &mut dyn Observer| {
            observer.shows(&event);
            outputs.take(&index, event);
        };
        let ended = run_cell(session, &cell, interrupts, observer, &mut take).await;
        let execution = match ended {
            Ok(Ended::Done(execution, interrupted)) => {
                report.interrupted |= interrupted;
                execution
            }
            Ok(Ended::Abandoned) => {
                report.interrupted = true;
                report.abandoned = true;
                report.failed += 1;
                outputs.take(&index, abandoned());
                observer.ends(place, &Outcome::Interrupted, started.elapsed());
                break;
            }
            Err(error) => {
                result = Err(error);
                break;
            }
        };
        counts[index] = Some(execution.execution_count);
        observer.ends(place, &execution.outcome, started.elapsed());
        let mut left = false;
        let failed = match &execution.outcome {
            Outcome::Ok => false,
            Outcome::Error { ename, evalue, .. } if plan.script.is_some() && ename == LEFT => {
                left = true;
                !matches!(evalue.as_str(), "" | "0" | "None")
            }
            Outcome::Error { .. } => !place.may_raise,
            Outcome::Interrupted | Outcome::Limit { .. } | Outcome::Killed { .. } => true,
        };
        report.failed += usize::from(failed);
        if report.interrupted || left || (failed && !plan.keep_going) {
            break;
        }
    }
    for index in code {
        notebook.set_result(index, &outputs.of_cell(&index), counts[index]);
    }
    notebook.set_widgets(outputs.widgets());
    result.map(|()| report)
}

/// Returns the error that stands in a cell which the user did not wait for.
fn abandoned() -> Event {
    let (ename, evalue) = (
        "KeyboardInterrupt",
        "the run was ended before the cell had stopped",
    );
    Event::Error(ErrorOutput {
        ename: ename.into(),
        evalue: evalue.into(),
        traceback: vec![format!("{ename}: {evalue}")],
    })
}

/// How a cell came to its end.
enum Ended {
    /// The session says so; and whether the user interrupted it.
    Done(Execution, bool),
    /// The user did not wait for it.
    Abandoned,
}

async fn run_cell(
    session: &mut Session,
    cell: &Cell,
    interrupts: &mut mpsc::Receiver<()>,
    observer: &mut dyn Observer,
    take: &mut (dyn FnMut(Event, &mut dyn Observer) + Send),
) -> Result<Ended, SessionError> {
    let (interrupter, answer) = (session.interrupter(), session.input());
    let (sender, mut events) = mpsc::channel(QUEUE);
    let mut running = std::pin::pin!(session.run_cell(cell, &sender));
    let mut interrupted = false;
    let mut listening = true;
    let mut show = |event: Event, observer: &mut dyn Observer| {
        if let Event::InputRequest(question) = &event {
            observer.asks(&question.prompt, question.password, answer.clone());
        }
        take(event, observer);
    };
    let execution = loop {
        tokio::select! {
            biased;
            signal = interrupts.recv(), if listening => match signal {
                None => listening = false,
                Some(()) if interrupted => return Ok(Ended::Abandoned),
                Some(()) => {
                    interrupted = true;
                    Interrupter::interrupt(&interrupter);
                }
            },
            Some(event) = events.recv() => show(event, observer),
            execution = &mut running => break execution?,
        }
    };
    while let Ok(event) = events.try_recv() {
        show(event, observer);
    }
    Ok(Ended::Done(execution, interrupted))
}
