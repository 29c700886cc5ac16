//! Assembles the messages of running cells into the outputs of a notebook, as nbclient does.

use std::collections::{BTreeMap, BTreeSet};

use nbformat::v4::{DisplayData, ErrorOutput, ExecuteResult, MultilineString, Output};
use python_wasm::Event;
use python_wasm::jupyter_protocol::{Media, MediaType, Stdio, Transient};
use serde_json::{Map, Value};

use super::widgets::Widgets;

/// An output and the id under which it can be changed later.
struct Shown {
    output: Output,
    display_id: Option<String>,
}

/// The outputs of all cells of a notebook, while it runs. Cells are named by `K`: their numbers, or
/// their ids where cells come and go.
pub(crate) struct Outputs<K> {
    cells: BTreeMap<K, Vec<Shown>>,
    /// `clear_output(wait=True)` was called: the next output replaces all.
    clear_first: bool,
    widgets: Widgets,
}

impl<K> Default for Outputs<K> {
    fn default() -> Self {
        Self {
            cells: BTreeMap::new(),
            clear_first: false,
            widgets: Widgets::default(),
        }
    }
}

impl<K: Ord + Clone> Outputs<K> {
    /// Returns the state of the widgets that the cells made; none when they made none.
    pub(crate) fn widgets(&self) -> Option<Value> {
        self.widgets.saved()
    }

    /// Forgets what a cell has shown, and a clearing that an earlier one asked for.
    pub(crate) fn begin(&mut self, cell: &K) {
        self.cells.remove(cell);
        self.clear_first = false;
    }

    /// Returns the outputs of a cell.
    pub(crate) fn of_cell(&self, cell: &K) -> Vec<Output> {
        let shown = self.cells.get(cell).into_iter().flatten();
        shown.map(|shown| shown.output.clone()).collect()
    }

    /// Returns how many outputs a cell has.
    #[cfg(test)]
    fn count(&self, cell: &K) -> usize {
        self.cells.get(cell).map_or(0, Vec::len)
    }

    /// Takes a message of the running cell; returns the cells whose outputs it may have changed.
    pub(crate) fn take(&mut self, cell: &K, event: Event) -> BTreeSet<K> {
        let mut changed = BTreeSet::from([cell.clone()]);
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
                changed.extend(self.show(cell, Output::DisplayData(data), id(display.transient)));
            }
            Event::ExecuteResult(result) => {
                let data = ExecuteResult {
                    execution_count: result.execution_count,
                    data: valid(result.data),
                    metadata: result.metadata,
                };
                changed.extend(self.show(cell, Output::ExecuteResult(data), id(result.transient)));
            }
            Event::UpdateDisplayData(update) => {
                let id = update.transient.display_id;
                changed.extend(self.update(id.as_deref(), &valid(update.data), &update.metadata));
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
            Event::ClearOutput(_) => {
                self.cells.remove(cell);
            }
            Event::CommOpen(_) | Event::CommMsg(_) => {
                self.take_widget(&event);
            }
            // Questions are answered elsewhere; what is left of a closed widget is its last state.
            Event::InputRequest(_) | Event::CommClose(_) => {}
        }
        changed
    }

    /// Takes what a message tells of a widget; says whether it is one that does.
    pub(crate) fn take_widget(&mut self, event: &Event) -> bool {
        let (comm, data) = match event {
            Event::CommOpen(comm) => (&comm.content.comm_id, &comm.content.data),
            Event::CommMsg(comm) => (&comm.content.comm_id, &comm.content.data),
            Event::Stream(_)
            | Event::DisplayData(_)
            | Event::ExecuteResult(_)
            | Event::UpdateDisplayData(_)
            | Event::Error(_)
            | Event::ClearOutput(_)
            | Event::InputRequest(_)
            | Event::CommClose(_) => return false,
        };
        self.widgets.take(&comm.0, data);
        true
    }

    /// Has an unknown widget begin with a state that is known from elsewhere.
    pub(crate) fn recall_widget(&mut self, comm: &str, state: impl FnOnce() -> Option<Value>) {
        self.widgets.recall(comm, state);
    }

    fn stream(&mut self, cell: &K, name: &str, text: &str) {
        self.clear_if_asked(cell);
        if let Some(Shown {
            output:
                Output::Stream {
                    name: last,
                    text: MultilineString(gathered),
                },
            ..
        }) = self.cells.get_mut(cell).and_then(|shown| shown.last_mut())
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

    /// Adds an output; returns the cells in which it changed an earlier one.
    fn show(&mut self, cell: &K, output: Output, display_id: Option<String>) -> Vec<K> {
        self.clear_if_asked(cell);
        let mut changed = Vec::new();
        // A display id shown again changes the earlier places too.
        if let (
            Some(_),
            Output::DisplayData(DisplayData { data, metadata })
            | Output::ExecuteResult(ExecuteResult { data, metadata, .. }),
        ) = (&display_id, &output)
        {
            let (data, metadata) = (data.clone(), metadata.clone());
            changed = self.update(display_id.as_deref(), &data, &metadata);
        }
        let shown = self.cells.entry(cell.clone()).or_default();
        shown.push(Shown { output, display_id });
        changed
    }

    fn update(
        &mut self,
        id: Option<&str>,
        new: &Media,
        new_metadata: &Map<String, Value>,
    ) -> Vec<K> {
        let mut changed = Vec::new();
        let Some(id) = id else { return changed };
        let places = self
            .cells
            .iter_mut()
            .flat_map(|(cell, shown)| shown.iter_mut().map(move |shown| (cell, shown)));
        for (cell, place) in places.filter(|(_, shown)| shown.display_id.as_deref() == Some(id)) {
            changed.push(cell.clone());
            match &mut place.output {
                Output::DisplayData(DisplayData { data, metadata })
                | Output::ExecuteResult(ExecuteResult { data, metadata, .. }) => {
                    data.clone_from(new);
                    metadata.clone_from(new_metadata);
                }
                Output::Stream { .. } | Output::Error(_) => {}
            }
        }
        changed
    }

    fn clear_if_asked(&mut self, cell: &K) {
        if std::mem::take(&mut self.clear_first) {
            self.cells.remove(cell);
        }
    }
}

