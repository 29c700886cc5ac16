//! Shows a run on the terminal: a line for each cell, or what a script prints.

use std::io::{IsTerminal, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use python_wasm::jupyter_protocol::{Media, MediaType, Stdio};
use python_wasm::{Event, InputSender, Outcome};

use super::stdin;
use crate::runner::{LEFT, MAY_RAISE, Observer, Place};
use crate::text;

/// Characters of a cell's first line that are shown.
const SHOWN: usize = 60;

/// Shows a line for each cell on stderr.
pub(super) struct CellLines {
    quiet: bool,
    /// The cell that is running, in a terminal.
    spinner: Option<ProgressBar>,
}

impl CellLines {
    pub(super) fn new(quiet: bool) -> Self {
        let spinner = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
                bar.set_style(style);
            }
            bar
        });
        Self { quiet, spinner }
    }

    /// Shows a line above the running cell.
    pub(super) fn line(&self, line: &str) {
        match &self.spinner {
            Some(spinner) => spinner.println(line),
            None if self.quiet => {}
            None => note!("{line}"),
        }
    }
}

impl Observer for CellLines {
    fn begins(&mut self, place: Place<'_>) {
        if let Some(spinner) = &self.spinner {
            let Place { number, total, .. } = place;
            spinner.set_message(format!(
                "[{number}/{total}] {}",
                text::line(place.source, SHOWN)
            ));
            spinner.reset_elapsed();
            spinner.enable_steady_tick(Duration::from_millis(120));
        }
    }

    fn shows(&mut self, _event: &Event) {}

    fn asks(&mut self, prompt: &str, password: bool, answer: InputSender) {
        if let Some(spinner) = &self.spinner {
            spinner.disable_steady_tick();
            spinner.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        self.spinner = None;
        stdin::ask(prompt, password, answer);
    }

    fn ends(&mut self, place: Place<'_>, outcome: &Outcome, took: Duration) {
        if let Some(spinner) = &self.spinner {
            spinner.disable_steady_tick();
            spinner.set_message(String::new());
        }
        let Place {
            number,
            total,
            source,
            may_raise,
        } = place;
        let width = total.to_string().len();
        let state = match outcome {
            Outcome::Ok => "ok",
            Outcome::Error { .. } if may_raise => "ok",
            Outcome::Error { .. } => "ERROR",
            Outcome::Interrupted => "STOPPED",
            Outcome::Limit { .. } => "LIMIT",
            Outcome::Killed { .. } => "KILLED",
        };
        let first = text::line(source, SHOWN);
        let seconds = took.as_secs_f64();
        self.line(&format!(
            "[{number:>width$}/{total}] {state:<5} {seconds:>7.2} s  {first}"
        ));
        if let Some(mut why) = why(outcome) {
            if may_raise && matches!(outcome, Outcome::Error { .. }) {
                why.push_str(&format!(" (expected: the cell is tagged {MAY_RAISE})"));
            }
            self.line(&format!("{:width$}   {why}", "", width = 2 * width + 3));
        }
    }
}

impl Drop for CellLines {
    fn drop(&mut self) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
    }
}

/// Returns why a cell did not end well, in a line.
pub(super) fn why(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Ok => None,
        Outcome::Error { ename, evalue, .. } => Some(format!(
            "{}: {}",
            text::line(ename, 100),
            text::line(evalue, 300)
        )),
        Outcome::Interrupted => Some("interrupted by the user".into()),
        Outcome::Limit { message, .. } | Outcome::Killed { message, .. } => {
            Some(text::line(message, 300))
        }
    }
}

/// Prints what a script shows, as Python would: text to stdout, warnings and errors to stderr.
pub(super) struct ScriptText {
    /// Both ends are terminals, which text of a stranger must not steer.
    guarded: [bool; 2],
}

impl ScriptText {
    pub(super) fn new() -> Self {
        Self {
            guarded: [
                std::io::stdout().is_terminal(),
                std::io::stderr().is_terminal(),
            ],
        }
    }

    fn out(&self, text: &str) {
        let mut stdout = std::io::stdout().lock();
        // A reader that has gone away (`| head`) misses it.
        let _ = match self.guarded[0] {
            true => stdout.write_all(text::harmless(text).as_bytes()),
            false => stdout.write_all(text.as_bytes()),
        };
        let _ = stdout.flush();
    }

    fn error(&self, text: &str) {
        let mut stderr = std::io::stderr().lock();
        let _ = match self.guarded[1] {
            true => stderr.write_all(text::harmless(text).as_bytes()),
            false => stderr.write_all(text.as_bytes()),
        };
    }

    fn media(&self, media: &Media) {
        let plain = media.content.iter().find_map(|kind| match kind {
            MediaType::Plain(text) => Some(text),
            _ => None,
        });
        if let Some(text) = plain {
            self.out(text);
            self.out("\n");
        }
    }
}

impl Observer for ScriptText {
    fn begins(&mut self, _place: Place<'_>) {}

    fn shows(&mut self, event: &Event) {
        match event {
            Event::Stream(stream) => match stream.name {
                Stdio::Stdout => self.out(&stream.text),
                Stdio::Stderr => self.error(&stream.text),
            },
            Event::DisplayData(display) => self.media(&display.data),
            Event::ExecuteResult(result) => self.media(&result.data),
            // As Python: what `sys.exit` was given is printed, unless it is a number.
            Event::Error(error) if error.ename == LEFT => {
                if error.evalue.parse::<i64>().is_err()
                    && !matches!(error.evalue.as_str(), "" | "None")
                {
                    self.error(&format!("{}\n", error.evalue));
                }
            }
            Event::Error(error) => {
                let traceback = error.traceback.join("\n") + "\n";
                match self.guarded[1] {
                    true => self.error(&traceback),
                    false => self.error(&text::colourless(&traceback)),
                }
            }
            Event::UpdateDisplayData(_)
            | Event::ClearOutput(_)
            | Event::InputRequest(_)
            | Event::CommOpen(_)
            | Event::CommMsg(_)
            | Event::CommClose(_) => {}
        }
    }

    fn asks(&mut self, prompt: &str, password: bool, answer: InputSender) {
        stdin::ask(prompt, password, answer);
    }

    fn ends(&mut self, _place: Place<'_>, _outcome: &Outcome, _took: Duration) {}
}
