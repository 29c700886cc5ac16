//! What code shows, as an agent sees it: text it can read, and images it can look at.

use rmcp::model::ContentBlock;
use serde_json::Value;

use crate::notebook::plain;
use crate::text::shortened;

/// Images of one answer, and bytes of all of them as base64. Clients take answers of no more than 1 MiB.
const IMAGES: usize = 10;
const IMAGE_BYTES: usize = 700 << 10;

/// What is left of a text at least, in bytes.
const LEAST: usize = 400;

/// The types of images that models take.
const TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Outputs as an agent sees them.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// In the order in which they were shown.
    pub(super) blocks: Vec<ContentBlock>,
    /// All text, one after the other.
    pub(super) text: String,
    /// Something was left out.
    pub(super) shortened: bool,
}

/// A part of an output.
enum Part<'a> {
    Text(String),
    Image(&'a str, String),
}

impl Content {
    /// Returns what outputs show, in about so many bytes of text.
    pub(super) fn of(outputs: &[Value], most: usize) -> Self {
        let parts: Vec<Part<'_>> = outputs.iter().flat_map(parts).collect();
        let texts = parts.iter().map(|part| match part {
            Part::Text(text) => text.len(),
            Part::Image(..) => 0,
        });
        let (length, count) = texts.fold((0, 0), |(length, count), one| {
            (length + one, count + usize::from(one > 0))
        });
        let each = match length > most {
            true => (most / count.max(1)).max(LEAST),
            false => most,
        };
        let mut content = Self::default();
        let (mut images, mut room) = (0, IMAGE_BYTES);
        for part in parts {
            match part {
                Part::Text(text) => {
                    content.shortened |= text.len() > each;
                    content.add(&shortened(&text, each));
                }
                Part::Image(kind, data) if images < IMAGES && data.len() <= room => {
                    images += 1;
                    room -= data.len();
                    content.blocks.push(ContentBlock::image(data, kind));
                }
                Part::Image(kind, data) => {
                    content.shortened = true;
                    content.add(&format!(
                        "[{kind} of {} bytes left out]",
                        data.len() * 3 / 4
                    ));
                }
            }
        }
        content
    }

    /// Adds text, in the block of the text before it.
    fn add(&mut self, text: &str) {
        let gap = |before: &str| match before.is_empty() || before.ends_with('\n') {
            true => "",
            false => "\n",
        };
        self.text.push_str(gap(&self.text));
        self.text.push_str(text);
        if let Some(ContentBlock::Text(last)) = self.blocks.last_mut() {
            last.text.push_str(gap(&last.text));
            last.text.push_str(text);
        } else {
            self.blocks.push(ContentBlock::text(text));
        }
    }
}

/// Returns the parts of an output that an agent can take. An image's text only says that it is one.
fn parts(output: &Value) -> Vec<Part<'_>> {
    let data = output.get("data").and_then(Value::as_object);
    let image = TYPES.iter().find_map(|kind| {
        let data: String = match data?.get(*kind)? {
            Value::String(data) => data.split_whitespace().collect(),
            Value::Array(lines) => lines
                .iter()
                .filter_map(Value::as_str)
                .flat_map(str::split_whitespace)
                .collect(),
            _ => return None,
        };
        // Who shows something may say it is an image, and it need not be one.
        let bytes = data_encoding::BASE64.decode(data.as_bytes());
        bytes.is_ok().then_some((*kind, data))
    });
    match image {
        Some((kind, data)) => vec![Part::Image(kind, data)],
        None => plain(output)
            .filter(|text| !text.is_empty())
            .map(Part::Text)
            .into_iter()
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn stream(text: &str) -> Value {
        json!({"output_type": "stream", "name": "stdout", "text": text})
    }

    fn image(data: &str) -> Value {
        let data = json!({"image/png": data, "text/plain": "<Figure>"});
        json!({"output_type": "display_data", "data": data, "metadata": {}})
    }

    #[test]
    fn texts_are_joined_and_images_stand_between_them() {
        let outputs = [stream("a"), stream("b\n"), image("aGk=\n"), stream("c")];
        let content = Content::of(&outputs, 1000);
        let blocks = serde_json::to_value(&content.blocks).expect("JSON");
        let expected = json!([
            {"type": "text", "text": "a\nb\n"},
            {"type": "image", "data": "aGk=", "mimeType": "image/png"},
            {"type": "text", "text": "c"},
        ]);
        assert_eq!(blocks, expected);
        assert_eq!(content.text, "a\nb\nc");
        assert!(!content.shortened);
    }

    #[test]
    fn what_says_it_is_an_image_and_is_none_is_text() {
        let content = Content::of(&[image("no base64!")], 1000);
        assert_eq!(content.text, "<Figure>");
        assert_eq!(content.blocks.len(), 1);
    }

    #[test]
    fn too_much_is_left_out_and_said() {
        let content = Content::of(&[stream(&"x".repeat(5000)), stream("end")], 1000);
        assert!(content.shortened && content.text.len() < 1200);
        assert!(content.text.ends_with("end"), "{}", content.text);
        let many: Vec<Value> = (0..=IMAGES).map(|_| image("aGk=")).collect();
        let content = Content::of(&many, 1000);
        assert_eq!(content.blocks.len(), IMAGES + 1);
        assert!(content.text.contains("left out"), "{}", content.text);
    }
}
