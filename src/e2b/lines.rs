//! What code shows, in the lines that the clients of the code interpreter read.

use python_wasm::Event as Message;
use python_wasm::jupyter_protocol::{Media, Stdio};
use serde_json::{Map, Value, json};

use crate::session::{Event, Finished, Happening, Notice};

/// Media types, by the names that results have for them.
const NAMES: [(&str, &str); 12] = [
    ("text/plain", "text"),
    ("text/html", "html"),
    ("text/markdown", "markdown"),
    ("image/svg+xml", "svg"),
    ("image/png", "png"),
    ("image/jpeg", "jpeg"),
    ("application/pdf", "pdf"),
    ("text/latex", "latex"),
    ("application/json", "json"),
    ("application/javascript", "javascript"),
    ("e2b/data", "data"),
    ("e2b/chart", "chart"),
];

/// The lines of one execution, one event after the other.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    failed: bool,
}

impl Lines {
    /// Returns the lines that an event comes to.
    pub(crate) fn of(&mut self, event: Event) -> Vec<Value> {
        let nanoseconds = event.time.parse::<jiff::Timestamp>();
        let timestamp = nanoseconds.map_or(0, |time| time.as_nanosecond() as i64);
        match event.draft.happening {
            Happening::Kernel(message) => self.message(message, timestamp).into_iter().collect(),
            Happening::Notice(Notice::Started {
                execution_count, ..
            }) => {
                vec![json!({"type": "number_of_executions", "execution_count": execution_count})]
            }
            Happening::Notice(Notice::Finished(finished)) => {
                let told = (!self.failed).then(|| stopped(&finished)).flatten();
                let end = json!({"type": "end_of_execution"});
                told.into_iter().chain([end]).collect()
            }
            Happening::Notice(_) => Vec::new(),
        }
    }

    fn message(&mut self, message: Message, timestamp: i64) -> Option<Value> {
        match message {
            Message::Stream(stream) => {
                let kind = match stream.name {
                    Stdio::Stdout => "stdout",
                    Stdio::Stderr => "stderr",
                };
                Some(json!({"type": kind, "text": stream.text, "timestamp": timestamp}))
            }
            Message::DisplayData(shown) => result(&shown.data, false),
            Message::ExecuteResult(value) => result(&value.data, true),
            Message::Error(error) => {
                self.failed = true;
                Some(error_line(
                    &error.ename,
                    &error.evalue,
                    &error.traceback.join("\n"),
                ))
            }
            Message::UpdateDisplayData(_)
            | Message::ClearOutput(_)
            | Message::InputRequest(_)
            | Message::CommOpen(_)
            | Message::CommMsg(_)
            | Message::CommClose(_) => None,
        }
    }
}

/// Returns what is told of an execution that was ended, when its code said nothing of it.
fn stopped(finished: &Finished) -> Option<Value> {
    if finished.outcome == "ok" {
        return None;
    }
    let field = |name: &str| finished.error.get(name).and_then(Value::as_str);
    let message = field("evalue").or_else(|| field("message"));
    let message = message.unwrap_or("The code did not come to its end.");
    let name = field("ename").unwrap_or(match finished.outcome.as_str() {
        "interrupted" => "KeyboardInterrupt",
        "limit" => "LimitExceeded",
        _ => "ExecutionLost",
    });
    Some(error_line(name, message, &format!("{name}: {message}")))
}

fn error_line(name: &str, value: &str, traceback: &str) -> Value {
    json!({"type": "error", "name": name, "value": value, "traceback": traceback})
}

fn result(data: &Media, is_main: bool) -> Option<Value> {
    let Ok(Value::Object(mut data)) = serde_json::to_value(data) else {
        return None;
    };
    let mut line = Map::new();
    for (kind, name) in NAMES {
        if let Some(value) = data.remove(kind) {
            line.insert(name.into(), value);
        }
    }
    if let Some(Value::String(text)) = line.get_mut("text") {
        // As the text of a string, and not as Python writes one.
        let quoted = text.len() >= 2
            && ['\'', '"']
                .iter()
                .any(|quote| text.starts_with(*quote) && text.ends_with(*quote));
        if quoted {
            *text = text[1..text.len() - 1].to_owned();
        }
    }
    line.insert("type".into(), "result".into());
    line.insert("is_main_result".into(), is_main.into());
    if !data.is_empty() {
        line.insert("extra".into(), Value::Object(data));
    }
    Some(Value::Object(line))
}
