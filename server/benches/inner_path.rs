//! The inner path of a call, piece by piece. `cargo bench -p gitlab-mcp --bench inner_path`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run stops")]

use divan::{Bencher, black_box};
use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::tool::{Action, Catalog, Policy, PolicyInput, ToolSettings, clean};
use serde_json::{Map, Value, json};

// Naming the library links the plugin crates it names.
use gitlab_mcp as _;

fn main() {
    divan::main();
}

fn arguments() -> Map<String, Value> {
    json!({ "project_id": "shop/web", "branch": "feat/x" })
        .as_object()
        .cloned()
        .unwrap()
}

#[divan::bench]
fn arguments_to_request(bencher: Bencher<'_, '_>) {
    let catalog = Catalog::linked().unwrap();
    let entry = catalog.find("create_branch").unwrap();
    let instance = Instance::parse("https://gitlab.example").unwrap();
    let settings = ToolSettings::default();
    let Action::Rest(request) = entry.tool.action else {
        return;
    };
    bencher.with_inputs(arguments).bench_values(|arguments| {
        let ready = entry
            .rules
            .prepare(arguments, &instance, &settings)
            .unwrap();
        black_box(request(Value::Object(ready)).unwrap())
    });
}

#[divan::bench]
fn policy_decides(bencher: Bencher<'_, '_>) {
    let catalog = Catalog::linked().unwrap();
    let (policy, _) = Policy::new(PolicyInput::default(), &catalog).unwrap();
    bencher.bench_local(|| {
        let entry = catalog.find(black_box("create_branch")).unwrap();
        policy.decide(entry).is_ok()
    });
}

#[divan::bench]
fn clean_a_list_of_twenty(bencher: Bencher<'_, '_>) {
    let item = json!({
        "id": 1, "iid": 1, "title": "A title", "description": "x".repeat(1_500), "_links": {},
        "author": { "id": 1, "username": "kim", "web_url": "u", "avatar_url": null },
        "labels": ["a", "b"], "milestone": null, "web_url": "https://gitlab.example/x",
    });
    let list = Value::Array(vec![item; 20]);
    bencher.with_inputs(|| list.clone()).bench_refs(clean);
}

#[divan::bench]
fn catalogue_from_the_registry() -> usize {
    Catalog::linked().unwrap().entries().len()
}
