//! Tools whose argument schema is the point.

use async_trait::async_trait;
use gitlab_mcp_core::register_tool;
use gitlab_mcp_core::tool::{Context, Facts, Schema, Tool, ToolError, ToolOutput};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Conformance;

/// Any arguments at all: this tool is only ever listed.
#[derive(Debug, Deserialize, JsonSchema)]
struct FocalSchema {
    #[serde(flatten)]
    given: Map<String, Value>,
}

#[async_trait]
impl Tool for FocalSchema {
    const NAME: &'static str = "json_schema_2020_12_tool";
    type Set = Conformance;
    const FACTS: Facts = Facts::read();

    fn schema() -> Schema {
        let object = match focal_schema() {
            Value::Object(object) => object,
            _ => Map::new(),
        };
        Schema::verbatim("Tool with JSON Schema 2020-12 features", object)
    }

    async fn call(self, _: &Context) -> Result<ToolOutput, ToolError> {
        let count = self.given.len();
        Ok(ToolOutput::text(format!("{count} arguments were given.")))
    }
}

register_tool!(FocalSchema);

/// Keywords that a server must hand on as they are.
pub(crate) fn focal_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
            },
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": {
            "properties": { "contactMethod": { "const": "phone" } },
            "required": ["contactMethod"],
        },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    })
}

/// Take an argument that HTTP clients repeat in a header.
#[derive(Debug, Deserialize, JsonSchema)]
struct CustomHeader {
    /// Also sent as `Mcp-Param-Value`.
    #[schemars(extend("x-mcp-header" = "Value"))]
    value: String,
}

#[async_trait]
impl Tool for CustomHeader {
    const NAME: &'static str = "test_custom_header";
    type Set = Conformance;
    const FACTS: Facts = Facts::read();

    async fn call(self, _: &Context) -> Result<ToolOutput, ToolError> {
        Ok(ToolOutput::text(format!("The value is {}.", self.value)))
    }
}

register_tool!(CustomHeader);
