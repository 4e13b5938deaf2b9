//! The clients that the operator writes into the configuration file. RFC 6749 sections 2 and 2.3.1.

use std::collections::BTreeSet;
use std::sync::Arc;

use gitlab_mcp_core::config::{Kind, Reader, Setting, Table};
use gitlab_mcp_core::secret::{ClientSecret, Secret};

use super::super::client::metadata::MOST_REDIRECT_URIS;
use super::super::client::name;
use super::super::redirect_uri::{RedirectRules, RedirectUri};
use super::super::rules::Configured;

/// A client each row.
pub static CLIENTS: Table = Table::new(
    "oauth_clients",
    "MCP clients that the operator knows, which need not register",
    &[&ID, &NAME, &REDIRECT_URIS, &SECRET, &SKIP_CONSENT],
);

static ID: Setting = Setting::new(
    "client_id",
    Kind::Text { max: 255 },
    "the id that the client presents; required",
);

static NAME: Setting = Setting::new(
    "client_name",
    Kind::Text { max: 100 },
    "what the consent page calls it; the id when unset",
);

static REDIRECT_URIS: Setting = Setting::new(
    "redirect_uris",
    Kind::List,
    "1 to 10 URIs that codes may go to, under the rules of registration; required",
);

static SECRET: Setting = Setting::new(
    "client_secret",
    Kind::Secret { min: 8 },
    "file with the secret of a confidential client; without one the client is public",
);

static SKIP_CONSENT: Setting = Setting::new(
    "skip_consent",
    Kind::Bool,
    "the operator's own client: its users go to GitLab without a consent page of this server",
)
.default("false");

/// Below this length a secret is worth a warning.
const SHORT: usize = 32;

/// Reads every client; those with a mistake are reported and left out.
pub(super) fn read(reader: &mut Reader, redirects: &RedirectRules) -> Vec<Configured> {
    let mut ids = BTreeSet::new();
    let clients = reader.rows(&CLIENTS, |row| client(row, redirects, &mut ids));
    clients.into_iter().flatten().collect()
}

/// Every field is read before the first mistake leaves the row out: they are told together.
fn client(
    row: &mut Reader,
    redirects: &RedirectRules,
    ids: &mut BTreeSet<String>,
) -> Option<Configured> {
    let id = id(row, ids);
    let name = row.text(&NAME).as_deref().and_then(name::clean);
    let redirect_uris = redirect_uris(row, redirects);
    let secret: Option<Secret<ClientSecret>> = row.secret(&SECRET);
    if secret
        .as_ref()
        .is_some_and(|own| own.expose().len() < SHORT)
    {
        let text = format!("the secret is shorter than {SHORT} characters; take a longer one");
        row.warn_about(&SECRET, text);
    }
    let skips_consent = row.flag(&SKIP_CONSENT);
    let is_public = !row.is_set(&SECRET);
    let is_site = |uri: &RedirectUri| uri.as_str().starts_with("https://");
    if skips_consent && is_public && !redirect_uris.iter().all(is_site) {
        let text = "lets every program on a user's computer sign in as this client unasked: a \
                    redirect URI there proves nothing without a client_secret_file";
        row.warn_about(&SKIP_CONSENT, text);
    }
    let id = id?;
    Some(Configured {
        name: name.unwrap_or_else(|| id.clone()),
        id,
        redirect_uris,
        skips_consent,
        secret: secret.map(Arc::new),
    })
}

fn id(row: &mut Reader, ids: &mut BTreeSet<String>) -> Option<String> {
    if !row.is_set(&ID) {
        row.problem(&ID, "is required");
    }
    let id = row.text(&ID)?;
    let lower = id.to_ascii_lowercase();
    // In HTTP Basic these three read differently to clients that encode and to those that do not.
    let legal = |byte: u8| byte.is_ascii_graphic() && !b":+%".contains(&byte);
    let problem = if lower.starts_with("https://") {
        "begins with https://, which names a client by its metadata document: take another id"
    } else if lower.starts_with("v1.cid.") {
        "begins with v1.cid., as the ids of registered clients may: take another id"
    } else if !id.bytes().all(legal) {
        "expected visible ASCII characters other than : + %"
    } else if !ids.insert(id.clone()) {
        "is the id of an earlier client; each needs its own"
    } else {
        return Some(id);
    };
    row.problem(&ID, problem);
    None
}

fn redirect_uris(row: &mut Reader, redirects: &RedirectRules) -> Vec<RedirectUri> {
    let given = row.list(&REDIRECT_URIS);
    if given.is_empty() {
        row.problem(
            &REDIRECT_URIS,
            "is required: where codes of this client may go",
        );
    } else if given.len() > MOST_REDIRECT_URIS {
        let text = format!("holds more than {MOST_REDIRECT_URIS} URIs");
        row.problem(&REDIRECT_URIS, text);
    }
    let mut accepted = Vec::with_capacity(given.len());
    for (uri, number) in given.iter().zip(1_usize..) {
        match redirects.accept(uri) {
            Ok(uri) => accepted.push(uri),
            Err(problem) => row.problem(&REDIRECT_URIS, format!("number {number} {problem}")),
        }
    }
    accepted
}

#[cfg(test)]
mod tests;
