//! Labels of projects: <https://docs.gitlab.com/api/labels/>

use crate::prelude::*;

toolset!(
    /// Labels of projects and groups.
    ProjectLabels, "labels", "Labels of projects and groups.", default = true
);

const LABEL: &[&str] = &[
    "id",
    "name",
    "color",
    "description",
    "priority",
    "is_project_label",
    "open_issues_count",
    "closed_issues_count",
    "open_merge_requests_count",
];

/// List the labels of a project.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/labels", toolset = ProjectLabels,
    facts = Facts::read().paged(Paging::Offset).fields(LABEL))]
struct ListLabels {
    /// Project ID or path.
    #[schemars(extend("x-aliases" = ["namespace"]))]
    project_id: ProjectId,
    /// Count the issues and merge requests of each label.
    with_counts: Option<bool>,
    /// Include labels of the groups above (true).
    include_ancestor_groups: Option<bool>,
    /// Only names that contain this text.
    search: Option<String>,
    #[serde(flatten)]
    page: Paged,
}

/// Get one label by its ID or name.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/labels/{label_id}", toolset = ProjectLabels)]
struct GetLabel {
    /// Project ID or path.
    #[schemars(extend("x-aliases" = ["namespace"]))]
    project_id: ProjectId,
    /// ID or name.
    label_id: String,
    /// Look in the groups above, too (true).
    include_ancestor_groups: Option<bool>,
}

/// Create a label.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(POST, "projects/{project_id}/labels", toolset = ProjectLabels)]
struct CreateLabel {
    /// Project ID or path.
    #[schemars(extend("x-aliases" = ["namespace"]))]
    project_id: ProjectId,
    /// Name of the label.
    name: String,
    /// `#rrggbb` or a CSS color name.
    color: String,
    /// What the label means.
    description: Option<String>,
    /// Rank among the prioritised labels, 0 is the highest.
    #[serde(default)]
    priority: Clearable<u32>,
}

/// Change a label; null removes its priority.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(PUT, "projects/{project_id}/labels/{label_id}", toolset = ProjectLabels,
    facts = Facts::write().idempotent())]
struct UpdateLabel {
    /// Project ID or path.
    #[schemars(extend("x-aliases" = ["namespace"]))]
    project_id: ProjectId,
    /// ID or name.
    label_id: String,
    /// New name.
    new_name: Option<String>,
    /// `#rrggbb` or a CSS color name.
    color: Option<String>,
    /// What the label means.
    description: Option<String>,
    /// Rank among the prioritised labels; null for none.
    #[serde(default)]
    priority: Clearable<u32>,
}

/// Delete a label; it vanishes from all issues and merge requests.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(DELETE, "projects/{project_id}/labels/{label_id}", toolset = ProjectLabels,
    facts = Facts::delete().answers(Answers::Nothing))]
struct DeleteLabel {
    /// Project ID or path.
    #[schemars(extend("x-aliases" = ["namespace"]))]
    project_id: ProjectId,
    /// ID or name.
    label_id: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    #[test]
    fn labels_are_read_and_deleted_by_an_encoded_name() {
        let one = json!({ "namespace": "shop/web", "label_id": "type/bug 1" });
        let path = "projects/shop%2Fweb/labels/type%2Fbug%201";
        assert_eq!(request::<GetLabel>(&one), format!("GET {path}"));
        assert_eq!(request::<DeleteLabel>(&one), format!("DELETE {path}"));
    }

    #[test]
    fn labels_are_listed_with_their_counts() {
        assert_eq!(
            request::<ListLabels>(&json!({ "project_id": 1, "with_counts": "yes", "search": "b" })),
            "GET projects/1/labels?with_counts=true&search=b"
        );
    }

    #[test]
    fn a_label_is_created_from_name_and_color() {
        assert_eq!(
            request::<CreateLabel>(&json!({ "project_id": 1, "name": "bug", "color": "#ff0000" })),
            r##"POST projects/1/labels {"name":"bug","color":"#ff0000"}"##
        );
    }

    #[test]
    fn a_null_priority_is_cleared_and_an_absent_one_stays() {
        assert_eq!(
            request::<UpdateLabel>(&json!({ "project_id": 1, "label_id": 7, "priority": null })),
            r#"PUT projects/1/labels/7 {"priority":null}"#
        );
        assert_eq!(
            request::<UpdateLabel>(&json!({ "project_id": 1, "label_id": 7, "color": "red" })),
            r#"PUT projects/1/labels/7 {"color":"red"}"#
        );
    }
}
