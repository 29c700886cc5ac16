//! Large outputs stand in files of their own, named by their hash, so that a notebook stays
//! something that can be read as a whole. The output says what is missing from it:
//! `metadata.cellblock.kept` maps media types to hashes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use data_encoding::BASE64;
use sandbox_policy::format_size;
use serde_json::{Map, Value, json};

use super::repair_output;
use crate::text::shortened;

/// The most bytes of one media type of an output that stay in the notebook.
const LARGEST: usize = 256 << 10;

/// What stays of a text that is kept elsewhere.
const EXCERPT: usize = 32 << 10;

/// The key in an output's metadata.
const OURS: &str = "cellblock";

/// Takes what is too large out of outputs; the bytes are put into `files` by their hash.
pub(super) fn shrink(outputs: Vec<Value>, files: &mut BTreeMap<String, Arc<[u8]>>) -> Vec<Value> {
    let mut result = Vec::with_capacity(outputs.len());
    for mut output in outputs {
        match output.get("output_type").and_then(Value::as_str) {
            Some("stream") => result.push(shrunk_stream(output, files)),
            Some("error") => {
                let whole = shrink_error(&mut output, files);
                result.push(output);
                result.extend(whole);
            }
            Some(_) | None => {
                shrink_data(&mut output, files);
                result.push(output);
            }
        }
    }
    result
}

fn file(bytes: Vec<u8>, files: &mut BTreeMap<String, Arc<[u8]>>) -> Value {
    let hash = blake3::hash(&bytes).to_hex().to_string();
    let reference = json!({"hash": hash, "bytes": bytes.len()});
    files.insert(hash, bytes.into());
    reference
}

/// A stream has no metadata in nbformat: a large one becomes a display of its beginning and end.
fn shrunk_stream(output: Value, files: &mut BTreeMap<String, Arc<[u8]>>) -> Value {
    let text = output
        .get("text")
        .cloned()
        .and_then(repair_output::text_of)
        .unwrap_or_default();
    if text.len() <= LARGEST {
        return output;
    }
    let excerpt = shortened(&text, EXCERPT);
    let kept = json!({"text/plain": file(text.into_bytes(), files)});
    json!({
        "output_type": "display_data",
        "data": {"text/plain": excerpt},
        "metadata": {OURS: {"stream": output["name"], "kept": kept}},
    })
}

/// Shortens a large error, and returns a display that keeps the whole of it.
fn shrink_error(output: &mut Value, files: &mut BTreeMap<String, Arc<[u8]>>) -> Option<Value> {
    let lines = output
        .get("traceback")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let traceback = lines
        .iter()
        .filter_map(Value::as_str)
        .collect::<Vec<_>>()
        .join("\n");
    for key in ["ename", "evalue"] {
        if let Some(text) = output.get(key).and_then(Value::as_str)
            && text.len() > EXCERPT
        {
            output[key] = json!(shortened(text, EXCERPT));
        }
    }
    if traceback.len() <= LARGEST {
        return None;
    }
    output["traceback"] = json!([shortened(&traceback, EXCERPT)]);
    let note = format!(
        "The whole traceback has {}.",
        format_size(traceback.len() as u64)
    );
    let kept = json!({"text/plain": file(traceback.into_bytes(), files)});
    Some(json!({
        "output_type": "display_data",
        "data": {"text/plain": note},
        "metadata": {OURS: {"kept": kept}},
    }))
}

fn shrink_data(output: &mut Value, files: &mut BTreeMap<String, Arc<[u8]>>) {
    let Some(Value::Object(data)) = output.get_mut("data") else {
        return;
    };
    let mut kept = Map::new();
    for (mime, value) in data.iter() {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Array(_) | Value::Object(_) => value.to_string(),
            Value::Null | Value::Bool(_) | Value::Number(_) => continue,
        };
        if text.len() > LARGEST {
            let bytes = match decoded(mime, &text) {
                Some(bytes) => bytes,
                None => text.into_bytes(),
            };
            kept.insert(mime.clone(), file(bytes, files));
        }
    }
    if kept.is_empty() {
        return;
    }
    let mut ours = json!({});
    for (mime, reference) in &kept {
        let size = format_size(reference["bytes"].as_u64().unwrap_or_default());
        if let (Some(Value::String(text)), "text/plain") = (data.get(mime), mime.as_str()) {
            let excerpt = shortened(text, EXCERPT);
            data.insert(mime.clone(), json!(excerpt));
            continue;
        }
        data.remove(mime);
        if !data.contains_key("text/plain") {
            data.insert("text/plain".into(), json!(format!("[{mime}, {size}]")));
            ours["filler"] = json!(true);
        }
    }
    ours["kept"] = Value::Object(kept);
    if !output.get("metadata").is_some_and(Value::is_object) {
        output["metadata"] = json!({});
    }
    output["metadata"][OURS] = ours;
}

/// Returns what base64 stands for, where a media type is written so in notebooks.
fn decoded(mime: &str, text: &str) -> Option<Vec<u8>> {
    if !is_binary(mime) {
        return None;
    }
    let plain: String = text.split_ascii_whitespace().collect();
    BASE64.decode(plain.as_bytes()).ok()
}

