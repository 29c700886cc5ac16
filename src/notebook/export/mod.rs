//! Notebooks in other formats: for people to read and for programs to run.

mod html;
mod layout;
mod markdown;
mod pdf;
mod png;
mod script;

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::live::{Cell, Document};
use super::repair_output;

/// What a notebook can be made into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExportFormat {
    /// A notebook of nbformat 4.5, whole: large outputs stand in it.
    Ipynb,
    /// A Python script in the percent format.
    Py,
    /// Markdown with code and text outputs.
    Md,
    /// A page that needs nothing else and does nothing: no script runs in it.
    Html,
    /// Pages to print.
    Pdf,
}

impl ExportFormat {
    /// Returns the ending of such a file.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Self::Ipynb => "ipynb",
            Self::Py => "py",
            Self::Md => "md",
            Self::Html => "html",
            Self::Pdf => "pdf",
        }
    }

    /// Returns the media type of such a file.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Ipynb => "application/x-ipynb+json",
            Self::Py => "text/x-python; charset=utf-8",
            Self::Md => "text/markdown; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
            Self::Pdf => "application/pdf",
        }
    }

    /// Writes a notebook whose cells have these outputs.
    pub(crate) fn write(self, name: &str, document: &Document, outputs: &[Vec<Value>]) -> Vec<u8> {
        let cells = || document.cells().iter().map(AsRef::as_ref).zip(outputs);
        match self {
            Self::Ipynb => document.to_file_of(outputs).into_bytes(),
            Self::Py => script::write(document.cells()).into_bytes(),
            Self::Md => markdown::write(cells()).into_bytes(),
            Self::Html => html::write(name, cells()).into_bytes(),
            Self::Pdf => pdf::write(name, cells()),
        }
    }
}

/// A cell and its outputs.
type Shown<'n> = (&'n Cell, &'n Vec<Value>);

/// Returns the text of an output's field, which may be a list of lines.
fn text(value: Option<&Value>) -> String {
    value
        .cloned()
        .and_then(repair_output::text_of)
        .unwrap_or_default()
}

/// Returns what an output says as plain text, without colours; none when it shows no text.
pub(crate) fn plain(output: &Value) -> Option<String> {
    let raw = match output.get("output_type").and_then(Value::as_str) {
        Some("stream") => text(output.get("text")),
        Some("error") => match output.get("traceback").and_then(Value::as_array) {
            Some(lines) if !lines.is_empty() => lines
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join("\n"),
            Some(_) | None => format!(
                "{}: {}",
                text(output.get("ename")),
                text(output.get("evalue"))
            ),
        },
        Some(_) | None => text(Some(output.get("data")?.get("text/plain")?)),
    };
    Some(crate::text::colourless(&raw))
}

/// Returns the media types that an output shows.
pub(super) fn media_types(output: &Value) -> impl Iterator<Item = &str> {
    output
        .get("data")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(mime, _)| mime.as_str())
}
