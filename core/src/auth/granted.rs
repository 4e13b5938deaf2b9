//! What was granted to the token of a caller where that is less than every tool needs, and the
//! answer that asks for more. RFC 6750 section 3.1; RFC 6749 section 3.3;
//! <https://docs.gitlab.com/user/profile/personal_access_tokens/#personal-access-token-scopes>.

use http::HeaderValue;

use super::Challenge;

/// A scope of GitLab that decides which tools run; each contains those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Reading through the API.
    ReadApi,
    /// Everything the API does.
    Api,
}

impl Scope {
    /// GitLab's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadApi => "read_api",
            Self::Api => "api",
        }
    }

    /// The most that `scopes` hold of what decides; other scopes decide nothing.
    fn most(scopes: &str) -> Option<Self> {
        let known = [Self::Api, Self::ReadApi];
        let held = |scope: &Self| scopes.split(' ').any(|word| word == scope.name());
        known.into_iter().find(held)
    }
}

/// The scopes of a token that does not suffice for every tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    scopes: String,
    most: Option<Scope>,
    resource_metadata: String,
}

impl Granted {
    /// A token with these `scopes`, separated by blanks; `None` when they suffice for every tool.
    /// `resource_metadata` makes the URL under which a client learns where to sign in (RFC 9728).
    pub fn less_than_all(scopes: &str, resource_metadata: impl FnOnce() -> String) -> Option<Self> {
        let most = Scope::most(scopes);
        if most == Some(Scope::Api) {
            return None;
        }
        let legal = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let words = scopes.split(' ').filter(|word| !word.is_empty());
        let words: Vec<&str> = words.filter(|word| word.bytes().all(legal)).collect();
        Some(Self {
            scopes: words.join(" "),
            most,
            resource_metadata: resource_metadata(),
        })
    }

    /// Whether the token is enough for what needs `needed`.
    pub fn suffices_for(&self, needed: Scope) -> bool {
        self.most >= Some(needed)
    }

    /// The answer to a call of `tool`, which needs `needed`: what was granted and what is missing, in
    /// one list, so that a client that asks for it loses nothing.
    pub fn challenge(&self, tool: &str, needed: Scope) -> Challenge {
        let needed = needed.name();
        let granted = self.scopes.as_str();
        let (had, all) = match granted {
            "" => ("none".to_owned(), needed.to_owned()),
            _ => (granted.to_owned(), format!("{granted} {needed}")),
        };
        let text = format!(
            "the tool {tool} needs the scope {needed}, and this sign-in has {had}: sign in again; \
             where that changes nothing, the operator of this server has to allow it"
        );
        let metadata = &self.resource_metadata;
        let header = format!(
            r#"Bearer error="insufficient_scope", scope="{all}", resource_metadata="{metadata}", error_description="{text}""#
        );
        Challenge {
            www_authenticate: HeaderValue::try_from(header)
                .unwrap_or(HeaderValue::from_static("Bearer")),
            error: "insufficient_scope".to_owned(),
            error_description: Some(text),
            retry_after: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::Effect;

    fn granted(scopes: &str) -> Option<Granted> {
        Granted::less_than_all(scopes, || "https://mcp.example/metadata".to_owned())
    }

    #[test]
    fn who_has_api_lacks_nothing_and_no_url_is_made() {
        for scopes in ["api", "api read_user", "read_user api", "read_api api"] {
            assert_eq!(granted(scopes), None, "{scopes}");
            let url = || unreachable!("nobody asks for it");
            assert_eq!(Granted::less_than_all(scopes, url), None, "{scopes}");
        }
    }

    #[test]
    fn a_read_scope_reads_and_the_rest_needs_api() {
        use Effect::{Delete, Read, Write};
        for (scopes, suffices) in [
            ("read_api", [true, false, false]),
            ("read_user read_api", [true, false, false]),
            ("read_user", [false; 3]),
            ("", [false; 3]),
            ("API", [false; 3]),
            ("api_extra", [false; 3]),
            ("\"api\"", [false; 3]),
        ] {
            let granted = granted(scopes).unwrap();
            let seen = [Read, Write, Delete].map(|effect| granted.suffices_for(effect.scope()));
            assert_eq!(seen, suffices, "{scopes}");
        }
    }

    #[test]
    fn the_challenge_asks_for_what_was_granted_and_what_is_missing() {
        for (scopes, needed, all, had) in [
            ("read_api", Scope::Api, "read_api api", "read_api"),
            (
                "read_user",
                Scope::ReadApi,
                "read_user read_api",
                "read_user",
            ),
            (
                "read_user  read_api",
                Scope::Api,
                "read_user read_api api",
                "read_user read_api",
            ),
            ("", Scope::Api, "api", "none"),
            // Whatever could end the quoted text of the header is no scope.
            (
                "a\"b c\\d e\u{e9} read_api",
                Scope::Api,
                "read_api api",
                "read_api",
            ),
        ] {
            let challenge = granted(scopes).unwrap().challenge("create_issue", needed);
            let text = format!(
                "the tool create_issue needs the scope {}, and this sign-in has {had}: sign in \
                 again; where that changes nothing, the operator of this server has to allow it",
                needed.name()
            );
            assert_eq!(
                challenge.www_authenticate.to_str().unwrap(),
                format!(
                    "Bearer error=\"insufficient_scope\", scope=\"{all}\", \
                     resource_metadata=\"https://mcp.example/metadata\", \
                     error_description=\"{text}\""
                )
            );
            assert_eq!(challenge.error, "insufficient_scope");
            assert_eq!(challenge.error_description.as_deref(), Some(text.as_str()));
        }
    }
}
