//! Notebooks from other formats: scripts and text.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use serde::Deserialize;
use utoipa::ToSchema;

use super::document::{CellKind, Notebook};
use super::live::{Document, Tracking};
use super::percent;
use super::stored::invalid;
use crate::error_code::Fault;

/// What can be made into a notebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportFormat {
    /// A notebook of nbformat 3 or 4.
    Ipynb,
    /// A Python script; lines `# %%` begin cells.
    Py,
    /// Markdown; its blocks of Python become code.
    Md,
}

impl ImportFormat {
    /// Returns the format of a file of this name.
    pub(crate) fn of_name(name: &str) -> Result<Self, Fault> {
        match name
            .rsplit_once('.')
            .map(|(_, ending)| ending.to_ascii_lowercase())
            .as_deref()
        {
            Some("ipynb") => Ok(Self::Ipynb),
            Some("py") => Ok(Self::Py),
            Some("md" | "markdown") => Ok(Self::Md),
            Some(_) | None => Err(Fault::field(
                "file",
                "its name ends in none of .ipynb, .py, .md",
            )),
        }
    }

    /// Reads a text of this format.
    pub(crate) fn read(self, text: &str) -> Result<Document, Fault> {
        let notebook = match self {
            Self::Ipynb => Notebook::read(text).map_err(|error| invalid(&error))?,
            Self::Py => percent::from_script(text),
            Self::Md => from_markdown(text),
        };
        Ok(Document::of(notebook, 0, Tracking::default()))
    }
}

/// Makes code of the fenced blocks that say they are Python, and text of everything between.
fn from_markdown(text: &str) -> Notebook {
    let text = text.trim_start_matches('\u{feff}');
    let mut cells = Vec::new();
    let mut prose = 0;
    let mut block: Option<(usize, String)> = None;
    let mut depth = 0usize;
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            // Blocks inside of lists and quotes belong to their text.
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language)))
                if depth == 0 && is_python(&language) =>
            {
                block = Some((range.start, String::new()));
                depth += 1;
            }
            Event::Text(code) if block.is_some() => {
                if let Some((_, gathered)) = &mut block {
                    gathered.push_str(&code);
                }
            }
            Event::End(TagEnd::CodeBlock) if block.is_some() => {
                depth -= 1;
                if let Some((start, code)) = block.take() {
                    add_prose(&mut cells, &text[prose..start]);
                    cells.push((
                        CellKind::Code,
                        code.trim_end_matches('\n').to_owned(),
                        Vec::new(),
                    ));
                    prose = range.end;
                }
            }
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
    }
    add_prose(&mut cells, &text[prose..]);
    Notebook::from_cells(cells)
}

fn add_prose(cells: &mut Vec<(CellKind, String, Vec<String>)>, prose: &str) {
    let prose = prose.trim_matches('\n');
    if !prose.trim().is_empty() {
        cells.push((CellKind::Markdown, prose.to_owned(), Vec::new()));
    }
}

fn is_python(language: &str) -> bool {
    let word = language.split([' ', ',']).next().unwrap_or_default();
    ["python", "python3", "py", "{python}", "{code-cell}"].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<(CellKind, String)> {
        let read = from_markdown(text);
        (0..read.len())
            .map(|index| (read.kind(index), read.source(index)))
            .collect()
    }

    #[test]
    fn python_blocks_become_code_and_all_else_stays_text() {
        let text = "# Title\n\ntext\n\n```python\na = 1\n\nb = 2\n```\n\n- list\n  ```python\n  inside\n  ```\n\n```sh\nls\n```\n~~~py\nc\n~~~\n";
        assert_eq!(
            cells(text),
            [
                (CellKind::Markdown, "# Title\n\ntext".into()),
                (CellKind::Code, "a = 1\n\nb = 2".into()),
                (
                    CellKind::Markdown,
                    "- list\n  ```python\n  inside\n  ```\n\n```sh\nls\n```".into()
                ),
                (CellKind::Code, "c".into()),
            ]
        );
        assert!(cells("").is_empty());
        assert_eq!(cells("```python\nopen"), [(CellKind::Code, "open".into())]);
    }
}
