//! Pages to print: text, code, the text of outputs, and images.
//!
//! The fonts are those that every PDF reader has, so a page can show the letters of western Europe;
//! others stand as escapes, as Python writes them. Pages are numbered by the reader.

use data_encoding::BASE64;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::{Map, Value};

use super::layout::{Font, Sheets, Style};
use super::png::{self, Picture};
use super::{Shown, media_types, plain, text};
use crate::notebook::CellKind;
use crate::notebook::live::Cell;

const PROSE: Style = Style {
    font: Font::Prose,
    size: 11.0,
    shade: None,
};
const CODE: Style = Style {
    font: Font::Code,
    size: 9.0,
    shade: Some(0.95),
};
const OUTPUT: Style = Style {
    font: Font::Code,
    size: 9.0,
    shade: None,
};
const NUMBER: Style = Style {
    font: Font::Code,
    size: 7.0,
    shade: None,
};

/// Returns the cells as a PDF.
pub(super) fn write<'n>(name: &str, cells: impl Iterator<Item = Shown<'n>>) -> Vec<u8> {
    let mut sheets = Sheets::new();
    for (cell, outputs) in cells {
        match cell.kind {
            CellKind::Markdown => prose(&mut sheets, cell),
            CellKind::Raw => sheets.text(&cell.source, OUTPUT),
            CellKind::Code => {
                if let Some(count) = cell.execution_count {
                    sheets.text(&format!("[{count}]"), NUMBER);
                }
                sheets.text(&cell.source, CODE);
                for output in outputs {
                    shown(&mut sheets, output);
                }
            }
        }
        sheets.space(8.0);
    }
    sheets.finish(name)
}

fn shown(sheets: &mut Sheets, output: &Value) {
    let picture = output
        .get("data")
        .and_then(Value::as_object)
        .and_then(picture);
    match (picture, plain(output)) {
        (Some(picture), _) => sheets.picture(picture),
        (None, Some(text)) => sheets.text(&text, OUTPUT),
        (None, None) => {
            let media: Vec<&str> = media_types(output).collect();
            sheets.text(&format!("[{}]", media.join(", ")), OUTPUT);
        }
    }
}

fn picture(data: &Map<String, Value>) -> Option<Picture> {
    let decoded = |mime: &str| {
        let base64: String = text(Some(data.get(mime)?))
            .split_ascii_whitespace()
            .collect();
        BASE64.decode(base64.as_bytes()).ok()
    };
    let of_png = decoded("image/png").and_then(|bytes| png::png(&bytes));
    of_png.or_else(|| decoded("image/jpeg").and_then(|bytes| png::jpeg(&bytes)))
}

/// Sets Markdown: headings, paragraphs, lists, code and attached images.
fn prose(sheets: &mut Sheets, cell: &Cell) {
    let mut style = PROSE;
    let mut line = String::new();
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    for event in Parser::new_ext(&cell.source, options) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                style = Style {
                    font: Font::Heading,
                    size: 20.0 - 2.0 * f32::from(level as u8),
                    shade: None,
                };
            }
            Event::Start(Tag::CodeBlock(_)) => {
                flush(sheets, &mut line, PROSE);
                style = CODE;
            }
            Event::Start(Tag::Item) => {
                flush(sheets, &mut line, style);
                line.push_str("\u{2022} ");
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                let file = dest_url
                    .strip_prefix("attachment:")
                    .and_then(|name| cell.attachments.as_ref()?.get(name));
                if let Some(picture) = file.and_then(Value::as_object).and_then(picture) {
                    flush(sheets, &mut line, style);
                    sheets.picture(picture);
                }
            }
            Event::End(TagEnd::TableCell) => line.push_str("   "),
            Event::End(TagEnd::Heading(_) | TagEnd::Paragraph | TagEnd::CodeBlock) => {
                flush(sheets, &mut line, style);
                sheets.space(4.0);
                style = PROSE;
            }
            Event::End(TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead) | Event::Rule => {
                flush(sheets, &mut line, style);
            }
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                line.push_str(&text)
            }
            Event::SoftBreak => line.push(' '),
            Event::HardBreak => line.push('\n'),
            _ => {}
        }
    }
    flush(sheets, &mut line, style);
}

fn flush(sheets: &mut Sheets, line: &mut String, style: Style) {
    if !line.trim().is_empty() {
        sheets.text(line.trim_end(), style);
    }
    line.clear();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::notebook::Notebook;
    use crate::notebook::export::png::tests::sample;
    use crate::notebook::live::{Document, Tracking};

    fn has(pdf: &[u8], text: &str) -> bool {
        pdf.windows(text.len())
            .any(|window| window == text.as_bytes())
    }

    #[test]
    fn text_code_outputs_and_images_are_on_the_pages() {
        let notebook = Notebook::from_cells(vec![
            (
                CellKind::Markdown,
                "# Title (one)\n\nplain text\n\n- item".into(),
                Vec::new(),
            ),
            (
                CellKind::Code,
                "print('\u{4e2d}')\n".repeat(200),
                Vec::new(),
            ),
        ]);
        let document = Document::of(notebook, 0, Tracking::default());
        let image = BASE64.encode(&sample(640, 480, 8, 6, 0, b""));
        let outputs = [
            vec![],
            vec![
                json!({"output_type": "stream", "name": "stdout", "text": "shown"}),
                json!({"output_type": "display_data", "data": {"image/png": image}}),
                json!({"output_type": "display_data", "data": {"image/png": "no image", "text/html": "x"}}),
            ],
        ];
        let pdf = write(
            "A name",
            document.cells().iter().map(AsRef::as_ref).zip(&outputs),
        );
        assert!(pdf.starts_with(b"%PDF-1.7") && pdf.ends_with(b"%%EOF"));
        for text in [
            "Title (one)",
            "plain text",
            "shown",
            "/DeviceN",
            "/Width 640",
            "[image/png, text/html]",
            "\\\\u4e2d",
        ] {
            assert!(has(&pdf, text), "{text}");
        }
        // 200 lines of code do not fit on three pages.
        assert!(has(&pdf, "/Count 4"), "{}", String::from_utf8_lossy(&pdf));
    }

    #[test]
    fn an_empty_notebook_is_one_empty_page() {
        let pdf = write("", std::iter::empty());
        assert!(has(&pdf, "/Count 1"));
    }
}
