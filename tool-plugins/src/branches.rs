//! Branches: <https://docs.gitlab.com/api/branches/>

use crate::prelude::*;

toolset!(
    /// Branches and the commits on them.
    Branches, "branches", "Branches, commits and comparisons.", default = true
);

const BRANCH: &[&str] = &[
    "name",
    "merged",
    "protected",
    "default",
    "commit",
    "web_url",
];

/// List the branches of a project.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/repository/branches", toolset = Branches,
    facts = Facts::read().paged(Paging::Offset).fields(BRANCH).also_in(&["merge_requests"]))]
struct ListBranches {
    /// Project ID or path.
    project_id: ProjectId,
    /// Only names that contain this text; `^text` and `text$` anchor it.
    search: Option<String>,
    /// Only names that match this regular expression (RE2).
    regex: Option<String>,
    #[serde(flatten)]
    page: Paged,
}

/// Get one branch and its last commit.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/repository/branches/{branch_name}", toolset = Branches,
    facts = Facts::read().also_in(&["merge_requests"]))]
struct GetBranch {
    /// Project ID or path.
    project_id: ProjectId,
    /// Name of the branch.
    #[schemars(extend("x-aliases" = ["branch"]))]
    branch_name: String,
}

/// Create a branch from a branch, tag or commit.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(POST, "projects/{project_id}/repository/branches", toolset = Branches)]
struct CreateBranch {
    /// Project ID or path.
    project_id: ProjectId,
    /// Name of the new branch.
    branch: String,
    /// Where to branch from: a branch, tag or commit (the default branch).
    #[serde(default = "head")]
    r#ref: String,
}

/// GitLab needs a ref; `HEAD` is the default branch.
fn head() -> String {
    "HEAD".to_owned()
}

/// Delete a branch.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(DELETE, "projects/{project_id}/repository/branches/{branch_name}", toolset = Branches,
    facts = Facts::delete().answers(Answers::Nothing))]
struct DeleteBranch {
    /// Project ID or path.
    project_id: ProjectId,
    /// Name of the branch.
    #[schemars(extend("x-aliases" = ["branch"]))]
    branch_name: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    #[test]
    fn a_branch_is_created_from_the_default_branch_unless_told_otherwise() {
        assert_eq!(
            request::<CreateBranch>(&json!({ "project_id": "group/project", "branch": "topic" })),
            r#"POST projects/group%2Fproject/repository/branches {"branch":"topic","ref":"HEAD"}"#
        );
    }

    #[test]
    fn a_slash_in_a_branch_name_stays_in_its_segment() {
        assert_eq!(
            request::<GetBranch>(&json!({ "project_id": 42, "branch": "feat/a b" })),
            "GET projects/42/repository/branches/feat%2Fa%20b"
        );
    }

    #[test]
    fn paging_and_filters_are_query_parameters() {
        assert_eq!(
            request::<ListBranches>(
                &json!({ "project_id": 42, "search": "^v", "page": "2", "regex": null })
            ),
            "GET projects/42/repository/branches?search=^v&page=2"
        );
    }

    #[test]
    fn a_branch_that_is_not_named_is_not_deleted() {
        for name in [json!(""), json!("undefined"), json!(null), json!("..")] {
            let answer = request::<DeleteBranch>(&json!({ "project_id": 42, "branch_name": name }));
            assert!(answer.contains("/branch_name"), "{answer}");
        }
    }
}
