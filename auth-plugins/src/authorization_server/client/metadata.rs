//! What a client says about itself, judged: the members that matter here. RFC 7591 section 2.
//!
//! Everything else (logos, contacts, key sets, software statements) is left alone and never fetched.

use serde_json::{Map, Value};

use super::super::metadata::grant_types;
use super::super::redirect_uri::{RedirectProblem, RedirectUri};
use super::super::rules::Rules;

/// Most redirect URIs of one client.
pub(crate) const MOST_REDIRECT_URIS: usize = 10;

/// A client's word about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientMetadata {
    /// As it was given.
    pub(crate) name: Option<String>,
    /// One to ten.
    pub(crate) redirect_uris: Vec<RedirectUri>,
    /// How the client wants to prove itself at the token endpoint.
    pub(crate) auth_method: Option<String>,
}

/// What is wrong with it, in words for the developer of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MetadataProblem {
    /// A redirect URI nobody may use here.
    #[error("redirect_uris: number {0} {1}")]
    RedirectUri(usize, RedirectProblem),
    /// A member that is missing or of another type.
    #[error("{0} must be {1}")]
    Form(&'static str, &'static str),
    /// Nothing of what the client asks for is offered.
    #[error("{0} names nothing that this server offers; it offers {1}")]
    NotOffered(&'static str, &'static str),
}

impl MetadataProblem {
    /// The error code. RFC 7591 section 3.2.2.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::RedirectUri(..) => "invalid_redirect_uri",
            Self::Form(..) | Self::NotOffered(..) => "invalid_client_metadata",
        }
    }
}

impl ClientMetadata {
    /// Judges the members of a registration or of a metadata document. A member that is null counts
    /// as missing.
    ///
    /// # Errors
    /// The first [`MetadataProblem`].
    pub(crate) fn judge(
        members: &Map<String, Value>,
        rules: &Rules,
    ) -> Result<Self, MetadataProblem> {
        let redirect_uris = redirect_uris(members, rules)?;
        let name = text(members, "client_name")?;
        // Looked at for their type only: the one scope is granted whatever is asked for, and both
        // kinds of application get the same rules.
        text(members, "scope")?;
        text(members, "application_type")?;
        let auth_method = text(members, "token_endpoint_auth_method")?;
        offered(members, "grant_types", &grant_types(rules), GRANTS)?;
        offered(members, "response_types", &["code"], "code")?;
        Ok(Self {
            name: name.map(str::to_owned),
            redirect_uris,
            auth_method: auth_method.map(str::to_owned),
        })
    }
}

const GRANTS: &str = "authorization_code and refresh_token";

fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.get(name).filter(|value| !value.is_null())
}

fn text<'a>(
    members: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, MetadataProblem> {
    let problem = MetadataProblem::Form(name, "a string");
    let value = member(members, name);
    value.map(|value| value.as_str().ok_or(problem)).transpose()
}

/// The strings of an array; `None` when the member is missing or of another type.
fn texts(value: Option<&Value>) -> Option<Vec<&str>> {
    value?.as_array()?.iter().map(Value::as_str).collect()
}

fn redirect_uris(
    members: &Map<String, Value>,
    rules: &Rules,
) -> Result<Vec<RedirectUri>, MetadataProblem> {
    let given = texts(member(members, "redirect_uris"))
        .filter(|given| (1..=MOST_REDIRECT_URIS).contains(&given.len()))
        .ok_or(MetadataProblem::Form(
            "redirect_uris",
            "an array of 1 to 10 strings",
        ))?;
    let judged = given.into_iter().zip(1..).map(|(uri, number)| {
        let verdict = rules.redirects.accept(uri);
        verdict.map_err(|problem| MetadataProblem::RedirectUri(number, problem))
    });
    judged.collect()
}

/// Refuses a list that has nothing in common with `offer`. An empty list asks for nothing in
/// particular, as a missing one does.
fn offered(
    members: &Map<String, Value>,
    name: &'static str,
    offer: &[&str],
    shown: &'static str,
) -> Result<(), MetadataProblem> {
    let value = member(members, name);
    if value.is_none() {
        return Ok(());
    }
    let wanted = texts(value).ok_or(MetadataProblem::Form(name, "an array of strings"))?;
    if wanted.is_empty() || wanted.iter().any(|one| offer.contains(one)) {
        Ok(())
    } else {
        Err(MetadataProblem::NotOffered(name, shown))
    }
}
