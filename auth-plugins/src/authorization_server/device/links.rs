//! The links a person opens: only GitLab's own. RFC 8628 section 3.3.1.

use gitlab_mcp_core::gitlab::Instance;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::gitlab_oauth::DeviceGrant;

/// Longest user code in bytes.
const LONGEST_CODE: usize = 64;

/// Where the person types the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// For typing the code.
    pub plain: String,
    /// With the code filled in.
    pub complete: Option<String>,
}

impl Links {
    /// The links of `grant` as browsers can open them. `None` when one leads anywhere else than to
    /// this GitLab, or the user code is nothing that can be typed.
    pub(super) fn judge(
        grant: &DeviceGrant,
        instance: &Instance,
        browser: &Instance,
    ) -> Option<Self> {
        let code = &grant.user_code;
        let typed = (1..=LONGEST_CODE).contains(&code.len()) && !code.contains(char::is_control);
        let own = |link: &str| own(link, instance, browser);
        let complete = match &grant.verification_uri_complete {
            Some(link) => Some(own(link)?),
            None => None,
        };
        Some(Self {
            plain: own(&grant.verification_uri).filter(|_| typed)?,
            complete,
        })
    }
}

/// The link under GitLab's name for browsers; `None` for a foreign one.
fn own(link: &str, instance: &Instance, browser: &Instance) -> Option<String> {
    let url = Url::parse(link).ok()?;
    let web = matches!(url.scheme(), "http" | "https");
    let plain = url.username().is_empty() && url.password().is_none();
    // Browsers and parsers disagree about the backslash.
    let visible = link
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if !(web && plain && visible) {
        return None;
    }
    let host = url.host_str()?;
    if host == browser.host() {
        return Some(url.into());
    }
    if host != instance.host() {
        return None;
    }
    // A GitLab that knows itself by its internal name: browsers know it by the other one.
    let place = &url[url::Position::BeforePath..];
    let internal = Url::parse(instance.base()).ok()?;
    let prefix = internal.path().trim_end_matches('/');
    Some(format!("{}{}", browser.base(), place.strip_prefix(prefix)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(text: &str) -> Instance {
        Instance::parse(text).unwrap()
    }

    #[test]
    fn a_link_to_this_gitlab_is_shown_under_its_name_for_browsers() {
        let internal = instance("http://gitlab.internal:8080/git");
        let browser = instance("https://gitlab.example/git");
        for (link, shown) in [
            (
                "https://gitlab.example/git/oauth/device?user_code=A",
                "https://gitlab.example/git/oauth/device?user_code=A",
            ),
            (
                "http://gitlab.internal:8080/git/oauth/device?user_code=A",
                "https://gitlab.example/git/oauth/device?user_code=A",
            ),
            (
                "http://GitLab.internal/git/oauth/device",
                "https://gitlab.example/git/oauth/device",
            ),
        ] {
            assert_eq!(own(link, &internal, &browser).as_deref(), Some(shown));
        }
    }

    #[test]
    fn a_link_to_anywhere_else_is_none() {
        let gitlab = instance("https://gitlab.example");
        for link in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//gitlab.example/oauth/device",
            "/oauth/device",
            "",
            "ssh://gitlab.example/oauth/device",
            "https://evil.example/oauth/device",
            "https://gitlab.example.evil.example/",
            "https://gitlab.example@evil.example/",
            "https://user:password@gitlab.example/oauth/device",
            "https://evil.example/?https://gitlab.example/",
            "https://gitlab.example\n/oauth/device",
            "https://gitlab.example\\@evil.example/",
            " https://gitlab.example/oauth/device",
        ] {
            assert_eq!(own(link, &gitlab, &gitlab), None, "{link:?}");
        }
        assert!(own("https://gitlab.example/oauth/device", &gitlab, &gitlab).is_some());
    }
}
