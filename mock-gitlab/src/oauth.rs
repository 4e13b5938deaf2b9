//! The OAuth provider: Doorkeeper as GitLab configures it. <https://docs.gitlab.com/api/oauth2/>

mod application;
mod authorize;
mod callback;
mod challenge;
mod client;
mod cross_origin;
mod departures;
mod device;
mod discovery;
mod error;
mod info;
mod introspect;
mod redirect_uri;
mod registration;
mod request;
mod revoke;
mod scopes;
mod token;

pub use application::{ApplicationBuilder, OAuthApplication, OAuthTokens};

use crate::answer::Answer;
use crate::context::Cx;
use crate::routes::RouteTable;

pub(crate) use departures::spell;
pub(crate) use error::OAuthError;
pub(crate) use redirect_uri::may_be_registered;
pub(crate) use scopes::{are_scopes, explain as explain_scope};

pub(crate) fn routes(table: &mut RouteTable) {
    authorize::routes(table);
    token::routes(table);
    device::routes(table);
    revoke::routes(table);
    introspect::routes(table);
    info::routes(table);
    discovery::routes(table);
    registration::routes(table);
}

/// JSON as the OAuth endpoints send it: never to be kept.
fn json(status: u16, value: &serde_json::Value) -> Answer {
    Answer {
        content_type: "application/json; charset=utf-8",
        ..Answer::json_with(status, value)
    }
    .header("Cache-Control", "no-store, no-cache")
    .header("Pragma", "no-cache")
}

/// The credential of a resource request, in Doorkeeper's order of places.
fn bearer(cx: &Cx<'_>, header_counts: bool) -> Option<String> {
    let header = || {
        let (scheme, value) = cx.request.header("authorization")?.split_once(' ')?;
        let fits = scheme.eq_ignore_ascii_case("bearer") && header_counts;
        fits.then(|| value.trim().to_owned())
    };
    cx.params
        .filled("access_token")
        .or_else(header)
        .or_else(|| cx.params.filled("bearer_token"))
}
