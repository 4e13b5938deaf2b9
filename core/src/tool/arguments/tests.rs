//! What the argument rules accept, fill in and refuse.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::tool::{Clearable, Iid, Labels, Markdown, ProjectId};

/// One argument of each sort.
#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Arguments {
    project_id: ProjectId,
    #[schemars(extend("x-aliases" = ["number"]))]
    issue_iid: Option<Iid>,
    title: Option<String>,
    description: Option<Markdown>,
    labels: Option<Labels>,
    draft: Option<bool>,
    state: Option<State>,
    #[schemars(range(min = 1, max = 100))]
    per_page: Option<u32>,
    #[serde(default)]
    weight: Clearable<u32>,
    variables: Option<Vec<Map<String, Value>>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    ReadyToMerge,
    Closed,
}

fn prepared_with(given: &Value, settings: &ToolSettings) -> Result<Value, String> {
    let instance = Instance::parse("https://gitlab.example").unwrap();
    let rules = ArgumentRules::of(&schema_of::<Arguments>());
    let given = given.as_object().unwrap().clone();
    rules
        .prepare(given, &instance, settings)
        .map(Value::Object)
        .map_err(|error| error.to_string())
}

fn prepared(given: &Value) -> Result<Value, String> {
    prepared_with(given, &ToolSettings::default())
}

/// The one argument beside the project, after preparation.
fn coerced(name: &str, value: &Value) -> Result<Value, String> {
    prepared(&json!({ "project_id": "1", name: value })).map(|all| all[name].clone())
}

