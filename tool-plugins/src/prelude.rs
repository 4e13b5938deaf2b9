//! What every resource file needs.

pub(crate) use async_trait::async_trait;
pub(crate) use gitlab_mcp_core::gitlab::{ApiPath, ApiRequest, Method, RequestError, Route};
pub(crate) use gitlab_mcp_core::tool::{
    Answers, Clearable, Context, Endpoint, Facts, GroupId, Iid, Labels, Markdown, Paging,
    ProjectId, Tool, ToolError, ToolOutput,
};
pub(crate) use gitlab_mcp_core::{register_endpoint, register_tool, toolset};
pub(crate) use schemars::JsonSchema;
pub(crate) use serde::{Deserialize, Serialize};

pub(crate) use crate::model::{Order, Paged, words};
