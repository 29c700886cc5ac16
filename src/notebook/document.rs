//! A notebook in nbformat 4.5, kept as the JSON it is.
//!
//! The document stays a JSON value instead of typed records: notebooks carry metadata of many
//! tools, in shapes that no record foresees, and all of it has to come out as it went in. What a
//! run writes (outputs, cell ids) goes through the types of the `nbformat` crate.

use nbformat::v4::Output;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::repair;

/// The newest minor version of nbformat 4 that is known, and the one that is written.
pub(super) const MINOR: i64 = 5;

/// Why a text is not a notebook that can be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotebookError {
    /// The text is not JSON.
    #[error("it is not valid JSON: {source}; a notebook (.ipynb) is a JSON file")]
    Json {
        /// What the parser says, with line and column.
        source: serde_json::Error,
    },
    /// The JSON is not a notebook.
    #[error("it is not a notebook: {reason}")]
    Shape {
        /// What is wrong.
        reason: String,
    },
    /// The format is newer or older than what is known.
    #[error(
        "its format is nbformat {found}, but only 3 and 4.0 to 4.{MINOR} can be read; save it as nbformat 4.{MINOR}"
    )]
    Version {
        /// Major and minor number as they were found.
        found: String,
    },
    /// There is nothing to run.
    #[error("it has no cells; there is nothing to run")]
    NoCells,
    /// The code is not Python.
    #[error("its language is {language:?}, but only Python can be run")]
    Language {
        /// The language its metadata names.
        language: String,
    },
}

/// What a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CellKind {
    /// Code, with outputs.
    Code,
    /// Text.
    Markdown,
    /// Anything else; kept as it is.
    Raw,
}

impl CellKind {
    /// Returns its name in a notebook.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Markdown => "markdown",
            Self::Raw => "raw",
        }
    }
}

/// A notebook in nbformat 4.5.
#[derive(Debug, Clone)]
pub(crate) struct Notebook {
    metadata: Map<String, Value>,
    cells: Vec<Map<String, Value>>,
}

impl Notebook {
    /// Reads a notebook of nbformat 3 or 4.0 to 4.5; older ones are upgraded to 4.5.
    ///
    /// # Errors
    /// [`NotebookError`] when the text is not JSON, not a notebook, of an unknown format, without
    /// cells, or not in Python.
    pub(crate) fn parse(text: &str) -> Result<Self, NotebookError> {
        let notebook = Self::read(text)?;
        if notebook.cells.is_empty() {
            return Err(NotebookError::NoCells);
        }
        Ok(notebook)
    }

    /// Reads a notebook as [`Self::parse`] does; one without cells is a notebook too.
    pub(super) fn read(text: &str) -> Result<Self, NotebookError> {
        repair::bounded(text)?;
        let text = text.trim_start_matches('\u{feff}');
        let root = repair::read_json(text)?;
        let shape = |reason: &str| NotebookError::Shape {
            reason: reason.into(),
        };
        let Value::Object(root) = root else {
            return Err(shape("it must be a JSON object"));
        };
        let number = |name: &str| root.get(name).and_then(Value::as_i64);
        let Some(major) = number("nbformat") else {
            return Err(shape(
                "it must have the key \"nbformat\" with a whole number",
            ));
        };
        let minor = number("nbformat_minor").unwrap_or(0);
        let root = match (major, minor) {
            (4, 0..=MINOR) => root,
            (3, _) if root.get("worksheets").is_some_and(Value::is_array) => {
                repair::upgrade_v3(root)?
            }
            (3, _) => {
                return Err(shape(
                    "its nbformat 3 cannot be upgraded: it must have the key \"worksheets\" with a list",
                ));
            }
            _ => {
                return Err(NotebookError::Version {
                    found: format!("{major}.{minor}"),
                });
            }
        };
        Self::of(root)
    }

    fn of(mut root: Map<String, Value>) -> Result<Self, NotebookError> {
        let shape = |reason: String| NotebookError::Shape { reason };
        let metadata = match root.remove("metadata") {
            Some(Value::Object(metadata)) => metadata,
            None => Map::new(),
            Some(_) => return Err(shape("\"metadata\" must be an object".into())),
        };
        let Some(Value::Array(listed)) = root.remove("cells") else {
            return Err(shape("it must have the key \"cells\" with a list".into()));
        };
        let mut cells = Vec::with_capacity(listed.len());
        for (index, cell) in listed.into_iter().enumerate() {
            let cell = repair::cell(cell)
                .map_err(|reason| shape(format!("cell {}: {reason}", index + 1)))?;
            cells.push(cell);
        }
        repair::ids(&mut cells);
        let notebook = Self { metadata, cells };
        match notebook.language() {
            Some(language) if !language.to_ascii_lowercase().contains("python") => {
                Err(NotebookError::Language {
                    language: language.into(),
                })
            }
            Some(_) | None => Ok(notebook),
        }
    }

