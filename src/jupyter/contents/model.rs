//! Files and folders as Jupyter's clients know them.

use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::error_code::{ErrorCode, Fault};
use crate::file::Entry;

/// What something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ContentsKind)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Directory,
    File,
    Notebook,
}

/// How a content is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ContentsFormat)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// A notebook, or the list of what is in a folder.
    Json,
    Text,
    Base64,
}

/// A file, a notebook or a folder.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContentsModel)]
pub(crate) struct Model {
    name: String,
    path: String,
    #[serde(rename = "type")]
    kind: Kind,
    writable: bool,
    created: String,
    last_modified: String,
    size: Option<u64>,
    mimetype: Option<String>,
    /// The text, the notebook or the list of models; null when it was not asked for.
    content: Value,
    format: Option<Format>,
    /// Of the file's bytes, when it was asked for.
    hash: Option<String>,
    hash_algorithm: Option<&'static str>,
}

impl Model {
    /// Returns the model of what lies in a project, without its content.
    pub(super) fn of(entry: &Entry, kind: Kind) -> Self {
        let path = entry.path().to_owned();
        Self {
            name: path.rsplit('/').next().unwrap_or_default().to_owned(),
            path,
            kind,
            writable: true,
            // No file system that is used here remembers when something came to be.
            created: entry.modified().to_owned(),
            last_modified: entry.modified().to_owned(),
            size: entry.is_file().then(|| entry.size()),
            mimetype: match kind {
                Kind::File => entry.media_type().map(str::to_owned),
                Kind::Directory | Kind::Notebook => None,
            },
            content: Value::Null,
            format: None,
            hash: None,
            hash_algorithm: None,
        }
    }

    pub(super) fn with(mut self, content: Value, format: Format) -> Self {
        self.content = content;
        self.format = Some(format);
        self
    }

    pub(super) fn with_hash_of(mut self, bytes: &[u8]) -> Self {
        self.hash = Some(HEXLOWER.encode(&Sha256::digest(bytes)));
        self.hash_algorithm = Some("sha256");
        self
    }

    /// Returns the path, within the project.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

/// Returns what something is that lies in a project; none for links and what else is no file.
pub(super) fn kind_of(entry: &Entry) -> Option<Kind> {
    match (entry.is_folder(), entry.is_file()) {
        (true, _) => Some(Kind::Directory),
        (_, true) if entry.name().ends_with(".ipynb") => Some(Kind::Notebook),
        (_, true) => Some(Kind::File),
        (false, false) => None,
    }
}

/// Returns the content of a file in the format that is wanted; by default text, and what is no text in base64.
pub(super) fn content_of(bytes: Vec<u8>, wanted: Option<Format>) -> Result<(Value, Format), Fault> {
    let text = match wanted {
        Some(Format::Base64) => Err(bytes),
        Some(Format::Json) => {
            return Err(Fault::field("format", "a file is text or base64"));
        }
        Some(Format::Text) | None => {
            String::from_utf8(bytes).map_err(std::string::FromUtf8Error::into_bytes)
        }
    };
    match (text, wanted) {
        (Ok(text), _) => Ok((text.into(), Format::Text)),
        (Err(_), Some(Format::Text)) => Err(Fault::new(
            ErrorCode::InvalidField,
            "The file is no text in UTF-8; ask for the format base64.",
        )),
        (Err(bytes), _) => Ok((BASE64.encode(&bytes).into(), Format::Base64)),
    }
}

/// Returns the bytes that a client sent.
pub(super) fn bytes_of(content: Value, format: Option<Format>) -> Result<Vec<u8>, Fault> {
    let Value::String(text) = content else {
        return Err(Fault::field("content", "of a file it must be a text"));
    };
    match format {
        Some(Format::Base64) => {
            let plain: Vec<u8> = text
                .bytes()
                .filter(|byte| !byte.is_ascii_whitespace())
                .collect();
            BASE64
                .decode(&plain)
                .map_err(|error| Fault::field("content", format!("it is no base64: {error}")))
        }
        Some(Format::Json) => Err(Fault::field("format", "a file is text or base64")),
        Some(Format::Text) | None => Ok(text.into_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_sent_as_text_and_all_else_in_base64() {
        let content = |bytes: &[u8], wanted| content_of(bytes.to_vec(), wanted);
        let text = (json!("ä"), Format::Text);
        assert_eq!(content("ä".as_bytes(), None).expect("text"), text);
        assert_eq!(
            content("ä".as_bytes(), Some(Format::Text)).expect("text"),
            text
        );
        let encoded = (json!("/w=="), Format::Base64);
        assert_eq!(content(b"\xff", None).expect("bytes"), encoded);
        assert_eq!(
            content(b"\xff", Some(Format::Base64)).expect("bytes"),
            encoded
        );
        assert!(content(b"\xff", Some(Format::Text)).is_err());
        assert!(content(b"{}", Some(Format::Json)).is_err());
    }

    #[test]
    fn what_was_sent_comes_back() {
        let bytes = |content, format| bytes_of(content, format);
        assert_eq!(bytes(json!("ä"), None).expect("text"), "ä".as_bytes());
        let encoded = bytes(json!("/w\n=="), Some(Format::Base64));
        assert_eq!(encoded.expect("base64"), b"\xff");
        for (content, format) in [
            (json!("/w"), Some(Format::Base64)),
            (json!("x"), Some(Format::Json)),
            (json!({}), None),
            (Value::Null, Some(Format::Text)),
        ] {
            assert!(bytes(content.clone(), format).is_err(), "{content}");
        }
    }
}
