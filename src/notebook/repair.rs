//! What older and careless notebooks need to be valid nbformat 4.5.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use nbformat::v4::CellId;
use serde_json::{Map, Value, json};

use super::document::NotebookError;
use super::repair_output;

/// Keys that nbformat 4.5 admits in a cell; others make a notebook invalid.
const CELL_KEYS: [&str; 7] = [
    "id",
    "cell_type",
    "metadata",
    "source",
    "outputs",
    "execution_count",
    "attachments",
];

/// Objects and values that a notebook may be made of. A short text can hold very many, and each
/// object takes hundreds of bytes of memory; 100,000 cells have about 300,000 objects.
const MOST_OBJECTS: usize = 1_000_000;
const MOST_VALUES: usize = 10_000_000;

/// Refuses text that would take far more memory than its length says.
pub(super) fn bounded(text: &str) -> Result<(), NotebookError> {
    let (mut objects, mut values, mut in_string, mut escaped) = (0, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' => objects += 1,
            b'[' | b',' => values += 1,
            _ => {}
        }
    }
    for (found, most, what) in [
        (objects, MOST_OBJECTS, "objects"),
        (values, MOST_VALUES, "values"),
    ] {
        if found > most {
            let reason = format!("it is made of {found} {what}, and {most} are allowed");
            return Err(NotebookError::Shape { reason });
        }
    }
    Ok(())
}

/// Reads JSON as Python's `json` does: `NaN` and infinities, which are no JSON but stand in the
/// outputs of many notebooks, become null, and half a surrogate pair becomes U+FFFD.
pub(super) fn read_json(text: &str) -> Result<Value, NotebookError> {
    serde_json::from_str(text).or_else(|source| {
        let Some(repaired) = repaired(text) else {
            return Err(NotebookError::Json { source });
        };
        serde_json::from_str(&repaired).map_err(|_| NotebookError::Json { source })
    })
}

/// Returns the text with bare `NaN`, `Infinity` and `-Infinity` replaced by null and escapes of
/// half a surrogate pair by that of U+FFFD, or none when it has none of these.
fn repaired(text: &str) -> Option<String> {
    let mut result = String::with_capacity(text.len());
    let (mut rest, mut in_string, mut found) = (text, false, false);
    while let Some(letter) = rest.chars().next() {
        let mut taken = letter.len_utf8();
        let mut instead = None;
        match letter {
            '"' => in_string = !in_string,
            '\\' if in_string => match escaped_unit(rest) {
                Some(0xD800..=0xDBFF)
                    if matches!(escaped_unit(&rest[ESCAPE..]), Some(0xDC00..=0xDFFF)) =>
                {
                    taken = 2 * ESCAPE;
                }
                Some(0xD800..=0xDFFF) => (taken, instead) = (ESCAPE, Some("\\ufffd")),
                Some(_) | None => taken += rest[1..].chars().next().map_or(0, char::len_utf8),
            },
            'N' | 'I' | '-' if !in_string => {
                let words = ["NaN", "-Infinity", "Infinity"];
                if let Some(word) = words.into_iter().find(|word| rest.starts_with(word)) {
                    (taken, instead) = (word.len(), Some("null"));
                }
            }
            _ => {}
        }
        found |= instead.is_some();
        result.push_str(instead.unwrap_or(&rest[..taken]));
        rest = &rest[taken..];
    }
    found.then_some(result)
}

/// Length of an escape such as `\ud800`.
const ESCAPE: usize = 6;

/// Returns the UTF-16 unit of the escape that the text begins with.
fn escaped_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..ESCAPE - 2)?;
    let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| plain)
}

