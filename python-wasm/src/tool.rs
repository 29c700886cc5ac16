//! Functions of the embedding program that guest code may call.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use serde_json::{Map, Value, json};

/// The answer of a tool, while it is worked on.
pub type ToolFuture = Pin<Box<dyn Future<Output = Result<Value, ToolError>> + Send>>;

/// Why a tool refused. The text is shown to guest code, so it must not hold anything secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ToolError {
    message: String,
}

impl ToolError {
    /// Returns a refusal with a text for the guest.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

struct Tool {
    signature: String,
    doc: String,
    call: Box<dyn Fn(Map<String, Value>) -> ToolFuture + Send + Sync>,
}

/// The functions a session is granted. Empty by default: guest code can call nothing.
///
/// In the guest they are imported by name, with signature and docstring:
/// `import tools` and then `tools.price("apple")`.
#[derive(Default)]
pub struct Tools {
    tools: BTreeMap<String, Tool>,
}

impl Tools {
    /// Returns no tools.
    pub fn none() -> Self {
        Self::default()
    }

    /// Grants a function. `signature` is Python's, such as `(item: str, count: int = 1) -> float`;
    /// the arguments arrive by name.
    ///
    /// # Panics
    /// When `name` is not a Python identifier.
    #[must_use]
    pub fn with<F, R>(mut self, name: &str, signature: &str, doc: &str, call: F) -> Self
    where
        F: Fn(Map<String, Value>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Value, ToolError>> + Send + 'static,
    {
        let mut letters = name.chars();
        let identifier = letters
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        assert!(
            identifier,
            "a tool's name must be a Python identifier, not {name:?}"
        );
        let call = Box::new(move |arguments| Box::pin(call(arguments)) as ToolFuture);
        self.tools.insert(
            name.into(),
            Tool {
                signature: signature.into(),
                doc: doc.into(),
                call,
            },
        );
        self
    }

    /// Returns what the guest is told of the tools.
    pub(crate) fn described(&self) -> Value {
        self.tools
            .iter()
            .map(|(name, tool)| json!({"name": name, "signature": tool.signature, "doc": tool.doc}))
            .collect()
    }

    /// Starts a call; `None` for a name that was not granted.
    pub(crate) fn call(&self, name: &str, arguments: Map<String, Value>) -> Option<ToolFuture> {
        self.tools.get(name).map(|tool| (tool.call)(arguments))
    }
}

impl std::fmt::Debug for Tools {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.tools.keys()).finish()
    }
}