#[test]
fn unambiguous_forms_become_the_one_form() {
    for (name, given, expected) in [
        ("per_page", json!("2"), json!(2)),
        ("per_page", json!(2.0), json!(2)),
        ("draft", json!("true"), json!(true)),
        ("draft", json!("No"), json!(false)),
        ("draft", json!(1), json!(true)),
        ("title", json!(12), json!("12")),
        ("labels", json!("a,b"), json!(["a", "b"])),
        ("labels", json!(["a", "b"]), json!(["a", "b"])),
        ("labels", json!(r#"["a","b"]"#), json!(["a", "b"])),
        ("labels", json!([]), json!([])),
        ("state", json!("Ready-to merge"), json!("ready_to_merge")),
        ("issue_iid", json!("12"), json!(12)),
        ("issue_iid", json!("#12"), json!(12)),
        ("issue_iid", json!("!12"), json!(12)),
        (
            "variables",
            json!(r#"[{"key":"a"}]"#),
            json!([{ "key": "a" }]),
        ),
        ("weight", json!(null), json!(null)),
    ] {
        assert_eq!(coerced(name, &given), Ok(expected), "{name}: {given}");
    }
}

#[test]
fn what_would_have_to_be_guessed_is_refused_with_its_place() {
    for (name, given, expected) in [
        ("per_page", json!(1.5), "/per_page: expected a whole number"),
        ("per_page", json!(101), "from 1 to 100"),
        ("draft", json!("maybe"), "/draft: expected true or false"),
        ("state", json!("open"), "one of ready_to_merge, closed"),
        ("labels", json!([{}]), "/labels/0: expected a text"),
        (
            "variables",
            json!("a,b"),
            "/variables/0: expected an object",
        ),
        (
            "issue_iid",
            json!("twelve"),
            "/issue_iid: expected a number",
        ),
    ] {
        let refusal = coerced(name, &given).unwrap_err();
        assert!(refusal.contains(expected), "{name}: {given}: {refusal}");
    }
}

#[test]
fn all_optional_arguments_null_is_the_same_as_absent() {
    let nulls = json!({ "project_id": "1", "issue_iid": null, "title": null, "labels": null,
        "draft": null, "state": null, "per_page": null });
    assert_eq!(prepared(&nulls), prepared(&json!({ "project_id": "1" })));
}

#[test]
fn every_problem_is_named_at_once() {
    let refusal = prepared(&json!({ "titel": "x", "per_page": "many", "draft": 7 })).unwrap_err();
    for part in [
        "/project_id: this argument is required",
        "/titel: unknown argument, did you mean `title`?",
        "/per_page: expected a whole number",
        "/draft: expected true or false",
    ] {
        assert!(refusal.contains(part), "{part} in {refusal}");
    }
}

#[test]
fn words_that_stand_for_nothing_are_missing_ids() {
    for word in [
        json!(""),
        json!("undefined"),
        json!("null"),
        json!("NaN"),
        json!(null),
    ] {
        let refusal = prepared(&json!({ "project_id": word })).unwrap_err();
        assert!(refusal.contains("/project_id"), "{word}: {refusal}");
    }
}

#[test]
fn unknown_arguments_are_ignored_where_the_operator_says_so() {
    let settings = ToolSettings {
        strict_arguments: false,
        ..ToolSettings::default()
    };
    let given = json!({ "project_id": "1", "titel": "x" });
    assert_eq!(
        prepared_with(&given, &settings),
        Ok(json!({ "project_id": "1" }))
    );
}

#[test]
fn the_default_project_stands_in_for_a_missing_one() {
    let settings = ToolSettings {
        default_project: Some("shop/web".to_owned()),
        ..ToolSettings::default()
    };
    assert_eq!(
        prepared_with(&json!({}), &settings),
        Ok(json!({ "project_id": "shop/web" }))
    );
    assert_eq!(
        prepared_with(&json!({ "project_id": 7 }), &settings),
        Ok(json!({ "project_id": "7" }))
    );
}

#[test]
fn a_url_fills_project_and_number() {
    let url = "https://gitlab.example/shop/web/-/issues/12#note_3";
    let expected = json!({ "project_id": "shop/web", "issue_iid": 12 });
    assert_eq!(
        prepared(&json!({ "project_id": url })),
        Ok(expected.clone())
    );
    assert_eq!(prepared(&json!({ "number": url })), Ok(expected));
    let foreign = prepared(&json!({ "project_id": "https://other.example/a/b" }));
    assert!(foreign.unwrap_err().contains("expected a URL of"));
}

#[test]
fn lines_that_gitlab_would_carry_out_are_refused_with_their_number() {
    for (text, refused) in [
        (
            "please\n/close",
            Some("line 2 is the quick action `/close`"),
        ),
        ("  /label ~bug", Some("line 1 is the quick action `/label`")),
        (
            "/MERGE \nlater",
            Some("line 1 is the quick action `/MERGE`"),
        ),
        ("see /usr/bin and/or /close", None),
        ("/usr/bin/env\n/ close\n// close\n/", None),
    ] {
        let answer = coerced("description", &json!(text));
        match refused {
            Some(part) => assert!(
                answer.clone().unwrap_err().contains(part),
                "{text}: {answer:?}"
            ),
            None => assert_eq!(answer, Ok(json!(text))),
        }
    }
    assert_eq!(coerced("title", &json!("/close")), Ok(json!("/close")));
    let settings = ToolSettings {
        allow_quick_actions: true,
        ..ToolSettings::default()
    };
    let given = json!({ "project_id": "1", "description": "/close" });
    assert_eq!(prepared_with(&given, &settings), Ok(given));
}

#[test]
fn the_project_of_a_call_is_found_wherever_it_is_named() {
    let instance = Instance::parse("https://gitlab.example").unwrap();
    let rules = ArgumentRules::of(&schema_of::<Arguments>());
    let settings = ToolSettings::default();
    let fallback = ToolSettings {
        default_project: Some("shop/default".to_owned()),
        ..ToolSettings::default()
    };
    let url = "https://gitlab.example/shop/web/-/issues/7";
    for (given, settings, expected) in [
        (
            json!({ "project_id": "shop/web" }),
            &settings,
            Some("shop/web"),
        ),
        (json!({ "project_id": 42 }), &settings, Some("42")),
        (
            json!({ "project_id": "shop%2Fweb" }),
            &settings,
            Some("shop/web"),
        ),
        (json!({ "project_id": url }), &settings, Some("shop/web")),
        (json!({ "issue_iid": url }), &settings, Some("shop/web")),
        (
            json!({ "number": "shop/web#7" }),
            &settings,
            Some("shop/web"),
        ),
        (json!({ "issue_iid": 7 }), &fallback, Some("shop/default")),
        (json!({ "project_id": "a" }), &fallback, Some("a")),
        (json!({ "title": "shop/web" }), &settings, None),
        (json!({ "project_id": ["a"] }), &settings, None),
        // A call that is refused for it says what was tried.
        (json!({ "project_id": "../a" }), &settings, Some("../a")),
    ] {
        let found = rules.project(given.as_object().unwrap(), &instance, settings);
        assert_eq!(found.as_deref(), expected, "{given}");
    }
}
