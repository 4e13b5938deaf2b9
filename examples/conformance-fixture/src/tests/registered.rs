//! The names the suite asks for are registered, as reading tools, with the schemas it expects.

use std::collections::BTreeSet;

use gitlab_mcp_core::__inventory::iter;
use gitlab_mcp_core::plugin::{Plugin, check_linked};
use gitlab_mcp_core::prompt::PromptDescriptor;
use gitlab_mcp_core::resource::{Capability, Location, ResourceDescriptor};
use gitlab_mcp_core::tool::{Catalog, Effect, Entry};
use serde_json::{Value, json};

use crate::schemas::focal_schema;

const TOOLS: [&str; 28] = [
    "json_schema_2020_12_tool",
    "test_audio_content",
    "test_custom_header",
    "test_elicitation",
    "test_elicitation_sep1034_defaults",
    "test_elicitation_sep1330_enums",
    "test_embedded_resource",
    "test_error_handling",
    "test_image_content",
    "test_input_required_result_capabilities",
    "test_input_required_result_elicitation",
    "test_input_required_result_list_roots",
    "test_input_required_result_multi_round",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_request_state",
    "test_input_required_result_sampling",
    "test_input_required_result_tampered_state",
    "test_logging_tool",
    "test_missing_capability",
    "test_multiple_content_types",
    "test_reconnection",
    "test_sampling",
    "test_simple_text",
    "test_streaming_elicitation",
    "test_tool_with_logging",
    "test_tool_with_progress",
    "test_trigger_prompt_change",
    "test_trigger_tool_change",
];

#[test]
fn every_tool_of_the_suite_is_registered_and_only_reads() {
    let catalog = Catalog::linked().unwrap();
    let own = |entry: &&Entry| entry.tool.crate_name == crate::PLUGIN.crate_name;
    let entries: Vec<&Entry> = catalog.entries().iter().filter(own).collect();
    let names: Vec<&str> = entries.iter().map(|entry| entry.name()).collect();
    assert_eq!(names, TOOLS);
    for entry in entries {
        assert_eq!(entry.set.id, "conformance", "{}", entry.name());
        assert!(entry.set.default, "{}", entry.name());
        assert_eq!(entry.tool.facts.effect, Effect::Read, "{}", entry.name());
        assert!(!entry.schema.description.is_empty(), "{}", entry.name());
    }
}

#[test]
fn schemas_are_what_the_suite_expects() {
    let catalog = Catalog::linked().unwrap();
    let text = |description: &str| json!({ "type": "string", "description": description });
    let with = |name: &str, property: &Value| json!({ "type": "object", "properties": { name: property }, "required": [name] });
    let mut header = text("Also sent as `Mcp-Param-Value`.");
    header["x-mcp-header"] = json!("Value");
    let cases = [
        ("json_schema_2020_12_tool", focal_schema()),
        (
            "test_simple_text",
            json!({ "type": "object", "properties": {} }),
        ),
        ("test_custom_header", with("value", &header)),
        (
            "test_sampling",
            with("prompt", &text("The prompt for the model.")),
        ),
        (
            "test_elicitation",
            with("message", &text("What to say above the form.")),
        ),
    ];
    for (name, expected) in cases {
        let shown = catalog.find(name).unwrap().schema.public();
        assert_eq!(Value::Object(shown), expected, "{name}");
    }
}

#[test]
fn prompts_and_their_arguments_are_registered() {
    let prompts: BTreeSet<String> = iter::<PromptDescriptor>
        .into_iter()
        .map(|entry| {
            let spec = (entry.make)().spec();
            let arguments: Vec<&str> = spec.arguments.iter().map(|one| one.name).collect();
            format!("{}({})", spec.name, arguments.join(", "))
        })
        .collect();
    let prompts: Vec<&str> = prompts.iter().map(String::as_str).collect();
    assert_eq!(
        prompts,
        [
            "test_input_required_result_prompt()",
            "test_prompt_with_arguments(arg1, arg2)",
            "test_prompt_with_embedded_resource(resourceUri)",
            "test_prompt_with_image()",
            "test_simple_prompt()",
        ]
    );
}

#[test]
fn resources_and_capabilities_are_registered() {
    let resources: BTreeSet<&str> = iter::<ResourceDescriptor>
        .into_iter()
        .map(|entry| match (entry.make)().spec().location {
            Location::Uri(text) | Location::Template(text) => text,
        })
        .collect();
    assert_eq!(
        resources.into_iter().collect::<Vec<_>>(),
        [
            "test://static-binary",
            "test://static-text",
            "test://template/{id}/data",
            "test://watched-resource",
        ]
    );
    let capabilities: Vec<Capability> = iter::<Capability>.into_iter().copied().collect();
    for needed in [Capability::Logging, Capability::ResourceSubscriptions] {
        assert!(capabilities.contains(&needed), "{needed:?}");
    }
}

#[test]
fn the_crate_names_itself_as_linked() {
    let other = Plugin {
        crate_name: "somebody-else",
    };
    assert_eq!(check_linked(&[crate::PLUGIN]), Ok(()));
    assert!(check_linked(&[other]).is_err());
}