    /// Makes a notebook of cells: kind, source and tags.
    pub(crate) fn from_cells(cells: Vec<(CellKind, String, Vec<String>)>) -> Self {
        let mut cells: Vec<_> = cells
            .into_iter()
            .map(|(kind, source, tags)| new_cell(kind, &source, &tags))
            .collect();
        repair::ids(&mut cells);
        Self {
            metadata: Map::new(),
            cells,
        }
    }

    /// Returns the notebook's metadata and its cells, each valid nbformat 4.5.
    pub(super) fn into_parts(self) -> (Map<String, Value>, Vec<Map<String, Value>>) {
        (self.metadata, self.cells)
    }

    fn language(&self) -> Option<&str> {
        let named = |object: &str, key: &str| self.metadata.get(object)?.get(key)?.as_str();
        named("kernelspec", "language").or_else(|| named("language_info", "name"))
    }

    /// Returns how many cells there are.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Returns what the cell at `index` is.
    pub(crate) fn kind(&self, index: usize) -> CellKind {
        match self.cells[index].get("cell_type").and_then(Value::as_str) {
            Some("code") => CellKind::Code,
            Some("markdown") => CellKind::Markdown,
            Some(_) | None => CellKind::Raw,
        }
    }

    /// Returns the source text of the cell at `index`.
    pub(crate) fn source(&self, index: usize) -> String {
        match self.cells[index].get("source") {
            Some(Value::Array(lines)) => lines.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) => text.clone(),
            Some(_) | None => String::new(),
        }
    }

    /// Returns the id of the cell at `index`.
    pub(crate) fn id(&self, index: usize) -> Option<&str> {
        self.cells[index].get("id")?.as_str()
    }

    /// Tells whether the cell at `index` has the tag.
    pub(crate) fn has_tag(&self, index: usize, tag: &str) -> bool {
        let tags = self.cells[index]
            .get("metadata")
            .and_then(|metadata| metadata.get("tags"));
        tags.and_then(Value::as_array)
            .is_some_and(|tags| tags.iter().any(|found| found == tag))
    }

    /// Removes the cell at `index`.
    pub(super) fn remove(&mut self, index: usize) {
        self.cells.remove(index);
    }

    /// Puts a new code cell in front of the cell at `index`.
    pub(super) fn insert_code(&mut self, index: usize, source: &str, tags: &[String]) {
        self.cells
            .insert(index, new_cell(CellKind::Code, source, tags));
        repair::ids(&mut self.cells);
    }

    /// Removes the outputs and counts of earlier runs.
    pub(crate) fn clear_results(&mut self) {
        for cell in &mut self.cells {
            if cell.get("cell_type").and_then(Value::as_str) == Some("code") {
                cell.insert("outputs".into(), json!([]));
                cell.insert("execution_count".into(), Value::Null);
            }
        }
    }

    /// Sets what the cell at `index` has shown, and its number if it ran.
    pub(crate) fn set_result(&mut self, index: usize, outputs: &[Output], count: Option<u64>) {
        let cell = &mut self.cells[index];
        let outputs = serde_json::to_value(outputs).expect("outputs are JSON");
        cell.insert("outputs".into(), outputs);
        if let Some(count) = count {
            cell.insert("execution_count".into(), json!(count));
        }
    }

    /// Sets the state of the widgets that the run made, for viewers to show them from. Without any,
    /// what the notebook says of widgets stays.
    pub(crate) fn set_widgets(&mut self, state: Option<Value>) {
        if let Some(state) = state {
            let widgets = json!({"application/vnd.jupyter.widget-state+json": state});
            self.metadata.insert("widgets".into(), widgets);
        }
    }

    /// Returns the notebook as a file: nbformat 4.5, indented by one space as Jupyter does.
    pub(crate) fn to_json(&self) -> String {
        written(self.metadata.clone(), &self.cells)
    }
}

/// A notebook as a file has it; the keys stand in the order of the alphabet, as Jupyter sorts them.
#[derive(Serialize)]
struct File<'n, C> {
    cells: &'n [C],
    metadata: Map<String, Value>,
    nbformat: i64,
    nbformat_minor: i64,
}

