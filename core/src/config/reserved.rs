//! Names of the contract that nothing in this build reads.
//!
//! They are accepted, and setting one is never silent: a warning where nothing is lost but the
//! feature, an error where starting without it would be less restricted than the operator asked.

mod names;

use super::parse;
use super::setting::Setting;

pub(super) use names::RESERVED;

/// A known name without a reader.
#[derive(Debug)]
pub(super) struct Reserved {
    pub(super) setting: Setting,
    pub(super) consequence: Consequence,
}

/// What setting a reserved name leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consequence {
    /// A warning.
    Warn,
    /// An error.
    Refuse,
    /// An error when the value is true; false asks for what happens anyway.
    RefuseTrue,
    /// An error when the value is false; true asks for what happens anyway.
    RefuseFalse,
    /// One line of information: the name has no meaning here, as users of other servers set it.
    Inform,
}

/// The judgement about one value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Fine,
    Inform(String),
    Warn(String),
    Refuse(String),
}

impl Reserved {
    /// Judges `value`; values of secrets are only looked at for being there.
    pub(super) fn judge(&self, value: &str) -> Verdict {
        let refused = || {
            let text = "is known but not supported by this build, and starting without it would \
                        be less restricted than asked";
            Verdict::Refuse(text.to_owned())
        };
        let is_default = |text: &str| text.eq_ignore_ascii_case(value.trim());
        if self.setting.default_text().is_some_and(is_default) {
            return Verdict::Fine;
        }
        match (self.consequence, parse::boolean(value)) {
            (Consequence::RefuseTrue, Ok(true)) | (Consequence::RefuseFalse, Ok(false)) => {
                refused()
            }
            (Consequence::RefuseTrue | Consequence::RefuseFalse, Ok(_)) => Verdict::Fine,
            (Consequence::RefuseTrue | Consequence::RefuseFalse, Err(text)) => {
                Verdict::Refuse(text)
            }
            (Consequence::Refuse, _) => refused(),
            (Consequence::Warn, _) => {
                let text = "is known but not supported by this build and has no effect";
                Verdict::Warn(text.to_owned())
            }
            (Consequence::Inform, _) => {
                Verdict::Inform("is accepted and has no effect here".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(variable: &str, value: &str) -> Verdict {
        let found = RESERVED.iter().find(|r| r.setting.variable() == variable);
        found.unwrap_or_else(|| panic!("{variable}")).judge(value)
    }

    #[test]
    fn nothing_starts_less_restricted_than_asked() {
        let refused = [
            ("GITLAB_MCP_OAUTH", "true"),
            ("OAUTH_ENABLED", "TRUE"),
            ("OAUTH_ENABLED", "enabled"),
            ("REMOTE_AUTHORIZATION", "1"),
            ("GITLAB_USE_OAUTH", "yes"),
            ("SSE", "on"),
            ("SSL_CERT_PATH", "/tmp/cert.pem"),
            ("SSL_CA_PATH", "/tmp/ca.pem"),
            ("GITLAB_ALLOWED_PROJECT_IDS", "42"),
            ("GITLAB_ALLOWED_GROUP_IDS", "g"),
            ("GITLAB_OAUTH_ALLOWED_GROUPS", "g"),
            ("GITLAB_READ_ONLY_MODE", "true"),
            ("GITLAB_PERMISSION_MODE", "readonly"),
            ("GITLAB_DENIED_TOOLS_REGEX", "."),
            ("USE_LABELS", "false"),
            ("OAUTH_STORAGE_TYPE", "redis"),
            ("MCP_METRICS_TOKEN", "canary-metrics"),
        ];
        for (variable, value) in refused {
            let verdict = judge(variable, value);
            assert!(
                matches!(verdict, Verdict::Refuse(_)),
                "{variable}={value}: {verdict:?}"
            );
        }
    }

    #[test]
    fn what_asks_for_the_status_quo_is_fine() {
        let fine = [
            ("OAUTH_ENABLED", "false"),
            ("SSE", "0"),
            ("USE_LABELS", "true"),
            ("OAUTH_STORAGE_TYPE", "Memory"),
            ("GITLAB_PERMISSION_MODE", "full"),
        ];
        for (variable, value) in fine {
            assert_eq!(judge(variable, value), Verdict::Fine, "{variable}={value}");
        }
        assert!(matches!(
            judge("GITLAB_CROSS_REFS", "false"),
            Verdict::Warn(_)
        ));
        assert!(matches!(judge("DEFAULT_NULL", "1"), Verdict::Inform(_)));
    }
}
