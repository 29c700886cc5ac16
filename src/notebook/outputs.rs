//! Assembles the messages of running cells into the outputs of a notebook, as nbclient does.

use nbformat::v4::{DisplayData, ErrorOutput, ExecuteResult, MultilineString, Output};
use python_wasm::Event;
use python_wasm::jupyter_protocol::{Media, MediaType, Stdio, Transient};
use serde_json::{Map, Value};

/// An output and the id under which it can be changed later.
struct Shown {
    output: Output,
    display_id: Option<String>,
}

/// The outputs of all cells of a notebook, while it runs.
pub(crate) struct Outputs {
    cells: Vec<Vec<Shown>>,
    /// `clear_output(wait=True)` was called: the next output replaces all.
    clear_first: bool,
}

impl Outputs {
    /// Returns no outputs for `cells` cells.
    pub(crate) fn of(cells: usize) -> Self {
        Self {
            cells: std::iter::repeat_with(Vec::new).take(cells).collect(),
            clear_first: false,
        }
    }

    /// Forgets what a cell has shown, and a clearing that an earlier one asked for.
    pub(crate) fn begin(&mut self, cell: usize) {
        self.cells[cell].clear();
        self.clear_first = false;
    }

    /// Returns the outputs of a cell.
    pub(crate) fn of_cell(&self, cell: usize) -> Vec<Output> {
        self.cells[cell]
            .iter()
            .map(|shown| shown.output.clone())
            .collect()
    }

    /// Returns how many outputs a cell has.
    #[cfg(test)]
    fn count(&self, cell: usize) -> usize {
        self.cells[cell].len()
    }

    /// Takes a message of the running cell.
    pub(crate) fn take(&mut self, cell: usize, event: Event) {
        match event {
            Event::Stream(stream) => {
                let name = match stream.name {
                    Stdio::Stdout => "stdout",
                    Stdio::Stderr => "stderr",
                };
                self.stream(cell, name, &stream.text);
            }
            Event::DisplayData(display) => {
                let data = DisplayData {
                    data: valid(display.data),
                    metadata: display.metadata,
                };
                self.show(cell, Output::DisplayData(data), id(display.transient));
            }
            Event::ExecuteResult(result) => {
                let data = ExecuteResult {
                    execution_count: result.execution_count,
                    data: valid(result.data),
                    metadata: result.metadata,
                };
                self.show(cell, Output::ExecuteResult(data), id(result.transient));
            }
            Event::UpdateDisplayData(update) => {
                let id = update.transient.display_id;
                self.update(id.as_deref(), &valid(update.data), &update.metadata);
            }
            Event::Error(error) => {
                let error = ErrorOutput {
                    ename: error.ename,
                    evalue: error.evalue,
                    traceback: error.traceback,
                };
                self.show(cell, Output::Error(error), None);
            }
            Event::ClearOutput(clear) if clear.wait => self.clear_first = true,
            Event::ClearOutput(_) => self.cells[cell].clear(),
            // Questions are answered elsewhere. Widgets need a browser; their text is shown.
            Event::InputRequest(_)
            | Event::CommOpen(_)
            | Event::CommMsg(_)
            | Event::CommClose(_) => {}
        }
    }

    fn stream(&mut self, cell: usize, name: &str, text: &str) {
        self.clear_if_asked(cell);
        if let Some(Shown {
            output:
                Output::Stream {
                    name: last,
                    text: MultilineString(gathered),
                },
            ..
        }) = self.cells[cell].last_mut()
            && last == name
        {
            gathered.push_str(text);
            return;
        }
        let output = Output::Stream {
            name: name.into(),
            text: MultilineString(text.into()),
        };
        self.show(cell, output, None);
    }

    fn show(&mut self, cell: usize, output: Output, display_id: Option<String>) {
        self.clear_if_asked(cell);
        // A display id shown again changes the earlier places too.
        if let (
            Some(_),
            Output::DisplayData(DisplayData { data, metadata })
            | Output::ExecuteResult(ExecuteResult { data, metadata, .. }),
        ) = (&display_id, &output)
        {
            let (data, metadata) = (data.clone(), metadata.clone());
            self.update(display_id.as_deref(), &data, &metadata);
        }
        self.cells[cell].push(Shown { output, display_id });
    }

