//! Fixed tools and resources that the protocol's own conformance tests ask for (`agents.conformance`). They do nothing
//! and know nothing; without the flag there are none.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::{
    CallToolResult, ContentBlock, ProgressNotificationParam, ReadResourceResult, ResourceContents,
    Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Value, json};

/// An image of one red point, and a sound of no length.
const IMAGE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
const SOUND: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

/// The tools that take nothing.
const NAMES: [&str; 7] = [
    "test_simple_text",
    "test_image_content",
    "test_audio_content",
    "test_embedded_resource",
    "test_multiple_content_types",
    "test_error_handling",
    "test_tool_with_progress",
];

/// Returns the tools.
pub(super) fn tools() -> Vec<Tool> {
    let tool = |name: &'static str, schema: Value| {
        let schema = schema.as_object().cloned().unwrap_or_default();
        Tool::new(name, "For the conformance tests.", Arc::new(schema))
    };
    let nothing = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {"address": {"type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}},
        "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"}},
        "additionalProperties": false,
    });
    NAMES
        .into_iter()
        .map(|name| tool(name, nothing.clone()))
        .chain([tool("json_schema_2020_12_tool", schema)])
        .collect()
}

/// Calls a tool; nothing if there is none of the name.
pub(super) async fn call(
    name: &str,
    context: &RequestContext<RoleServer>,
) -> Option<Result<CallToolResult, ErrorData>> {
    let image = || ContentBlock::image(IMAGE, "image/png");
    let content = match name {
        "test_simple_text" => vec![ContentBlock::text(
            "This is a simple text response for testing.",
        )],
        "test_image_content" => vec![image()],
        "test_audio_content" => vec![ContentBlock::audio(SOUND, "audio/wav")],
        "test_embedded_resource" => vec![ContentBlock::resource(ResourceContents::text(
            "This is an embedded resource content.",
            "test://embedded-resource",
        ))],
        "test_multiple_content_types" => vec![
            ContentBlock::text("Multiple content types test:"),
            image(),
            ContentBlock::resource(
                ResourceContents::text(
                    r#"{"test":"data","value":123}"#,
                    "test://mixed-content-resource",
                )
                .with_mime_type("application/json"),
            ),
        ],
        "test_error_handling" => {
            let content = vec![ContentBlock::text(
                "This tool intentionally returns an error for testing",
            )];
            return Some(Ok(CallToolResult::error(content)));
        }
        "test_tool_with_progress" => {
            if let Some(token) = context.meta.get_progress_token() {
                for done in [0.0, 50.0, 100.0] {
                    let told =
                        ProgressNotificationParam::new(token.clone(), done).with_total(100.0);
                    if context.peer.notify_progress(told).await.is_err() {
                        break;
                    }
                }
            }
            vec![ContentBlock::text("It is done.")]
        }
        _other => return None,
    };
    Some(Ok(CallToolResult::success(content)))
}

/// Reads a resource; nothing if there is none at the address.
pub(super) fn read(uri: &str) -> Option<ReadResourceResult> {
    let contents = match uri {
        "test://static-text" | "test://watched-resource" => {
            ResourceContents::text("This is the content of the static text resource.", uri)
        }
        "test://static-binary" => ResourceContents::blob(IMAGE, uri).with_mime_type("image/png"),
        _other => {
            let id = uri
                .strip_prefix("test://template/")?
                .strip_suffix("/data")?;
            let data =
                json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
            ResourceContents::text(data.to_string(), uri).with_mime_type("application/json")
        }
    };
    Some(ReadResourceResult::new(vec![contents]))
}
