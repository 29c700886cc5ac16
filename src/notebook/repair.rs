//! What older and careless notebooks need to be valid nbformat 4.5.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use nbformat::v4::CellId;
use serde_json::{Map, Value, json};

use super::document::NotebookError;

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

/// Reads JSON as Python's `json` does: `NaN` and infinities, which are no JSON but stand in the
/// outputs of many notebooks, become null.
pub(super) fn read_json(text: &str) -> Result<Value, NotebookError> {
    serde_json::from_str(text).or_else(|source| {
        let Some(repaired) = without_nan(text) else {
            return Err(NotebookError::Json { source });
        };
        serde_json::from_str(&repaired).map_err(|_| NotebookError::Json { source })
    })
}

/// Returns the text with bare `NaN`, `Infinity` and `-Infinity` replaced by null, or none when it
/// has none.
fn without_nan(text: &str) -> Option<String> {
    let mut result = String::with_capacity(text.len());
    let (mut rest, mut in_string, mut found) = (text, false, false);
    while let Some(letter) = rest.chars().next() {
        let word = if in_string {
            None
        } else {
            ["NaN", "-Infinity", "Infinity"]
                .into_iter()
                .find(|word| rest.starts_with(word))
        };
        if let Some(word) = word {
            result.push_str("null");
            rest = &rest[word.len()..];
            found = true;
            continue;
        }
        let mut taken = letter.len_utf8();
        if letter == '"' {
            in_string = !in_string;
        } else if in_string && letter == '\\' {
            taken += rest[1..].chars().next().map_or(0, char::len_utf8);
        }
        result.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    found.then_some(result)
}

/// Upgrades a notebook of nbformat 3.
pub(super) fn upgrade_v3(text: &str) -> Result<Map<String, Value>, NotebookError> {
    let shape = |reason: String| NotebookError::Shape {
        reason: format!("its nbformat 3 cannot be upgraded: {reason}"),
    };
    let read = nbformat::parse_notebook(text).map_err(|error| shape(error.to_string()))?;
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
    if is_code {
        cell.remove("attachments");
        cell.entry("outputs").or_insert_with(|| json!([]));
        cell.entry("execution_count").or_insert(Value::Null);
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