/// Upgrades a notebook of nbformat 3.
pub(super) fn upgrade_v3(mut old: Map<String, Value>) -> Result<Map<String, Value>, NotebookError> {
    let shape = |reason: String| NotebookError::Shape {
        reason: format!("its nbformat 3 cannot be upgraded: {reason}"),
    };
    html_to_markdown(&mut old);
    sheets_have_metadata(&mut old);
    let text = Value::Object(old).to_string();
    let read = nbformat::parse_notebook(&text).map_err(|error| shape(error.to_string()))?;
    let nbformat::Notebook::V3(old) = read else {
        return Err(shape("it is not what its version says".into()));
    };
    let new = nbformat::upgrade_v3_notebook(old).map_err(|error| shape(error.to_string()))?;
    match serde_json::to_value(new) {
        Ok(Value::Object(root)) => Ok(root),
        Ok(_) => Err(shape("it is not an object".into())),
        Err(error) => Err(shape(error.to_string())),
    }
}

/// Makes the `html` cells of nbformat 3 Markdown, which may hold HTML, as Jupyter does.
fn html_to_markdown(old: &mut Map<String, Value>) {
    let worksheets = old.get_mut("worksheets").and_then(Value::as_array_mut);
    let cells = worksheets
        .into_iter()
        .flatten()
        .filter_map(|sheet| sheet.get_mut("cells")?.as_array_mut())
        .flatten();
    for kind in cells.filter_map(|cell| cell.get_mut("cell_type")) {
        if kind == "html" {
            *kind = json!("markdown");
        }
    }
}

/// Gives each worksheet the metadata that it may leave out.
fn sheets_have_metadata(old: &mut Map<String, Value>) {
    let worksheets = old.get_mut("worksheets").and_then(Value::as_array_mut);
    for sheet in worksheets
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        sheet.entry("metadata").or_insert_with(|| json!({}));
    }
}

/// Returns a cell with everything that 4.5 wants in it, or what is wrong with it.
pub(super) fn cell(cell: Value) -> Result<Map<String, Value>, String> {
    let Value::Object(mut cell) = cell else {
        return Err("it must be an object".into());
    };
    let kind = cell.get("cell_type").and_then(Value::as_str);
    let is_code = match kind {
        Some("code") => true,
        Some("markdown" | "raw") => false,
        Some(_) | None => {
            return Err("its \"cell_type\" must be \"code\", \"markdown\" or \"raw\"".into());
        }
    };
    let source_fits = match cell.get("source") {
        Some(Value::String(_)) => true,
        Some(Value::Array(lines)) => lines.iter().all(Value::is_string),
        Some(_) | None => false,
    };
    if !source_fits {
        return Err("its \"source\" must be a text or a list of lines".into());
    }
    match cell.get("metadata") {
        Some(Value::Object(_)) => {}
        None => {
            cell.insert("metadata".into(), json!({}));
        }
        Some(_) => return Err("its \"metadata\" must be an object".into()),
    }
    cell.retain(|key, _| CELL_KEYS.contains(&key.as_str()));
    if !cell.get("attachments").is_none_or(Value::is_object) {
        return Err("its \"attachments\" must be an object".into());
    }
    if is_code {
        cell.remove("attachments");
        let outputs = match cell.remove("outputs") {
            Some(Value::Array(outputs)) => outputs,
            None => Vec::new(),
            Some(_) => return Err("its \"outputs\" must be a list".into()),
        };
        let outputs: Result<Vec<Value>, String> = outputs
            .into_iter()
            .enumerate()
            .map(|(index, output)| {
                repair_output::repaired(output)
                    .map_err(|reason| format!("output {}: {reason}", index + 1))
            })
            .collect();
        cell.insert("outputs".into(), Value::Array(outputs?));
        if cell
            .get("execution_count")
            .and_then(Value::as_u64)
            .is_none()
        {
            cell.insert("execution_count".into(), Value::Null);
        }
    } else {
        cell.remove("outputs");
        cell.remove("execution_count");
    }
    Ok(cell)
}