    fn update(&mut self, id: Option<&str>, new: &Media, new_metadata: &Map<String, Value>) {
        let Some(id) = id else { return };
        let places = self.cells.iter_mut().flatten();
        for place in places.filter(|shown| shown.display_id.as_deref() == Some(id)) {
            match &mut place.output {
                Output::DisplayData(DisplayData { data, metadata })
                | Output::ExecuteResult(ExecuteResult { data, metadata, .. }) => {
                    data.clone_from(new);
                    metadata.clone_from(new_metadata);
                }
                Output::Stream { .. } | Output::Error(_) => {}
            }
        }
    }

    fn clear_if_asked(&mut self, cell: usize) {
        if std::mem::take(&mut self.clear_first) {
            self.cells[cell].clear();
        }
    }
}

fn id(transient: Option<Transient>) -> Option<String> {
    transient.and_then(|transient| transient.display_id)
}

/// Returns the media as nbformat admits them, in an order of their own, so that the same run writes
/// the same file.
fn valid(media: Media) -> Media {
    let mut content: Vec<_> = media.content.into_iter().map(admitted).collect();
    content.sort_by(|first, second| first.mime_type().cmp(second.mime_type()));
    content.dedup_by(|first, second| first.mime_type() == second.mime_type());
    Media { content }
}

/// nbformat admits JSON under `application/json` and `application/*+json` only, and text under
/// everything else. Altair 6 shows its charts as `application/vnd.vegalite.v6.json`.
fn admitted(media: MediaType) -> MediaType {
    let MediaType::Other((name, value)) = media else {
        return media;
    };
    let is_json = name.starts_with("application/") && name.ends_with("+json");
    if is_json || value.is_string() {
        return MediaType::Other((name, value));
    }
    match name.strip_suffix(".json") {
        Some(start) if name.starts_with("application/") => {
            MediaType::Other((format!("{start}+json"), value))
        }
        Some(_) | None => MediaType::Other((name, Value::String(value.to_string()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(kind: &str, content: &Value) -> Event {
        serde_json::from_value(json!({"type": kind, "content": content})).unwrap()
    }

    fn text(value: &str, id: &str) -> Value {
        json!({"data": {"text/plain": value}, "metadata": {}, "transient": {"display_id": id}})
    }

    fn written(outputs: &Outputs, cell: usize) -> Value {
        serde_json::to_value(outputs.of_cell(cell)).unwrap()
    }

    #[test]
    fn neighbouring_streams_of_one_name_become_one() {
        let mut outputs = Outputs::of(1);
        for (name, text) in [
            ("stdout", "a\n"),
            ("stdout", "b"),
            ("stderr", "c"),
            ("stdout", "d"),
        ] {
            outputs.take(0, event("stream", &json!({"name": name, "text": text})));
        }
        assert_eq!(
            written(&outputs, 0),
            json!([
                {"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]},
                {"output_type": "stream", "name": "stderr", "text": ["c"]},
                {"output_type": "stream", "name": "stdout", "text": ["d"]},
            ])
        );
    }

    #[test]
    fn an_update_changes_the_display_of_an_earlier_cell() {
        let mut outputs = Outputs::of(2);
        outputs.take(0, event("display_data", &text("old", "x")));
        outputs.take(1, event("update_display_data", &text("new", "x")));
        outputs.take(1, event("update_display_data", &text("new", "unknown")));
        assert_eq!(
            written(&outputs, 0)[0]["data"]["text/plain"],
            json!(["new"])
        );
        assert_eq!(outputs.count(1), 0);
    }

    #[test]
    fn json_stands_only_where_nbformat_admits_it() {
        let mut outputs = Outputs::of(1);
        let data = json!({"application/vnd.a.v6.json": {"a": 1}, "x/y": [1], "x/z": "text", "application/a+json": 1});
        let content = json!({"data": data, "metadata": {}});
        outputs.take(0, event("display_data", &content));
        assert_eq!(
            written(&outputs, 0)[0]["data"],
            json!({"application/vnd.a.v6+json": {"a": 1}, "x/y": "[1]", "x/z": "text", "application/a+json": 1})
        );
    }

    #[test]
    fn clearing_waits_for_the_next_output_when_asked_to() {
        let mut outputs = Outputs::of(1);
        let line = |text: &str| event("stream", &json!({"name": "stdout", "text": text}));
        outputs.take(0, line("1"));
        outputs.take(0, event("clear_output", &json!({"wait": true})));
        assert_eq!(outputs.count(0), 1);
        outputs.take(0, line("2"));
        assert_eq!(written(&outputs, 0)[0]["text"], json!(["2"]));
        outputs.take(0, event("clear_output", &json!({"wait": false})));
        assert_eq!(outputs.count(0), 0);
    }
}
