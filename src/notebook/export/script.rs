//! Scripts in the percent format, which `percent` reads back.

use std::sync::Arc;

use serde_json::Value;

use crate::notebook::CellKind;
use crate::notebook::live::Cell;

/// Returns the cells as a script.
pub(super) fn write(cells: &[Arc<Cell>]) -> String {
    cells
        .iter()
        .map(|cell| written(cell))
        .collect::<Vec<_>>()
        .join("\n")
}

fn written(cell: &Cell) -> String {
    let mut result = String::from("# %%");
    match cell.kind {
        CellKind::Code => {}
        CellKind::Markdown => result.push_str(" [markdown]"),
        CellKind::Raw => result.push_str(" [raw]"),
    }
    let tags = cell.metadata.get("tags").and_then(Value::as_array);
    if let Some(tags) = tags.filter(|tags| !tags.is_empty()) {
        // JSON has no line ends, so the marker stays one line.
        result.push_str(&format!(" tags={}", Value::Array(tags.clone())));
    }
    result.push('\n');
    for line in cell.source.lines() {
        match cell.kind {
            CellKind::Code if is_magic(line) => {
                result.push_str("# ");
                result.push_str(line);
            }
            CellKind::Code => result.push_str(line),
            CellKind::Markdown | CellKind::Raw if line.is_empty() => result.push('#'),
            CellKind::Markdown | CellKind::Raw => {
                result.push_str("# ");
                result.push_str(line);
            }
        }
        result.push('\n');
    }
    result
}

/// Magics are no Python: a comment hides them from other programs.
fn is_magic(line: &str) -> bool {
    let rest = line.trim_start_matches(['%', '!']);
    rest.len() < line.len() && rest.starts_with(|letter: char| letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use crate::notebook::live::{Document, Tracking};
    use crate::notebook::{Notebook, from_script};

    #[test]
    fn a_script_reads_back_as_it_was() {
        let script = "# %% [markdown]\n# # Title\n#\n# text\n\n# %% tags=[\"parameters\"]\na = 1\n\n\nb = 2\n\n# %%\n# %%time\n# !ls\n# plain\n100 % 7\n\n# %% [raw]\n# raw\n";
        let document = Document::of(from_script(script), 0, Tracking::default());
        assert_eq!(super::write(document.cells()), script);
        let none: Notebook = Notebook::from_cells(Vec::new());
        assert_eq!(
            super::write(Document::of(none, 0, Tracking::default()).cells()),
            ""
        );
    }
}
