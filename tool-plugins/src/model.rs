//! Argument pieces used by many resources.

use gitlab_mcp_core::gitlab::{ApiRequest, RequestError};
use gitlab_mcp_core::tool::{Context, ErrorCode, ToolError, ToolOutput};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A closed set of words an argument may be, in snake case unless spelled otherwise:
/// `words!(Order: Asc, Desc);`
macro_rules! words {
    ($name:ident: $($word:ident $(= $text:literal)?),+ $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name {
            $($(#[serde(rename = $text)])? $word,)+
        }
    };
}

pub(crate) use words;

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

impl Paged {
    /// The request for this page.
    pub(crate) fn of(self, request: ApiRequest) -> ApiRequest {
        request
            .maybe_query("page", self.page)
            .maybe_query("per_page", self.per_page)
    }
}

words!(Order: Asc, Desc);
words!(Visibility: Private, Internal, Public);

/// An update must change something.
pub(crate) fn with_changes(request: ApiRequest, example: &str) -> Result<ApiRequest, RequestError> {
    if request.body().is_some() {
        return Ok(request);
    }
    Err(RequestError {
        argument: example.to_owned(),
        expected: "name at least one field to change".to_owned(),
    })
}

/// Arguments as a JSON body: without those that are absent.
pub(crate) fn body_of<T: Serialize>(fields: &T) -> Map<String, Value> {
    match serde_json::to_value(fields) {
        Ok(Value::Object(mut members)) => {
            members.retain(|_, member| !member.is_null());
            members
        }
        _ => Map::new(),
    }
}

/// The `item` of an answer that is one object.
pub(crate) fn item_of(output: &mut ToolOutput) -> Option<&mut Map<String, Value>> {
    output.structured.as_mut()?.get_mut("item")?.as_object_mut()
}

/// Adds a warning to an answer.
pub(crate) fn warn(output: &mut ToolOutput, text: impl Into<String>) {
    if let Some(Value::Object(members)) = output.structured.as_mut() {
        let warnings = members
            .entry("warnings")
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(warnings) = warnings {
            warnings.push(Value::String(text.into()));
        }
    }
}

/// The number of a project or namespace where GitLab does not take a path. `template` has the one
/// hole `id`.
pub(crate) async fn number_of(
    context: &Context,
    template: &'static str,
    text: &str,
) -> Result<u64, ToolError> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let found = context
        .send(ApiRequest::get(template, &[("id", text)])?)
        .await?
        .json()?;
    found.get("id").and_then(Value::as_u64).ok_or_else(|| {
        ToolError::new(
            ErrorCode::UpstreamInvalid,
            format!("GitLab's answer about `{text}` has no number"),
            "give the number instead of the path",
        )
    })
}

/// A text member of GitLab's JSON.
pub(crate) fn text_of<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

/// What a call with these arguments asks of GitLab, as one line.
#[cfg(test)]
pub(crate) fn request<E: gitlab_mcp_core::tool::Endpoint>(arguments: &Value) -> String {
    let instance = gitlab_mcp_core::gitlab::Instance::parse("https://gitlab.example").unwrap();
    let arguments = arguments.as_object().unwrap().clone();
    let settings = gitlab_mcp_core::tool::ToolSettings::default();
    match gitlab_mcp_core::tool::request_of::<E>(arguments, &instance, &settings) {
        Ok(request) => request.to_string(),
        Err(error) => error.to_string(),
    }
}
