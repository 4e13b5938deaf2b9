//! Argument pieces used by many resources.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Offset paging. <https://docs.gitlab.com/api/rest/#offset-based-pagination>
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
pub(crate) struct Paged {
    /// Page number.
    #[schemars(range(min = 1))]
    pub(crate) page: Option<u32>,
    /// Items per page (20).
    #[schemars(range(min = 1, max = 100))]
    pub(crate) per_page: Option<u32>,
}

/// Direction of a sorted list.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    Asc,
    Desc,
}

/// What a call with these arguments asks of GitLab, as one line.
#[cfg(test)]
pub(crate) fn request<E: gitlab_mcp_core::tool::Endpoint>(arguments: &serde_json::Value) -> String {
    let instance = gitlab_mcp_core::gitlab::Instance::parse("https://gitlab.example").unwrap();
    let arguments = arguments.as_object().unwrap().clone();
    let settings = gitlab_mcp_core::tool::ToolSettings::default();
    match gitlab_mcp_core::tool::request_of::<E>(arguments, &instance, &settings) {
        Ok(request) => request.to_string(),
        Err(error) => error.to_string(),
    }
}
