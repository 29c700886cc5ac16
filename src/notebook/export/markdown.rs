//! Markdown: text as it is, code and the text of outputs in fences.

use serde_json::Value;

use super::html::picture;
use super::{Shown, media_types, plain};
use crate::notebook::CellKind;

/// Returns the cells as Markdown.
pub(super) fn write<'n>(cells: impl Iterator<Item = Shown<'n>>) -> String {
    let mut parts = Vec::new();
    for (cell, outputs) in cells {
        match cell.kind {
            CellKind::Code => parts.push(fenced("python", &cell.source)),
            CellKind::Markdown => parts.push(cell.source.trim_end().to_owned()),
            CellKind::Raw => parts.push(fenced("", &cell.source)),
        }
        for output in outputs {
            let picture = output
                .get("data")
                .and_then(Value::as_object)
                .and_then(picture);
            match (picture, plain(output)) {
                (Some(source), _) => parts.push(format!("![]({source})")),
                (None, Some(text)) => parts.push(fenced("text", &text)),
                (None, None) => {
                    let media: Vec<&str> = media_types(output).collect();
                    parts.push(format!("*({})*", media.join(", ")));
                }
            }
        }
    }
    let mut text = parts.join("\n\n");
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// Returns a fence that no fence in the text can close.
fn fenced(language: &str, text: &str) -> String {
    let mut longest = 2;
    let mut run = 0;
    for letter in text.chars() {
        run = if letter == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    format!(
        "{fence}{language}\n{}\n{fence}",
        text.trim_end_matches('\n')
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::notebook::live::{Document, Tracking};
    use crate::notebook::{CellKind, Notebook};

    #[test]
    fn code_text_and_outputs_are_told_apart() {
        let notebook = Notebook::from_cells(vec![
            (CellKind::Markdown, "# Title\n".into(), Vec::new()),
            (CellKind::Code, "print('```')".into(), Vec::new()),
        ]);
        let document = Document::of(notebook, 0, Tracking::default());
        let outputs = [
            vec![],
            vec![
                json!({"output_type": "stream", "name": "stdout", "text": "\u{1b}[31m1\u{1b}[0m\n"}),
                json!({"output_type": "display_data", "data": {"image/png": "iVBO\nRw0=", "text/plain": "<Figure>"}, "metadata": {}}),
                json!({"output_type": "display_data", "data": {"application/x-own": 1}, "metadata": {}}),
            ],
        ];
        let cells = document.cells().iter().map(AsRef::as_ref).zip(&outputs);
        assert_eq!(
            super::write(cells),
            "# Title\n\n````python\nprint('```')\n````\n\n```text\n1\n```\n\n![](data:image/png;base64,iVBORw0=)\n\n*(application/x-own)*\n"
        );
    }
}
