//! The tools, a file for each noun.

mod cells;
mod checkpoints;
mod files;
mod notebook_runs;
mod notebooks;
mod run;
mod sessions;
mod variables;

use std::sync::LazyLock;

pub(super) use files::{LARGEST as LARGEST_PART, Read as FileRead, encoded, read as read_file};
pub(super) use notebooks::{ReadNotebook, read as read_notebook};
pub(super) use variables::list as list_variables;

use super::tool::Tool;

/// All tools, as they are shown to agents.
static TOOLS: LazyLock<Vec<Tool>> = LazyLock::new(|| {
    let all = [
        run::tools(),
        sessions::tools(),
        checkpoints::tools(),
        variables::tools(),
        notebooks::tools(),
        cells::tools(),
        notebook_runs::tools(),
        files::tools(),
    ];
    all.into_iter().flatten().collect()
});

/// Returns all tools.
pub(super) fn all() -> &'static [Tool] {
    &TOOLS
}

/// Returns a tool by its name.
pub(super) fn find(name: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.shown.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::tenant::Scope;

    #[test]
    fn every_tool_says_what_it_takes_gives_and_does() {
        let names: BTreeSet<&str> = all().iter().map(|tool| tool.shown.name.as_ref()).collect();
        assert_eq!(names.len(), all().len(), "a name is given twice");
        for tool in all() {
            let shown = serde_json::to_value(&tool.shown).expect("JSON");
            let name = &tool.shown.name;
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            );
            assert_eq!(shown["inputSchema"]["type"], "object", "{name}");
            assert_eq!(
                shown["inputSchema"]["additionalProperties"], false,
                "{name}"
            );
            assert_eq!(shown["outputSchema"]["type"], "object", "{name}");
            let description = shown["description"].as_str().unwrap_or_default();
            assert!(description.len() > 20, "{name} needs a description");
            let fields = shown["inputSchema"]["properties"].as_object();
            for (field, schema) in fields.into_iter().flatten() {
                let told = schema["description"].is_string();
                assert!(told, "{name}: {field} needs a description");
                assert!(
                    is_bounded(schema),
                    "{name}: {field} has no bounds: {schema}"
                );
            }
            // Who may only look is offered what only looks.
            let looks = shown["annotations"]["readOnlyHint"] == true;
            assert_eq!(looks, tool.needs == Scope::Read, "{name}");
        }
    }

    /// Tells whether texts, numbers and lists have a largest value.
    fn is_bounded(schema: &Value) -> bool {
        let is = |kind: &str| match &schema["type"] {
            Value::String(one) => one == kind,
            Value::Array(several) => several.iter().any(|one| one == kind),
            _ => false,
        };
        let has = |key: &str| schema.get(key).is_some();
        (!is("string") || has("maxLength") || has("enum"))
            && (!is("integer") || has("maximum"))
            && (!is("array") || has("maxItems"))
    }
}
