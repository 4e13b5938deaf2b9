//! Everything that is registered, through the server's view of it.

use gitlab_mcp::StartError;
use gitlab_mcp_core::auth;
use gitlab_mcp_core::config::Sources;
use gitlab_mcp_core::gitlab::Method;
use gitlab_mcp_core::plugin::{Plugin, registered_crates};
use gitlab_mcp_core::tool::{Catalog, CatalogError, Effect, Entry};
use gitlab_mcp_tests::TestServer;

async fn catalog() -> std::sync::Arc<Catalog> {
    let started = TestServer::started(&[("GITLAB_TOKEN", "glpat-0123456789")]).await;
    started.unwrap().app.catalog
}

/// Applies `rule` to every tool and reports all that break it.
async fn every_tool(rule: impl Fn(&Entry) -> Option<String>) {
    let catalog = catalog().await;
    assert!(catalog.entries().len() > 30, "{}", catalog.entries().len());
    let broken: Vec<String> = catalog
        .entries()
        .iter()
        .filter_map(|entry| Some(format!("{}: {}", entry.name(), rule(entry)?)))
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Starts with a capital or a quote and ends like a sentence.
fn is_sentence(text: &str) -> bool {
    let text = text.trim();
    let first = text.chars().next();
    first.is_some_and(|c| c.is_uppercase() || c == '`' || c.is_ascii_digit())
        && text.ends_with(['.', '!', '?', ':', '`', ')'])
}

#[tokio::test]
async fn these_are_the_ways_to_sign_in() {
    let modes = auth::linked().unwrap();
    let names: Vec<&str> = modes.iter().map(|mode| mode.name).collect();
    assert_eq!(
        names,
        [
            "cookie",
            "job-token",
            "local-oauth",
            "mcp-oauth",
            "none",
            "oauth-session",
            "pat",
            "remote-authorization"
        ]
    );
    for mode in modes {
        assert!(!mode.summary.is_empty(), "{}", mode.name);
        assert!(
            mode.transports.stdio || mode.transports.http,
            "{}",
            mode.name
        );
    }
}

#[tokio::test]
async fn every_tool_is_called_verb_noun_in_snake_case() {
    every_tool(|entry| {
        let name = entry.name();
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let fits = name.len() <= 64 && name.chars().all(legal) && !name.contains("__");
        (!fits).then(|| "not snake case".to_owned())
    })
    .await;
}

#[tokio::test]
async fn every_tool_and_every_argument_is_described_in_sentences() {
    every_tool(|entry| {
        if !is_sentence(&entry.schema.description) {
            return Some(format!("description {:?}", entry.schema.description));
        }
        let silent: Vec<String> = entry
            .schema
            .arguments()
            .filter(|(_, schema)| {
                let text = schema.get("description").and_then(|text| text.as_str());
                !text.is_some_and(is_sentence)
            })
            .map(|(name, _)| name.clone())
            .collect();
        (!silent.is_empty()).then(|| format!("arguments {silent:?}"))
    })
    .await;
}

#[tokio::test]
async fn every_schema_is_flat_and_holds_no_private_marker() {
    every_tool(|entry| {
        let object = serde_json::Value::Object(entry.schema.public());
        let text = object.to_string();
        let banned = ["\"$ref\"", "\"$defs\"", "\"null\"", "\"x-", "\"title\":\""];
        let inside = banned.iter().find(|word| text.contains(**word));
        let top = ["oneOf", "anyOf", "allOf", "not"];
        let combined = top.iter().find(|word| object.get(**word).is_some());
        let typed = object["type"] == "object" && object["properties"].is_object();
        inside
            .or(combined)
            .map(|word| format!("holds {word}"))
            .or_else(|| (!typed).then(|| "is no object".to_owned()))
    })
    .await;
}

#[tokio::test]
async fn every_hole_of_a_path_is_a_required_argument() {
    every_tool(|entry| {
        let path = entry.tool.route?.path;
        let holes = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let mut missing = holes.filter(|hole| !entry.schema.required().any(|name| name == *hole));
        missing.next().map(|hole| format!("{{{hole}}} is optional"))
    })
    .await;
}

#[tokio::test]
async fn effects_follow_the_method() {
    every_tool(|entry| {
        let effect = entry.tool.facts.effect;
        let fits = match entry.tool.route?.method {
            Method::Get => effect == Effect::Read,
            Method::Delete => effect == Effect::Delete,
            _ => true,
        };
        (!fits).then(|| format!("{effect:?}"))
    })
    .await;
}

#[tokio::test]
async fn a_plugin_that_is_named_but_not_linked_is_refused() {
    let sources = Sources::new().variables([("GITLAB_TOKEN", "glpat-0123456789")]);
    let lost = Plugin {
        crate_name: "gitlab-mcp-lost",
    };
    let error = gitlab_mcp::start(&sources, &[lost]).await.unwrap_err();
    assert!(matches!(error, StartError::Linked(_)), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("`gitlab-mcp-lost`") && text.contains("registered nothing"),
        "{text}"
    );
    assert_eq!(
        registered_crates(),
        ["gitlab-mcp-auth-plugins", "gitlab-mcp-tool-plugins"]
    );
}

#[tokio::test]
async fn two_tools_of_one_name_are_refused_with_both_crates_named() {
    let catalog = catalog().await;
    let first = catalog.entries()[0].tool;
    let mut second = first;
    second.crate_name = "the-other-crate";
    let sets = catalog.sets().iter().map(|entry| entry.set).collect();
    let errors = Catalog::of(vec![first, second], sets).unwrap_err();
    let text = errors[0].to_string();
    assert!(
        text.contains(first.crate_name) && text.contains("the-other-crate"),
        "{text}"
    );
}

#[tokio::test]
async fn two_tool_sets_of_one_id_and_a_tool_without_its_set_are_refused() {
    let catalog = catalog().await;
    let entry = &catalog.entries()[0];
    let mut twin = entry.set;
    twin.crate_name = "the-other-crate";
    let errors = Catalog::of(vec![entry.tool], vec![entry.set, twin]).unwrap_err();
    let text = errors[0].to_string();
    assert!(
        text.contains(entry.set.crate_name) && text.contains("the-other-crate"),
        "{text}"
    );
    let errors = Catalog::of(vec![entry.tool], Vec::new()).unwrap_err();
    assert!(
        matches!(errors[0], CatalogError::NoSet { .. }),
        "{errors:?}"
    );
    let errors = Catalog::of(Vec::new(), Vec::new()).unwrap_err();
    assert_eq!(errors, [CatalogError::Empty]);
}
