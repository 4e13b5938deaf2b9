//! `/oauth/revoke`: RFC 7009. <https://docs.gitlab.com/api/oauth2/#revoke-a-token>

use serde_json::json;

use super::{OAuthError, client, cross_origin};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::TokenKind;

pub(super) fn routes(table: &mut RouteTable) {
    table.post("oauth/revoke", create);
    table.options("oauth/revoke", cross_origin::before_post);
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let answer = revoke(cx).map_err(ApiError::from);
    cross_origin::open(cx, cross_origin::POST, answer)
}

/// Access and refresh token stand in one row: revoking either ends both.
fn revoke(cx: &mut Cx<'_>) -> Result<Answer, OAuthError> {
    let application = client::find(cx).ok_or(OAuthError::ForeignToken)?;
    let value = cx.params.filled("token").unwrap_or_default();
    let access = cx.world.access_token_of(&value).map(str::to_owned);
    let token = cx.world.tokens.get_mut(&access.unwrap_or(value));
    if let Some(token) = token.filter(|token| token.kind == TokenKind::OAuth) {
        if token.application != Some(application.id) {
            return Err(OAuthError::ForeignToken);
        }
        token.revoked = true;
    }
    Ok(super::json(200, &json!({})))
}
