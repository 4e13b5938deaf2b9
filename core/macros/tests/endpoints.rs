//! Everything the attribute can say.

use gitlab_mcp_core::gitlab::Method;
use gitlab_mcp_core::tool::{Effect, Endpoint, Facts, ProjectId};
use gitlab_mcp_core::toolset;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

toolset!(
    /// Branches.
    Branches, "branches", "Branches.", default = true
);

/// Create a branch.
#[derive(Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(POST, "projects/{project_id}/repository/branches", toolset = Branches)]
struct CreateBranch {
    project_id: ProjectId,
    branch: String,
    r#ref: String,
}

/// Remove a branch; the raw name fills its hole.
#[derive(Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(DELETE, "projects/{project_id}/refs/{ref}", toolset = Branches)]
struct DeleteRef {
    project_id: ProjectId,
    r#ref: String,
}

/// Nothing to fill in, and every key.
#[derive(Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(
    GET,
    "user",
    toolset = Branches,
    name = "whoami",
    facts = Facts::read().also_called(&["me"]),
)]
struct Whoami {}

#[test]
fn the_attribute_says_everything_about_a_tool() {
    assert_eq!(CreateBranch::NAME, "create_branch");
    assert_eq!(CreateBranch::ROUTE.method, Method::Post);
    assert_eq!(CreateBranch::FACTS.effect, Effect::Write);
    assert_eq!(DeleteRef::FACTS.effect, Effect::Delete);
    assert_eq!(Whoami::NAME, "whoami");
    assert_eq!(Whoami::FACTS.effect, Effect::Read);
    assert_eq!(Whoami::FACTS.aliases, ["me"]);
    let request = DeleteRef {
        project_id: ProjectId("a/b".to_owned()),
        r#ref: "x/y".to_owned(),
    };
    let request = request.request().unwrap();
    assert_eq!(request.to_string(), "DELETE projects/a%2Fb/refs/x%2Fy");
}
