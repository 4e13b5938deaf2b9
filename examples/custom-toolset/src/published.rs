//! Published release notes: <https://docs.gitlab.com/api/releases/#list-releases>

use gitlab_mcp_core::tool::{Endpoint, Facts, Paging, ProjectId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ReleaseNotes;

/// List the release notes of a project, newest first.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/releases", toolset = ReleaseNotes,
    facts = Facts::read()
        .paged(Paging::Offset)
        .fields(&["tag_name", "name", "description", "released_at"]))]
struct ListReleaseNotes {
    /// Project ID or path.
    project_id: ProjectId,
    /// Only releases that are not older than this time (ISO 8601).
    updated_after: Option<String>,
    /// Page number.
    #[schemars(range(min = 1))]
    page: Option<u32>,
    /// Items per page (20).
    #[schemars(range(min = 1, max = 100))]
    per_page: Option<u32>,
}

#[cfg(test)]
mod tests {
    use gitlab_mcp_core::gitlab::Instance;
    use gitlab_mcp_core::tool::{ToolSettings, request_of};
    use serde_json::{Map, json};

    use super::*;

    #[test]
    fn the_struct_is_the_whole_request() {
        let instance = Instance::parse("https://gitlab.example").unwrap();
        let arguments = Map::from_iter([
            ("project_id".to_owned(), json!("group/project")),
            ("per_page".to_owned(), json!("5")),
        ]);
        let settings = ToolSettings::default();
        let request = request_of::<ListReleaseNotes>(arguments, &instance, &settings).unwrap();
        assert_eq!(
            request.to_string(),
            "GET projects/group%2Fproject/releases?per_page=5"
        );
    }
}
