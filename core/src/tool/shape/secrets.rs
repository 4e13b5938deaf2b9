//! Values that never leave the server, by the name of their member or by their form.
//! Token prefixes: <https://docs.gitlab.com/security/tokens/#token-prefixes>

/// Members that hold a secret and nothing else.
const SECRET_MEMBERS: [&str; 7] = [
    "runners_token",
    "feed_token",
    "static_object_token",
    "incoming_email_token",
    "rss_token",
    "private_key",
    "ci_job_token",
];

/// How GitLab's tokens begin.
const PREFIXES: [&str; 12] = [
    "glpat-",
    "gldt-",
    "glrt-",
    "glcbt-",
    "glptt-",
    "glft-",
    "glimt-",
    "glagent-",
    "gloas-",
    "glsoat-",
    "glffct-",
    "GR1348941",
];

/// Members whose text must reach the model unchanged, since edits have to match it.
const EXACT_MEMBERS: [&str; 4] = ["diff", "content", "data", "blob"];

const MASK: &str = "[masked]";

/// True for a member that is dropped whatever it holds.
pub(super) fn is_secret(name: &str) -> bool {
    SECRET_MEMBERS.contains(&name)
}

/// The text with its secrets masked, or `None` when there is nothing to mask.
pub(super) fn masked(name: &str, text: &str) -> Option<String> {
    if EXACT_MEMBERS.contains(&name) {
        return None;
    }
    if name == "import_url" || name.ends_with("_import_url") {
        return without_userinfo(text);
    }
    mask_tokens(text)
}

/// The text with everything masked that has the form of a token, or `None` when nothing has.
pub(crate) fn mask_tokens(text: &str) -> Option<String> {
    let mut result: Option<String> = None;
    for prefix in PREFIXES {
        let current = result.as_deref().unwrap_or(text);
        if let Some(clean) = mask_prefix(current, prefix) {
            result = Some(clean);
        }
    }
    result
}

/// Masks every token that starts with `prefix`; a bare prefix in prose stays.
fn mask_prefix(text: &str, prefix: &str) -> Option<String> {
    if !text.contains(prefix) {
        return None;
    }
    let mut clean = String::with_capacity(text.len());
    let mut changed = false;
    for (index, part) in text.split(prefix).enumerate() {
        if index == 0 {
            clean.push_str(part);
            continue;
        }
        let token = part
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
            .unwrap_or(part.len());
        let (body, rest) = part.split_at(token);
        if body.len() >= 8 {
            changed = true;
            clean.push_str(MASK);
        } else {
            clean.push_str(prefix);
            clean.push_str(body);
        }
        clean.push_str(rest);
    }
    changed.then_some(clean)
}

fn without_userinfo(text: &str) -> Option<String> {
    let mut url = url::Url::parse(text).ok()?;
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let masked = url.set_username("").and_then(|()| url.set_password(None));
    Some(masked.map_or_else(|()| MASK.to_owned(), |()| url.to_string()))
}
