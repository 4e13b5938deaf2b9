//! Who may sign in, and where codes may go.

use std::collections::BTreeSet;

use gitlab_mcp_core::config::Reader;

use super::super::redirect_uri::{FORBIDDEN_SCHEMES, RedirectRules};
use super::super::rules::ConsentRule;
use super::super::site::Base;
use super::table as t;

/// Groups whose members may sign in, in lower case.
pub(super) fn groups(reader: &mut Reader) -> Vec<String> {
    let groups = reader.list(&t::ALLOWED_GROUPS);
    if groups.is_empty() && reader.is_set(&t::ALLOWED_GROUPS) {
        let text = "is set but names no group, which would let nobody in";
        reader.problem(&t::ALLOWED_GROUPS, text);
    }
    let legal = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
    };
    if !groups.iter().all(|group| group.split('/').all(legal)) {
        let text = "expected full paths of groups such as company/platform, separated by commas";
        reader.problem(&t::ALLOWED_GROUPS, text);
    }
    groups
        .iter()
        .map(|group| group.to_ascii_lowercase())
        .collect()
}

/// Who asks the person.
pub(super) fn consent(reader: &mut Reader, base: Option<&Base>) -> ConsentRule {
    match reader.one_of(&t::CONSENT) {
        "gitlab" => ConsentRule::AtGitLab,
        "off" => {
            if !base.is_some_and(Base::is_loopback) {
                let text = "off leaves any web page in control of who signs in; it works only \
                            when MCP_SERVER_URL is a loopback address";
                reader.problem(&t::CONSENT, text);
            }
            ConsentRule::Off
        }
        _ => ConsentRule::Required,
    }
}

/// Hosts of metadata documents.
pub(super) fn document_hosts(reader: &mut Reader) -> Option<BTreeSet<String>> {
    let hosts = reader.hosts(&t::DOCUMENT_HOSTS);
    reader.is_set(&t::DOCUMENT_HOSTS).then(|| {
        hosts
            .into_iter()
            .map(|host| host.to_ascii_lowercase())
            .collect()
    })
}

/// Which redirect URIs are accepted.
pub(super) fn redirects(reader: &mut Reader) -> RedirectRules {
    let schemes = reader.list(&t::REDIRECT_SCHEMES);
    let schemes: Vec<String> = schemes.iter().map(|one| one.to_ascii_lowercase()).collect();
    let none = matches!(schemes.as_slice(), [one] if one == "none");
    let legal = |scheme: &String| {
        let mut bytes = scheme.bytes();
        bytes.next().is_some_and(|first| first.is_ascii_lowercase())
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
            && !FORBIDDEN_SCHEMES.contains(&scheme.as_str())
            && !scheme.starts_with("ms-")
    };
    if !none && !schemes.iter().all(legal) {
        let text = "expected names of app schemes such as cursor; http, https, javascript, data, \
                    file and their like are never accepted";
        reader.problem(&t::REDIRECT_SCHEMES, text);
    }
    let hosts = reader.list(&t::REDIRECT_HOSTS);
    RedirectRules {
        hosts: reader
            .is_set(&t::REDIRECT_HOSTS)
            .then(|| hosts.iter().map(|host| host.to_ascii_lowercase()).collect()),
        schemes: (!none).then(|| schemes.into_iter().collect()),
    }
}
