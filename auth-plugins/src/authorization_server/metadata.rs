//! The documents from which a client learns where to register, to ask and to redeem. RFC 8414
//! (authorization server), RFC 9728 (protected resource).
//!
//! Every byte comes from the base and the rules. Where the base is fixed, nothing a request says
//! changes a document, and caches may keep it.

use std::sync::Arc;

use axum::body::Body;
use axum::routing::get;
use gitlab_mcp_core::auth::{AuthClass, Routes};
use http::header::{CACHE_CONTROL, PRAGMA};
use http::{HeaderValue, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::AuthorizationServer;
use super::error::{OAuthError, PAUSE, answer};
use super::rules::{DeviceRule, Flow, Rules};
use super::site::{Base, Site};

/// RFC 8628 section 3.4.
pub(crate) const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A document behind a discovery path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Document {
    /// The metadata of the authorization server.
    AuthorizationServer,
    /// The protected resource `/mcp`.
    Resource,
    /// The bare base as a protected resource, where MCP is served there too; else as
    /// [`Document::Resource`].
    Root,
    /// None: the path belongs to another issuer, or to an OpenID provider, which this is not.
    Absent,
}

/// The exact paths of all documents below `base`; without one, the paths of a base without a path.
pub(crate) fn discovery_paths(base: Option<&Base>) -> Vec<(String, Document)> {
    use Document::{Absent, AuthorizationServer, Resource, Root};
    let own = base.map_or("", Base::path);
    let mut paths = vec![
        ("/.well-known/openid-configuration".to_owned(), Absent),
        ("/.well-known/openid-configuration/mcp".to_owned(), Absent),
    ];
    // Older clients, and proxies that strip the path of the base, ask without it.
    let places = if own.is_empty() {
        vec![""]
    } else {
        vec![own, ""]
    };
    for place in places {
        let resource = format!("/.well-known/oauth-protected-resource{place}");
        let server = format!("/.well-known/oauth-authorization-server{place}");
        paths.push((format!("{resource}/mcp"), Resource));
        paths.push((resource, Root));
        // The base and its /mcp are two different issuers; only one of them is ours.
        paths.push((format!("{server}/mcp"), Absent));
        paths.push((server, AuthorizationServer));
    }
    if !own.is_empty() {
        paths.push((
            format!("/.well-known/openid-configuration{own}"),
            AuthorizationServer,
        ));
        // The only form that a proxy which forwards nothing but the base lets through.
        paths.push((
            format!("{own}/.well-known/openid-configuration"),
            AuthorizationServer,
        ));
    }
    paths
}

/// The grant types in force. RFC 7591 section 2.
pub(crate) fn grant_types(rules: &Rules) -> Vec<&'static str> {
    let mut all = vec!["authorization_code", "refresh_token"];
    if rules.device == DeviceRule::On {
        all.push(DEVICE_GRANT);
    }
    all
}

/// How clients prove themselves. RFC 8414 section 2. The ways with a secret are left out where no
/// client has one: a client that reads of them may ask for a secret, which nobody is given.
fn auth_methods(rules: &Rules) -> Vec<&'static str> {
    let mut all = vec!["none"];
    if rules.configured.iter().any(|one| one.secret.is_some()) {
        all.extend(["client_secret_post", "client_secret_basic"]);
    }
    all
}

impl Document {
    /// The document; `None` for [`Document::Absent`].
    pub(crate) fn body(self, base: &Base, rules: &Rules) -> Option<Value> {
        match self {
            Self::AuthorizationServer => Some(authorization_server(base, rules)),
            Self::Root if rules.serves_root => Some(resource(base, rules, base.issuer())),
            Self::Resource | Self::Root => Some(resource(base, rules, &base.resource())),
            Self::Absent => None,
        }
    }
}

/// RFC 9728 section 2.
fn resource(base: &Base, rules: &Rules, resource: &str) -> Value {
    json!({
        "resource": resource,
        "authorization_servers": [base.issuer()],
        "scopes_supported": [rules.scope],
        "bearer_methods_supported": ["header"],
        "resource_name": "GitLab MCP Server",
    })
}

/// RFC 8414 section 2.
fn authorization_server(base: &Base, rules: &Rules) -> Value {
    let mut metadata = json!({
        "issuer": base.issuer(),
        "authorization_endpoint": base.at("/authorize"),
        "token_endpoint": base.at("/token"),
        "revocation_endpoint": base.at("/revoke"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": grant_types(rules),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": auth_methods(rules),
        "revocation_endpoint_auth_methods_supported": auth_methods(rules),
        // Clients ask for every scope that is listed, and GitLab refuses a request with one scope
        // too many.
        "scopes_supported": [rules.scope],
        "client_id_metadata_document_supported": rules.documents,
    });
    if let Some(members) = metadata.as_object_mut() {
        if rules.registration {
            members.insert("registration_endpoint".into(), base.at("/register").into());
        }
        if rules.device == DeviceRule::On {
            members.insert(
                "device_authorization_endpoint".into(),
                base.at("/oauth/device_authorization").into(),
            );
        }
        // RFC 9207: where GitLab answers the client itself, nobody adds `iss`.
        if matches!(rules.flow, Flow::Callback(_)) {
            members.insert(
                "authorization_response_iss_parameter_supported".into(),
                true.into(),
            );
        }
    }
    metadata
}

impl AuthorizationServer {
    /// A route for each of [`discovery_paths`].
    pub(crate) fn discovery_routes(self: &Arc<Self>) -> Routes {
        let base = match &self.site {
            Site::Fixed(base) => Some(base),
            Site::PerRequest => None,
        };
        let paths = discovery_paths(base).into_iter();
        paths.fold(Routes::default(), |routes, (path, document)| {
            let server = Arc::clone(self);
            let handler = get(move |request| async move { server.discovery(document, &request) });
            routes.route(path, AuthClass::Public, handler)
        })
    }

    /// Answers a request for `document`.
    pub(crate) fn discovery(&self, document: Document, request: &Request<Body>) -> Response<Body> {
        let Some(base) = self.site.of(request.extensions()) else {
            return OAuthError::unavailable(PAUSE).into_response();
        };
        let Some(body) = document.body(&base, &self.rules) else {
            let error = "not_found";
            let text = "there is no metadata at this path: ask for \
                        /.well-known/oauth-authorization-server";
            let body = json!({ "error": error, "error_description": text });
            return answer(StatusCode::NOT_FOUND, &body);
        };
        let mut response = answer(StatusCode::OK, &body);
        if self.site.is_fixed() {
            let headers = response.headers_mut();
            headers.remove(PRAGMA);
            let kept = HeaderValue::from_static("public, max-age=300");
            headers.insert(CACHE_CONTROL, kept);
        }
        response
    }
}

#[cfg(test)]
mod tests;
