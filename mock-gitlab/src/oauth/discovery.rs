//! The documents by which clients find their way: RFC 8414, RFC 9728 and OpenID
//! Connect Discovery, with GitLab's departures from them.

use serde_json::{Value, json};

use super::{cross_origin, scopes};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;

/// Modulus of the key of this test double. No id token is ever signed with it.
const MODULUS: &str = "49zZ1KPnpeH4GA833c_Yp0SEHcyXBSA0TR-KGf6-aaRfCKihneZPDTYfYPox4o4ace_HQwczcn\
    f8KlxOedn2vukV7oLSymC7SHwb88yVAV_MLm7G5I0qm0IIZdi-OyFoB7DdlIxgYvPfQuynd74v6YWv-1zC7MQWwNH4MGm\
    N746S8sNvSFaedarWfuIsseYSBBwtp4WuXASVBpH5bGcQs8N2ilXFhTzjZCaGd6j16eZAkx-NIhzhiuztjC20xS7wXRw8\
    J-c-QHeeJXdxacQUB_gvo_XVN1rzV_8wDAiDLn-Ome1UTlhwDW1C4s--spGOX5KZGXq-h-epjBRj07_OjQ";

pub(super) fn routes(table: &mut RouteTable) {
    table.get("oauth/discovery/keys", keys);
    table.options("oauth/discovery/keys", cross_origin::before_read);
    table.get(".well-known/openid-configuration", openid);
    table.options(
        ".well-known/openid-configuration",
        cross_origin::before_read,
    );
    table.get(".well-known/openid-configuration/api/v4/mcp", for_mcp);
    table.get(".well-known/oauth-authorization-server", server);
    table.options(
        ".well-known/oauth-authorization-server",
        cross_origin::before_read,
    );
    table.get(".well-known/oauth-authorization-server/api/v4/mcp", for_mcp);
    table.get(".well-known/oauth-protected-resource", mcp_resource);
    table.get(
        ".well-known/oauth-protected-resource/api/v4/mcp",
        mcp_resource,
    );
    table.get(
        ".well-known/oauth-protected-resource/api/v4/orbit/mcp",
        orbit_resource,
    );
}

fn openid(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let body = document(cx, &scopes::all().collect::<Vec<_>>(), false);
    send(cx, &body)
}

fn server(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let body = document(cx, &scopes::all().collect::<Vec<_>>(), true);
    send(cx, &body)
}

fn for_mcp(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let body = document(cx, &["mcp"], true);
    send(cx, &body)
}

fn send(cx: &Cx<'_>, body: &Value) -> Result<Answer, ApiError> {
    let answer = Answer {
        content_type: "application/json; charset=utf-8",
        ..Answer::json(body)
    };
    let answer = answer.header("Cache-Control", "max-age=0, private, must-revalidate");
    cross_origin::open(cx, cross_origin::READ, Ok(answer))
}

/// `none` is missing from the authentication methods although public clients work,
/// and so is the device endpoint.
fn document(cx: &Cx<'_>, scopes: &[&str], registration: bool) -> Value {
    let issuer = cx.world.quirks.issuer.clone();
    let mut body = json!({
        "issuer": issuer.unwrap_or_else(|| cx.site.url("")),
        "authorization_endpoint": cx.site.url("/oauth/authorize"),
        "token_endpoint": cx.site.url("/oauth/token"),
        "revocation_endpoint": cx.site.url("/oauth/revoke"),
        "introspection_endpoint": cx.site.url("/oauth/introspect"),
        "userinfo_endpoint": cx.site.url("/oauth/userinfo"),
        "jwks_uri": cx.site.url("/oauth/discovery/keys"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": [
            "authorization_code",
            "password",
            "client_credentials",
            "device_code",
            "refresh_token",
        ],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claim_types_supported": ["normal"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "name", "nickname", "preferred_username",
            "email", "email_verified", "profile", "picture", "groups",
        ],
        "code_challenge_methods_supported": ["plain", "S256"],
    });
    if cx.world.quirks.callback_issuer.is_some()
        && let Some(all) = body.as_object_mut()
    {
        let name = "authorization_response_iss_parameter_supported";
        all.insert(name.to_owned(), true.into());
    }
    if let Some(all) = body.as_object_mut().filter(|_| registration) {
        let endpoint = cx.site.url("/oauth/register");
        all.insert("registration_endpoint".to_owned(), endpoint.into());
    }
    body
}

fn mcp_resource(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    resource(cx, "/mcp")
}

fn orbit_resource(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    resource(cx, "/orbit/mcp")
}

/// `resource` is a list, where the RFC wants a text.
fn resource(cx: &Cx<'_>, path: &str) -> Result<Answer, ApiError> {
    let address = Value::from(cx.site.api_url(path));
    let as_list = cx.world.quirks.protected_resource_array;
    let resource = if as_list {
        Value::Array(vec![address])
    } else {
        address
    };
    send(
        cx,
        &json!({ "resource": resource, "authorization_servers": [cx.site.url("")] }),
    )
}

fn keys(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let key = json!({
        "kty": "RSA",
        "kid": "kewiQq9jiC84CvSsJYOB-N6A8WFLSV20Mb-y7IlWDSQ",
        "e": "AQAB",
        "n": MODULUS,
        "use": "sig",
        "alg": "RS256",
    });
    send(cx, &json!({ "keys": [key] }))
}
