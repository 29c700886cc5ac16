//! The secrets that a session was granted: a function that its code can call, and answers without them.

use std::collections::BTreeMap;
use std::sync::Arc;

use python_wasm::{ToolError, Tools};
use serde_json::{Map, Value};

use super::desk::failed;
use super::protocol::{Answer, Failed, FailedKind};
use crate::secret::{Granted, Redactor, SecretText};

/// What `help(tools.secret)` says.
const DOC: &str = "Returns the value of a secret that this session was granted.";

/// Returns `tools.secret` for what was granted; no function at all where nothing was.
pub(super) fn tools(granted: &[Granted]) -> Arc<Tools> {
    if granted.is_empty() {
        return Arc::default();
    }
    let values = granted
        .iter()
        .map(|secret| (secret.name.clone(), secret.value.clone()));
    let values = Arc::new(values.collect::<BTreeMap<String, SecretText>>());
    let call = move |arguments: Map<String, Value>| {
        let values = Arc::clone(&values);
        async move { find(&values, &arguments) }
    };
    Arc::new(Tools::none().with("secret", "(name: str) -> str", DOC, call))
}

fn find(
    values: &BTreeMap<String, SecretText>,
    arguments: &Map<String, Value>,
) -> Result<Value, ToolError> {
    let name = arguments
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    match values.get(name) {
        Some(value) => Ok(value.reveal().into()),
        None => {
            let there: Vec<&str> = values.keys().map(String::as_str).collect();
            Err(ToolError::new(format!(
                "this session was granted no secret {name:?}, or it is no longer there; it has {}",
                there.join(", ")
            )))
        }
    }
}

/// Returns an answer without what the session was granted.
pub(super) fn without_secrets(
    redactor: Option<&Redactor>,
    result: Result<Answer, Failed>,
) -> Result<Answer, Failed> {
    let Some(redactor) = redactor else {
        return result;
    };
    redactor.clean(&result).unwrap_or_else(|| {
        let message = "the answer cannot be told: there is a secret in it";
        Err(failed(FailedKind::Refused, message))
    })
}