fn is_binary(mime: &str) -> bool {
    let media = ["image/", "audio/", "video/"]
        .iter()
        .any(|start| mime.starts_with(start));
    (media && mime != "image/svg+xml") || mime == "application/pdf"
}

/// Returns the files that an output refers to: media type and hash.
pub(super) fn references(output: &Value) -> impl Iterator<Item = (&str, &str)> {
    let kept = output
        .get("metadata")
        .and_then(|metadata| metadata.get(OURS)?.get("kept")?.as_object());
    kept.into_iter().flatten().filter_map(|(mime, reference)| {
        let hash = reference.get("hash")?.as_str()?;
        is_hash(hash).then_some((mime.as_str(), hash))
    })
}

/// Returns all words of a file that can be the name of a kept output.
pub(super) fn mentioned(file: &[u8]) -> BTreeSet<String> {
    file.split(|byte| !byte.is_ascii_alphanumeric())
        .filter_map(|word| str::from_utf8(word).ok())
        .filter(|word| is_hash(word))
        .map(str::to_owned)
        .collect()
}

/// Tells whether a text can be the name of a kept output.
pub(super) fn is_hash(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Returns an output with what was taken out of it; what `fetch` does not have stays out.
pub(super) fn restored(mut output: Value, mut fetch: impl FnMut(&str) -> Option<Vec<u8>>) -> Value {
    let wanted: Vec<(String, String)> = references(&output)
        .map(|(mime, hash)| (mime.to_owned(), hash.to_owned()))
        .collect();
    if wanted.is_empty() {
        return output;
    }
    for (mime, hash) in wanted {
        let Some(bytes) = fetch(&hash) else {
            return output;
        };
        let value = if repair_output::is_json(&mime) {
            serde_json::from_slice(&bytes).unwrap_or_default()
        } else {
            json!(
                String::from_utf8(bytes).unwrap_or_else(|binary| BASE64.encode(binary.as_bytes()))
            )
        };
        if let Some(Value::Object(data)) = output.get_mut("data") {
            data.insert(mime, value);
        }
    }
    let ours = output["metadata"]
        .as_object_mut()
        .and_then(|metadata| metadata.remove(OURS));
    let ours = ours.unwrap_or_default();
    if let Some(name) = ours.get("stream") {
        return json!({"output_type": "stream", "name": name, "text": output["data"]["text/plain"]});
    }
    if ours.get("filler").is_some()
        && let Some(Value::Object(data)) = output.get_mut("data")
    {
        data.remove("text/plain");
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_large_comes_back_as_it_was() {
        let long = "line of text\n".repeat(LARGEST / 12);
        let image = BASE64.encode(&[0xff; LARGEST]);
        let outputs = vec![
            json!({"output_type": "stream", "name": "stderr", "text": long}),
            json!({"output_type": "stream", "name": "stdout", "text": "short"}),
            json!({"output_type": "display_data", "metadata": {"a": 1}, "data": {"image/png": image}}),
            json!({"output_type": "execute_result", "metadata": {}, "execution_count": 1,
                "data": {"text/plain": "x", "text/html": long, "application/json": [long]}}),
        ];
        let mut files = BTreeMap::new();
        let small = shrink(outputs.clone(), &mut files);
        assert!(serde_json::to_vec(&small).unwrap().len() < 2 * EXCERPT + 4096);
        assert_eq!(files.len(), 3, "the stream and the page are the same bytes");
        // An image is kept as an image, and not as its base64.
        assert!(files.values().any(|bytes| bytes[..] == [0xff; LARGEST][..]));
        assert_eq!(small[2]["data"]["text/plain"], "[image/png, 256 KiB]");
        // What is small already stays as it is.
        assert_eq!(shrink(small.clone(), &mut files), small);
        let back: Vec<_> = small
            .iter()
            .map(|output| {
                restored(output.clone(), |hash| {
                    files.get(hash).map(|bytes| bytes.to_vec())
                })
            })
            .collect();
        assert_eq!(back, outputs);
        assert_eq!(restored(small[0].clone(), |_| None), small[0]);
    }

    #[test]
    fn a_large_error_stays_an_error() {
        let long = "File \"x\"\n".repeat(LARGEST / 8);
        let error =
            json!({"output_type": "error", "ename": "E", "evalue": long, "traceback": [long]});
        let mut files = BTreeMap::new();
        let small = shrink(vec![error], &mut files);
        assert_eq!(small[0]["output_type"], "error");
        let (mime, hash) = references(&small[1]).next().unwrap();
        assert_eq!((mime, files[hash].len()), ("text/plain", long.len()));
    }

    #[test]
    fn every_name_in_a_file_is_found_and_nothing_else() {
        let (first, second) = ("0a".repeat(32), "f".repeat(64));
        let file = format!(
            "{{\"hash\": \"{first}\", \"x\": [\"{second}\", \"{first}0\", \"{}\"]}}",
            "A".repeat(64)
        );
        assert_eq!(mentioned(file.as_bytes()), BTreeSet::from([first, second]));
    }

    #[test]
    fn a_forged_reference_names_no_path() {
        let output =
            json!({"metadata": {"cellblock": {"kept": {"a/b": {"hash": "../../local.json"}}}}});
        assert_eq!(references(&output).count(), 0);
        let output = json!({"metadata": {"cellblock": "x"}});
        assert_eq!(references(&output).count(), 0);
    }
}