/// Returns the file of these cells: nbformat 4.5, indented by one space as Jupyter does.
pub(super) fn written(mut metadata: Map<String, Value>, cells: &[impl Serialize]) -> String {
    repair::language(&mut metadata);
    let file = File {
        cells,
        metadata,
        nbformat: 4,
        nbformat_minor: MINOR,
    };
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    file.serialize(&mut serializer).expect("a notebook is JSON");
    bytes.push(b'\n');
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

fn new_cell(kind: CellKind, source: &str, tags: &[String]) -> Map<String, Value> {
    let mut metadata = Map::new();
    if !tags.is_empty() {
        metadata.insert("tags".into(), json!(tags));
    }
    let lines: Vec<&str> = source.split_inclusive('\n').collect();
    let mut cell = Map::new();
    cell.insert("cell_type".into(), json!(kind.name()));
    cell.insert("metadata".into(), Value::Object(metadata));
    cell.insert("source".into(), json!(lines));
    if kind == CellKind::Code {
        cell.insert("outputs".into(), json!([]));
        cell.insert("execution_count".into(), Value::Null);
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notebook(minor: i64, cells: &Value) -> String {
        json!({"nbformat": 4, "nbformat_minor": minor, "metadata": {"x": {"y": [1]}}, "cells": cells})
            .to_string()
    }

    fn refusal(text: &str) -> String {
        Notebook::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(
            refusal("{"),
            "it is not valid JSON: EOF while parsing an object at line 1 column 1; a notebook (.ipynb) is a JSON file"
        );
        assert_eq!(
            refusal("[]"),
            "it is not a notebook: it must be a JSON object"
        );
        assert_eq!(
            refusal(r#"{"nbformat": 5, "nbformat_minor": 0, "cells": []}"#),
            "its format is nbformat 5.0, but only 3 and 4.0 to 4.5 can be read; save it as nbformat 4.5"
        );
        assert!(refusal(&notebook(6, &json!([]))).starts_with("its format is nbformat 4.6,"));
        assert_eq!(
            refusal(&notebook(5, &json!([]))),
            "it has no cells; there is nothing to run"
        );
        assert_eq!(
            refusal(&notebook(5, &json!([{"cell_type": "poem"}]))),
            "it is not a notebook: cell 1: its \"cell_type\" must be \"code\", \"markdown\" or \"raw\""
        );
        let other = json!({"nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": {"language": "R"}},
            "cells": [{"cell_type": "code", "source": "1"}]});
        assert_eq!(
            refusal(&other.to_string()),
            "its language is \"R\", but only Python can be run"
        );
    }

    #[test]
    fn older_notebooks_get_ids_and_keep_their_metadata() {
        let cells = json!([
            {"cell_type": "code", "source": ["a = 1\n", "a"], "metadata": {"scrolled": "auto", "z": 1},
             "outputs": [{"output_type": "stream"}], "execution_count": 3},
            {"cell_type": "markdown", "source": "# T"},
        ]);
        let mut read = Notebook::parse(&notebook(2, &cells)).unwrap();
        assert_eq!(read.source(0), "a = 1\na");
        read.clear_results();
        let written: Value = serde_json::from_str(&read.to_json()).unwrap();
        assert_eq!(written["nbformat_minor"], 5);
        assert_eq!(written["metadata"]["x"], json!({"y": [1]}));
        assert_eq!(
            written["cells"][0]["metadata"],
            json!({"scrolled": "auto", "z": 1})
        );
        assert_eq!(written["cells"][0]["outputs"], json!([]));
        assert_eq!(written["cells"][1]["metadata"], json!({}));
        assert_ne!(written["cells"][0]["id"], written["cells"][1]["id"]);
        // What was written is read back as it is.
        assert_eq!(
            Notebook::parse(&read.to_json()).unwrap().to_json(),
            read.to_json()
        );
    }

    #[test]
    fn version_3_is_upgraded() {
        let text = json!({"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "old"}, "worksheets": [{"cells": [
            {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Old"]},
            {"cell_type": "code", "metadata": {}, "input": ["1 + 1"], "language": "python", "outputs": []},
            {"cell_type": "html", "metadata": {}, "source": ["<b>old</b>"]},
        ]}]});
        let read = Notebook::parse(&text.to_string()).unwrap();
        assert_eq!(
            (read.kind(0), read.source(0)),
            (CellKind::Markdown, "## Old".into())
        );
        assert_eq!(
            (read.kind(1), read.source(1)),
            (CellKind::Code, "1 + 1".into())
        );
        assert_eq!(
            (read.kind(2), read.source(2)),
            (CellKind::Markdown, "<b>old</b>".into())
        );
    }
}
