//! What careless outputs need to be valid nbformat 4.5.

use serde_json::{Map, Value, json};

/// Returns an output with everything that 4.5 wants in it, or what is wrong with it. What is
/// missing is filled in; what no version of the format has is refused.
pub(super) fn repaired(output: Value) -> Result<Value, String> {
    let Value::Object(mut output) = output else {
        return Err("it must be an object".into());
    };
    let kind = output.get("output_type").and_then(Value::as_str);
    let keys: &[&str] = match kind {
        Some("stream") => {
            let named = output
                .get("name")
                .is_some_and(|name| name == "stdout" || name == "stderr");
            if !named {
                output.insert("name".into(), json!("stdout"));
            }
            let text = text_of(output.remove("text").unwrap_or_default())
                .ok_or("its \"text\" must be a text or a list of lines")?;
            output.insert("text".into(), Value::String(text));
            &["output_type", "name", "text"]
        }
        Some(kind @ ("display_data" | "execute_result")) => {
            let is_result = kind == "execute_result";
            let Some(Value::Object(data)) = output.remove("data") else {
                return Err("its \"data\" must be an object".into());
            };
            let data: Map<String, Value> = data
                .into_iter()
                .map(|(mime, value)| media(mime, value))
                .collect();
            output.insert("data".into(), Value::Object(data));
            if !output.get("metadata").is_some_and(Value::is_object) {
                output.insert("metadata".into(), json!({}));
            }
            if !is_result {
                &["output_type", "data", "metadata"]
            } else {
                if output
                    .get("execution_count")
                    .and_then(Value::as_u64)
                    .is_none()
                {
                    output.insert("execution_count".into(), Value::Null);
                }
                &["output_type", "data", "metadata", "execution_count"]
            }
        }
        Some("error") => {
            for key in ["ename", "evalue"] {
                let text = output.remove(key).and_then(text_of).unwrap_or_default();
                output.insert(key.into(), Value::String(text));
            }
            let lines = match output.remove("traceback") {
                Some(Value::Array(lines)) => lines.into_iter().filter(Value::is_string).collect(),
                Some(_) | None => Vec::new(),
            };
            output.insert("traceback".into(), Value::Array(lines));
            &["output_type", "ename", "evalue", "traceback"]
        }
        Some(_) | None => {
            return Err(
                "its \"output_type\" must be \"stream\", \"display_data\", \"execute_result\" or \"error\"".into(),
            );
        }
    };
    output.retain(|key, _| keys.contains(&key.as_str()));
    Ok(Value::Object(output))
}

/// Returns a text that a notebook may write as a list of lines.
pub(super) fn text_of(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Array(lines) => lines.iter().map(Value::as_str).collect(),
        Value::Null => Some(String::new()),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

/// Returns data of a media type as 4.5 has it: JSON under JSON's types, and text elsewhere.
fn media(mime: String, value: Value) -> (String, Value) {
    if is_json(&mime) {
        return (mime, value);
    }
    let text = text_of(value.clone()).unwrap_or_else(|| value.to_string());
    (mime, Value::String(text))
}

/// Tells whether nbformat has JSON under the media type, and no text.
pub(super) fn is_json(mime: &str) -> bool {
    mime == "application/json" || (mime.starts_with("application/") && mime.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notebook::repair;

    #[test]
    fn outputs_are_completed_or_refused() {
        let read = |output: Value| {
            repair::cell(json!({"cell_type": "code", "source": "", "outputs": [output]}))
        };
        let good = [
            (
                json!({"output_type": "stream", "text": ["a\n", "b"], "x": 1}),
                json!({"output_type": "stream", "name": "stdout", "text": "a\nb"}),
            ),
            (
                json!({"output_type": "display_data", "data": {"text/plain": ["a"], "image/png": 7, "a/b": {"c": 1},
                    "application/json": [1], "application/a+json": {"b": 1}}}),
                json!({"output_type": "display_data", "metadata": {}, "data": {"text/plain": "a", "image/png": "7",
                    "a/b": "{\"c\":1}", "application/json": [1], "application/a+json": {"b": 1}}}),
            ),
            (
                json!({"output_type": "execute_result", "data": {}, "execution_count": "7"}),
                json!({"output_type": "execute_result", "data": {}, "metadata": {}, "execution_count": null}),
            ),
            (
                json!({"output_type": "error", "traceback": ["a", 1]}),
                json!({"output_type": "error", "ename": "", "evalue": "", "traceback": ["a"]}),
            ),
        ];
        for (found, wanted) in good {
            assert_eq!(
                read(found.clone()).unwrap()["outputs"],
                json!([wanted]),
                "{found}"
            );
        }
        for bad in [
            json!(1),
            json!({}),
            json!({"output_type": "pyout"}),
            json!({"output_type": "stream", "text": {"a": 1}}),
            json!({"output_type": "display_data", "data": "x"}),
        ] {
            let reason = read(bad.clone()).unwrap_err();
            assert!(reason.starts_with("output 1: "), "{bad}: {reason}");
        }
        let none = json!({"cell_type": "code", "source": "", "outputs": {"a": 1}});
        assert_eq!(
            repair::cell(none).unwrap_err(),
            "its \"outputs\" must be a list"
        );
    }
}
