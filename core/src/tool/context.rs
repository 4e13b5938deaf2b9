//! What a running tool has: its caller, the way to GitLab, the settings, the client to talk to.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Endpoint, ToolError};
use crate::auth::Caller;
use crate::conversation::Conversation;
use crate::gitlab::{Answer, ApiRequest, GitLab, Instance};

/// Settings of the tool layer, the same for every call.
#[derive(Debug, Clone)]
pub struct ToolSettings {
    /// Budget of one result in bytes of JSON or text.
    pub result_bytes: usize,
    /// Used when a call names no project.
    pub default_project: Option<String>,
    /// Used when a call names no group.
    pub default_group: Option<String>,
    /// Unknown arguments are refused; otherwise they are ignored with a warning.
    pub strict_arguments: bool,
    /// How files are written: `text` or `base64`.
    pub file_encoding: &'static str,
    /// Pages one call may walk.
    pub max_pages: u32,
}

impl Default for ToolSettings {
    fn default() -> Self {
        Self {
            result_bytes: 65_536,
            default_project: None,
            default_group: None,
            strict_arguments: true,
            file_encoding: "text",
            max_pages: 20,
        }
    }
}

/// Everything a tool may use while it runs.
#[derive(Debug, Clone)]
pub struct Context {
    /// Who is calling.
    pub caller: Caller,
    /// The way to GitLab.
    pub gitlab: Arc<GitLab>,
    /// Settings of the tool layer.
    pub settings: Arc<ToolSettings>,
    /// The client.
    pub conversation: Arc<dyn Conversation>,
}

impl Context {
    /// The GitLab this caller belongs to.
    pub fn instance(&self) -> &Instance {
        self.caller.principal().instance()
    }

    /// Sends one request as the caller.
    ///
    /// # Errors
    /// [`ToolError`] with GitLab's reason.
    pub async fn send(&self, request: ApiRequest) -> Result<Answer, ToolError> {
        Ok(self.gitlab.send(&self.caller, request).await?)
    }

    /// Calls an endpoint as a typed value and reads its JSON answer.
    ///
    /// # Errors
    /// [`ToolError`] with GitLab's reason, or when the answer is not JSON.
    pub async fn call<E: Endpoint>(&self, endpoint: &E) -> Result<Value, ToolError> {
        Ok(self.send(endpoint.request()?).await?.json()?)
    }

    /// As [`Context::call`], read into a type that names only the members it needs.
    ///
    /// # Errors
    /// As [`Context::call`].
    pub async fn read<T: DeserializeOwned>(&self, request: ApiRequest) -> Result<T, ToolError> {
        Ok(self.send(request).await?.read()?)
    }
}
