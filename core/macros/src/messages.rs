//! The messages people meet when an attribute is wrong.

use syn::parse_str;

use crate::expand::endpoint;

/// What the derive says about `source`; empty when it has nothing to complain about.
fn complaint(source: &str) -> String {
    endpoint(&parse_str(source).unwrap())
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

/// Attribute, struct, message.
const MISTAKES: [(&str, &str, &str); 11] = [
    (
        "",
        "struct Broken { id: u64 }",
        "missing `#[endpoint(METHOD, \"path\", toolset = Set)]`",
    ),
    (
        r#"#[endpoint(FETCH, "projects", toolset = Set)]"#,
        "struct Broken {}",
        "unknown method; expected GET, POST, PUT, PATCH or DELETE",
    ),
    (
        r#"#[endpoint(GET, "projects", toolsets = Set)]"#,
        "struct Broken {}",
        "unknown key `toolsets`; expected toolset, name or facts",
    ),
    (
        r#"#[endpoint(GET, "projects")]"#,
        "struct Broken {}",
        "missing `toolset = SomeToolSet`",
    ),
    (
        r#"#[endpoint(GET, "projects/{projectid}", toolset = Set)]"#,
        "struct Broken { project_id: u64 }",
        "`{projectid}` is not a field of `Broken`",
    ),
    (
        r#"#[endpoint(GET, "projects/{id}.json", toolset = Set)]"#,
        "struct Broken { id: u64 }",
        "`{id}.json`: a hole is a whole segment",
    ),
    (
        r#"#[endpoint(GET, "/api/v4/projects", toolset = Set)]"#,
        "struct Broken {}",
        "the path is relative to /api/v4/ and has no query",
    ),
    (
        r#"#[endpoint(GET, "projects?page=2", toolset = Set)]"#,
        "struct Broken {}",
        "the path is relative to /api/v4/ and has no query",
    ),
    (
        r#"#[endpoint(GET, "projects", toolset = Set)]"#,
        "struct Broken(u64);",
        "an endpoint needs named fields",
    ),
    (
        r#"#[endpoint(GET, "projects", toolset = Set)]"#,
        "enum Broken { One }",
        "an endpoint is a struct of its arguments",
    ),
    (
        r#"#[endpoint(GET, "a", toolset = Set)] #[endpoint(GET, "b", toolset = Set)]"#,
        "struct Broken {}",
        "`endpoint` stands here twice",
    ),
];

#[test]
fn every_mistake_is_named() {
    for (attribute, body, message) in MISTAKES {
        assert_eq!(
            complaint(&format!("{attribute} {body}")),
            message,
            "{attribute} {body}"
        );
    }
}

#[test]
fn a_raw_field_name_fills_its_hole() {
    let source =
        r#"#[endpoint(DELETE, "refs/{ref}", toolset = Set)] struct Fine { r#ref: String }"#;
    assert_eq!(complaint(source), "");
}