/// Returns everything readable in some outputs, one after the other, without colours.
pub(crate) fn text_of(outputs: &[Output]) -> String {
    let plain = |data: &Media| {
        data.content.iter().find_map(|media| match media {
            MediaType::Plain(text) => Some(text.clone()),
            _other => None,
        })
    };
    let mut text = String::new();
    for output in outputs {
        let part = match output {
            Output::Stream { text, .. } => text.0.clone(),
            Output::DisplayData(display) => plain(&display.data).unwrap_or_default(),
            Output::ExecuteResult(result) => plain(&result.data).unwrap_or_default(),
            Output::Error(error) => crate::text::colourless(&error.traceback.join("\n")),
        };
        if !text.is_empty() && !text.ends_with('\n') && !part.is_empty() {
            text.push('\n');
        }
        text.push_str(&part);
    }
    text
}

fn id(transient: Option<Transient>) -> Option<String> {
    transient.and_then(|transient| transient.display_id)
}

/// Returns the media as nbformat admits them, in an order of their own, so that the same run writes
/// the same file.
pub(crate) fn valid(media: Media) -> Media {
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

    fn written(outputs: &Outputs<usize>, cell: usize) -> Value {
        serde_json::to_value(outputs.of_cell(&cell)).unwrap()
    }

    #[test]
    fn neighbouring_streams_of_one_name_become_one() {
        let mut outputs = Outputs::default();
        for (name, text) in [
            ("stdout", "a\n"),
            ("stdout", "b"),
            ("stderr", "c"),
            ("stdout", "d"),
        ] {
            outputs.take(&0, event("stream", &json!({"name": name, "text": text})));
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
        let mut outputs = Outputs::default();
        outputs.take(&0, event("display_data", &text("old", "x")));
        outputs.take(&1, event("update_display_data", &text("new", "x")));
        outputs.take(&1, event("update_display_data", &text("new", "unknown")));
        assert_eq!(
            written(&outputs, 0)[0]["data"]["text/plain"],
            json!(["new"])
        );
        assert_eq!(outputs.count(&1), 0);
    }

    #[test]
    fn json_stands_only_where_nbformat_admits_it() {
        let mut outputs = Outputs::default();
        let data = json!({"application/vnd.a.v6.json": {"a": 1}, "x/y": [1], "x/z": "text", "application/a+json": 1});
        let content = json!({"data": data, "metadata": {}});
        outputs.take(&0, event("display_data", &content));
        assert_eq!(
            written(&outputs, 0)[0]["data"],
            json!({"application/vnd.a.v6+json": {"a": 1}, "x/y": "[1]", "x/z": "text", "application/a+json": 1})
        );
    }

    #[test]
    fn clearing_waits_for_the_next_output_when_asked_to() {
        let mut outputs = Outputs::default();
        let line = |text: &str| event("stream", &json!({"name": "stdout", "text": text}));
        outputs.take(&0, line("1"));
        outputs.take(&0, event("clear_output", &json!({"wait": true})));
        assert_eq!(outputs.count(&0), 1);
        outputs.take(&0, line("2"));
        assert_eq!(written(&outputs, 0)[0]["text"], json!(["2"]));
        outputs.take(&0, event("clear_output", &json!({"wait": false})));
        assert_eq!(outputs.count(&0), 0);
    }
}
