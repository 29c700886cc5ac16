//! What a tool is: how it is described to agents, what it needs of its caller, and how its answer looks.

use std::any::Any;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rmcp::handler::server::tool::{schema_for_input, schema_for_output};
use rmcp::model::{CallToolResult, ContentBlock, JsonObject, ToolAnnotations};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::call::Call;
use crate::error_code::Fault;
use crate::tenant::Scope;

/// What a tool does to what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    Looks,
    /// Something comes to be; again, another one.
    Adds,
    /// Something becomes as it is said; again, nothing more.
    Sets,
    /// What was there is gone or different; again, nothing more.
    Takes,
    /// Whatever the code does.
    Runs,
}

/// How a tool is told to agents.
pub(super) struct About {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    pub(super) needs: Scope,
    pub(super) effect: Effect,
}

type Run = Box<dyn Fn(Call, JsonObject) -> BoxFuture<'static, CallToolResult> + Send + Sync>;

/// A tool.
pub(super) struct Tool {
    pub(super) needs: Scope,
    pub(super) shown: rmcp::model::Tool,
    run: Run,
}

/// The answer of a tool: as data, and as what an agent reads and sees.
pub(super) struct Reply<T> {
    told: T,
    /// When there is nothing, the data is shown as text.
    content: Vec<ContentBlock>,
    failed: bool,
}

impl<T> From<T> for Reply<T> {
    fn from(told: T) -> Self {
        Self {
            told,
            content: Vec::new(),
            failed: false,
        }
    }
}

impl<T> Reply<T> {
    /// Returns an answer that is shown in its own way.
    pub(super) fn shown(told: T, content: Vec<ContentBlock>) -> Self {
        Self {
            told,
            content,
            failed: false,
        }
    }

    /// Says whether what was asked for came to a bad end, such as an exception.
    pub(super) fn failed(self, failed: bool) -> Self {
        Self { failed, ..self }
    }
}

impl<T: Serialize> Reply<T> {
    fn result(self) -> Result<CallToolResult, Fault> {
        let told = serde_json::to_value(self.told).map_err(Fault::internal)?;
        let content = match self.content.is_empty() {
            true => vec![ContentBlock::text(told.to_string())],
            false => self.content,
        };
        let mut result = match self.failed {
            true => CallToolResult::error(content),
            false => CallToolResult::success(content),
        };
        result.structured_content = Some(told);
        Ok(result)
    }
}

impl Tool {
    /// Returns a tool whose schemas are those of what its function takes and gives.
    pub(super) fn new<A, T, R, F>(about: About, run: R) -> Self
    where
        A: DeserializeOwned + JsonSchema + Any,
        T: Serialize + JsonSchema + Any,
        R: Fn(Call, A) -> F + Copy + Send + Sync + 'static,
        F: Future<Output = Result<Reply<T>, Fault>> + Send + 'static,
    {
        let input = schema_for_input::<A>().unwrap_or_default();
        let mut shown = rmcp::model::Tool::new(about.name, about.description, plain(&input));
        shown = shown
            .with_title(about.title)
            .with_raw_output_schema(plain(&schema_for_output::<T>()))
            .with_annotations(annotations(about.effect));
        let run: Run = Box::new(move |call, arguments| {
            async move {
                let answered = async {
                    let arguments = read(arguments)?;
                    run(call, arguments).await?.result()
                };
                answered.await.unwrap_or_else(|fault| refusal(&fault))
            }
            .boxed()
        });
        Self {
            needs: about.needs,
            shown,
            run,
        }
    }

    /// Calls the tool, if the caller may. Whatever goes wrong is told to the agent, who can do something about it.
    pub(super) async fn call(&self, call: Call, arguments: JsonObject) -> CallToolResult {
        match call.caller.require(self.needs) {
            Ok(()) => (self.run)(call, arguments).await,
            Err(fault) => refusal(&fault),
        }
    }
}

fn annotations(effect: Effect) -> ToolAnnotations {
    let destroys = matches!(effect, Effect::Takes | Effect::Runs);
    let again = matches!(effect, Effect::Looks | Effect::Sets | Effect::Takes);
    ToolAnnotations::new()
        .read_only(effect == Effect::Looks)
        .destructive(destroys)
        .idempotent(again)
        // The sandbox has no network.
        .open_world(false)
}

/// Reads what a tool was called with.
fn read<A: DeserializeOwned>(arguments: JsonObject) -> Result<A, Fault> {
    serde_path_to_error::deserialize(Value::Object(arguments)).map_err(|error| {
        let path = error.path().to_string();
        let field = match path.as_str() {
            "." => "arguments".to_owned(),
            _ => path,
        };
        Fault::field(field, error.into_inner().to_string())
    })
}

/// Returns a refusal as an agent reads it: what was wrong, and what to do.
pub(super) fn refusal(fault: &Fault) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(told(fault).to_string())])
}

/// Returns what is told of a refusal.
pub(super) fn told(fault: &Fault) -> Value {
    let meaning = fault.code.meaning();
    let mut told = json!({
        "code": meaning.number,
        "name": fault.code.name(),
        "message": fault.message,
        "solution": meaning.solution,
        "retryable": meaning.retryable,
    });
    if let Some(mut details) = fault.details.clone() {
        // What a cell shows is no part of what has to be merged, and may be large.
        if let Some(Value::Object(current)) = details.get_mut("current") {
            current.remove("outputs");
        }
        told["details"] = details;
    }
    if !fault.errors.is_empty() {
        told["errors"] = json!(fault.errors);
    }
    told
}

/// Returns a schema without the formats of Rust's numbers, which are no formats of JSON Schema.
fn plain(schema: &JsonObject) -> Arc<JsonObject> {
    let mut plain = Value::Object(schema.clone());
    forget_formats(&mut plain);
    match plain {
        Value::Object(plain) => Arc::new(plain),
        _ => unreachable!("an object stays one"),
    }
}

fn forget_formats(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let number = |format: &Value| {
                let format = format.as_str().unwrap_or_default();
                ["uint", "int", "float", "double"]
                    .iter()
                    .any(|start| format.starts_with(start))
            };
            if object.get("format").is_some_and(number) {
                object.remove("format");
            }
            object.values_mut().for_each(forget_formats);
        }
        Value::Array(array) => array.iter_mut().for_each(forget_formats),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
