//! Whose token it is. <https://docs.gitlab.com/api/users/#retrieve-the-current-user>

use bytes::Bytes;
use gitlab_mcp_core::gitlab::Limits;
use gitlab_mcp_core::secret::{GitLabToken, Secret};
use http::{HeaderValue, Request, StatusCode, header};
use serde_json::Value;

use super::Desk;

/// The user name behind `access`; `None` when GitLab does not tell, as for a token that may not
/// read its user.
pub(super) async fn name(desk: &Desk, access: &Secret<GitLabToken>) -> Option<String> {
    let mut bearer = HeaderValue::from_str(&format!("Bearer {}", access.expose())).ok()?;
    bearer.set_sensitive(true);
    let request = Request::builder()
        .uri(format!("{}/user", desk.instance.api_url()))
        .header(header::ACCEPT, "application/json")
        .header(header::AUTHORIZATION, bearer)
        .body(Bytes::new())
        .ok()?;
    let fetched = desk.context.egress.fetch(request, Limits::default()).await;
    let answer = fetched
        .ok()
        .filter(|answer| answer.status() == StatusCode::OK)?;
    let user: Value = serde_json::from_slice(answer.body()).ok()?;
    let name = user.get("username").and_then(Value::as_str)?;
    let shown = name.chars().filter(char::is_ascii_graphic).take(255);
    Some(shown.collect()).filter(|name: &String| !name.is_empty())
}
