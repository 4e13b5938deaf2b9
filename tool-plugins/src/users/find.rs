//! Looking up users: <https://docs.gitlab.com/api/users/#list-users>

use gitlab_mcp_core::tool::ErrorCode;
use serde_json::{Map, Value, json};

use super::Users;
use crate::model::{body_of, text_of};
use crate::prelude::*;

const USER: &[&str] = &[
    "id",
    "username",
    "name",
    "state",
    "public_email",
    "bot",
    "web_url",
];

/// Names one call looks up.
const MOST_NAMES: usize = 20;

/// Find users by name or filters.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct GetUsers {
    /// User names to look up.
    #[serde(skip_serializing)]
    #[schemars(extend("x-aliases" = ["username"]))]
    usernames: Option<Vec<String>>,
    /// Public e-mail address.
    public_email: Option<String>,
    /// Text in name, user name or e-mail.
    search: Option<String>,
    /// Try search as user name, then as e-mail, then as text.
    #[serde(skip_serializing)]
    smart_search: Option<bool>,
    /// Only active ones.
    active: Option<bool>,
    /// Only external ones.
    external: Option<bool>,
    /// Only blocked ones.
    blocked: Option<bool>,
    /// Only people, no bots.
    humans: Option<bool>,
    /// ISO 8601.
    created_after: Option<String>,
    /// ISO 8601.
    created_before: Option<String>,
    /// Leave out active ones.
    exclude_active: Option<bool>,
    /// Leave out external ones.
    exclude_external: Option<bool>,
    /// Leave out people.
    exclude_humans: Option<bool>,
    /// Leave out internal bots.
    exclude_internal: Option<bool>,
    /// Leave out bots of projects.
    without_project_bots: Option<bool>,
    #[serde(flatten)]
    page: Paged,
}

/// `@kim` and `kim` are the same name.
fn bare(name: &str) -> &str {
    name.trim().trim_start_matches('@')
}

fn by_name(name: &str) -> Result<ApiRequest, RequestError> {
    Ok(ApiRequest::get("users", &[])?.query("username", bare(name)))
}

impl GetUsers {
    fn request(&self) -> Result<ApiRequest, RequestError> {
        const LIST: Route = Route {
            method: Method::Get,
            path: "users",
        };
        ApiRequest::from_fields(&LIST, self)
    }

    /// The ways to try a smart search, best first.
    fn attempts(&self) -> Result<Vec<(&'static str, ApiRequest)>, RequestError> {
        let text = self.search.as_deref().unwrap_or_default();
        let users = ApiRequest::get("users", &[])?;
        let mut attempts = vec![("username", by_name(text)?)];
        if text.trim_start_matches('@').contains('@') {
            attempts.push(("public_email", users.query("public_email", text)));
        }
        attempts.push(("text", self.request()?));
        Ok(attempts)
    }

    async fn named(names: &[String], context: &Context) -> Result<ToolOutput, ToolError> {
        if names.len() > MOST_NAMES {
            return Err(ToolError::argument(
                "usernames",
                format!("expected at most {MOST_NAMES} names"),
            ));
        }
        let mut found = Vec::new();
        let mut not_found = Vec::new();
        for name in names {
            let users = context.send(by_name(name)?).await?.json()?;
            match users.as_array().and_then(|list| list.first()) {
                Some(user) => found.push(user.clone()),
                None => not_found.push(name.clone()),
            }
        }
        let mut output = context.shown(found.into(), &Self::FACTS);
        add(&mut output, "not_found", json!(not_found));
        Ok(output)
    }

    async fn smart(&self, context: &Context) -> Result<ToolOutput, ToolError> {
        let mut last = None;
        for (way, request) in self.attempts()? {
            let answer = context.send(request).await?;
            let mut output = context.envelope(&answer, &Self::FACTS, &body_of(self))?;
            let found = answer
                .json()?
                .as_array()
                .is_some_and(|list| !list.is_empty());
            add(&mut output, "matched_by", way.into());
            if found {
                return Ok(output);
            }
            last = Some(output);
        }
        Ok(last.unwrap_or_default())
    }
}

fn add(output: &mut ToolOutput, name: &str, value: Value) {
    if let Some(members) = output.structured.as_mut().and_then(Value::as_object_mut) {
        members.insert(name.to_owned(), value);
    }
}

#[async_trait]
impl Tool for GetUsers {
    const NAME: &'static str = "get_users";
    type Set = Users;
    const FACTS: Facts = Facts::read().paged(Paging::Offset).fields(USER);

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        if let Some(names) = &self.usernames {
            return Self::named(names, context).await;
        }
        if self.smart_search == Some(true) {
            if self.search.is_none() {
                return Err(ToolError::argument("search", "smart_search needs a text"));
            }
            return self.smart(context).await;
        }
        let answer = context.send(self.request()?).await?;
        context.envelope(&answer, &Self::FACTS, &body_of(&self))
    }
}

register_tool!(GetUsers);

/// Get one user by ID or name.
#[derive(Debug, Deserialize, JsonSchema)]
struct GetUser {
    /// User ID or name.
    user_id: String,
}

#[async_trait]
impl Tool for GetUser {
    const NAME: &'static str = "get_user";
    type Set = Users;
    const FACTS: Facts = Facts::read();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let id = match bare(&self.user_id).parse::<u64>() {
            Ok(id) => id,
            Err(_) => number_of_name(&self.user_id, context).await?,
        };
        let request = ApiRequest::get("users/{user_id}", &[("user_id", &id.to_string())])?;
        let answer = context.send(request).await?;
        context.envelope(&answer, &Self::FACTS, &Map::new())
    }
}

async fn number_of_name(name: &str, context: &Context) -> Result<u64, ToolError> {
    let users = context.send(by_name(name)?).await?.json()?;
    let wanted = bare(name).to_lowercase();
    let same = |user: &&Value| {
        text_of(user, "username").is_some_and(|found| found.to_lowercase() == wanted)
    };
    let user = users.as_array().into_iter().flatten().find(same);
    user.and_then(|user| user.get("id")?.as_u64())
        .ok_or_else(|| {
            ToolError::new(
                ErrorCode::NotFound,
                format!("no user is called `{}`", bare(name)),
                "look for the user with get_users and a search text",
            )
        })
}

register_tool!(GetUser);

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(fields: Value) -> GetUsers {
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn filters_are_query_parameters() {
        assert_eq!(
            tool(json!({ "search": "kim", "active": true, "page": 2 }))
                .request()
                .unwrap()
                .to_string(),
            "GET users?search=kim&active=true&page=2"
        );
    }

    #[test]
    fn a_smart_search_tries_the_most_exact_way_first() {
        let ways = |text: &str| -> Vec<String> {
            let attempts = tool(json!({ "search": text, "smart_search": true }))
                .attempts()
                .unwrap();
            attempts
                .iter()
                .map(|(_, request)| request.to_string())
                .collect()
        };
        assert_eq!(
            ways("kim@shop.example"),
            [
                "GET users?username=kim@shop.example",
                "GET users?public_email=kim@shop.example",
                "GET users?search=kim@shop.example",
            ]
        );
        assert_eq!(
            ways("kim"),
            ["GET users?username=kim", "GET users?search=kim"]
        );
    }
}
