//! Asks the person at the terminal for a line, when a cell calls `input()`.

use std::io::{BufRead as _, IsTerminal, Write as _};

use python_wasm::InputSender;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::text;

/// Tells whether there is somebody to ask.
pub(super) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks, without waiting; the answer goes to the session. At the end of input it gets none.
pub(super) fn ask(prompt: &str, password: bool, answer: InputSender) {
    let prompt = text::harmless(prompt);
    tokio::spawn(async move {
        let line = tokio::task::spawn_blocking(move || read(&prompt, password)).await;
        answer.send(line.ok().flatten()).await;
    });
}

fn read(prompt: &str, password: bool) -> Option<String> {
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "{prompt}").and_then(|()| stderr.flush());
    let _hidden = password.then(Hidden::begin).flatten();
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line).ok()?;
    if password {
        let _ = writeln!(stderr);
    }
    (read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned())
}

/// The terminal does not show what is typed, until this is dropped.
struct Hidden(rustix::termios::Termios);

impl Hidden {
    fn begin() -> Option<Self> {
        let before = tcgetattr(std::io::stdin()).ok()?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &silent).ok()?;
        Some(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
    }
}