/// Gives every cell a valid id of its own. Ids that are fine stay; new ones follow from the
/// cell's place and text, so that the same notebook gets the same ids again.
pub(super) fn ids(cells: &mut [Map<String, Value>]) {
    let mut taken = HashSet::new();
    for cell in cells.iter_mut() {
        let id = cell.get("id").and_then(Value::as_str);
        let valid = id.is_some_and(|id| CellId::new(id).is_ok() && taken.insert(id.to_owned()));
        if !valid {
            cell.remove("id");
        }
    }
    for (index, cell) in cells.iter_mut().enumerate() {
        if cell.contains_key("id") {
            continue;
        }
        let mut hasher = DefaultHasher::new();
        (index, cell.get("source").map(Value::to_string)).hash(&mut hasher);
        let mut number = hasher.finish();
        let id = loop {
            let id = format!("{number:016x}");
            if taken.insert(id.clone()) {
                break id;
            }
            number = number.wrapping_add(1);
        };
        cell.insert("id".into(), json!(id));
    }
}

/// Fills in what the code is written in, for viewers, and what nbformat asks of a kernel's name.
pub(super) fn language(metadata: &mut Map<String, Value>) {
    let kernel = metadata
        .entry("kernelspec")
        .or_insert_with(|| json!({"language": "python"}));
    if let Some(kernel) = kernel.as_object_mut() {
        kernel.entry("name").or_insert_with(|| json!("python3"));
        kernel
            .entry("display_name")
            .or_insert_with(|| json!("Python 3"));
    }
    let language = json!({
        "name": "python",
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    });
    metadata.insert("language_info".into(), language);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_outside_of_strings_becomes_null() {
        let text = r#"{"a": [NaN, -Infinity, 1], "b": "NaN \" Infinity"}"#;
        assert_eq!(
            read_json(text).unwrap(),
            json!({"a": [null, null, 1], "b": "NaN \" Infinity"})
        );
        assert!(read_json(r#"{"a": nan}"#).is_err());
    }

    #[test]
    fn text_that_would_fill_the_memory_is_refused() {
        let braces = "{},".repeat(MOST_OBJECTS + 1);
        assert!(
            bounded(&braces)
                .unwrap_err()
                .to_string()
                .contains("1000001 objects")
        );
        // Within a text they are letters.
        assert!(bounded(&format!("\"\\\"{braces}\"")).is_ok());
        let lists = "[],".repeat(MOST_VALUES / 2 + 1);
        assert!(bounded(&lists).unwrap_err().to_string().contains("values"));
    }

    #[test]
    fn half_a_surrogate_pair_becomes_the_replacement_character() {
        let text = r#"["\ud800", "\uDFFF\ud83d\ude00", "\ud800\ud83d\ude00", "\ud83d", "\\ud800"]"#;
        assert_eq!(
            read_json(text).unwrap(),
            json!([
                "\u{fffd}",
                "\u{fffd}\u{1f600}",
                "\u{fffd}\u{1f600}",
                "\u{fffd}",
                "\\ud800"
            ])
        );
        for wrong in [
            r#"["\ud80"]"#,
            r#"["\ud800"#,
            r#"["\u+123"]"#,
            r#""\"#,
            r#"["\ud800\u"]"#,
        ] {
            assert!(read_json(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn bad_and_double_ids_are_replaced_and_good_ones_stay() {
        let cell = |id: Value| json!({"id": id, "cell_type": "raw", "source": ""});
        let cells = [json!("good"), json!("good"), json!("a b"), json!(7)];
        let mut cells: Vec<_> = cells
            .into_iter()
            .map(|id| super::cell(cell(id)).unwrap())
            .collect();
        ids(&mut cells);
        let found: HashSet<_> = cells
            .iter()
            .map(|cell| cell["id"].as_str().unwrap())
            .collect();
        assert_eq!((found.len(), cells[0]["id"].as_str()), (4, Some("good")));
        assert!(found.iter().all(|id| CellId::new(id).is_ok()));
    }
}
