//! The way back to the application: query, fragment or form.
//! <https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html>

use form_urlencoded::Serializer;

use super::redirect_uri::OUT_OF_BAND;
use crate::site::Site;

/// How the answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Query,
    Fragment,
    FormPost,
}

impl Mode {
    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Query, Self::Fragment, Self::FormPost]
            .into_iter()
            .find(|mode| mode.name() == text)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }
}

/// Where an authorization request wants its answer.
#[derive(Clone, Debug)]
pub(super) struct Callback {
    pub(super) uri: String,
    pub(super) mode: Mode,
    pub(super) state: Option<String>,
}

/// How the browser gets there.
#[derive(Debug)]
pub(super) enum Way {
    /// By going to an address.
    Location(String),
    /// By sending a form.
    Form(String, Vec<(&'static str, String)>),
}

impl Callback {
    /// The way back with an answer; the state is added.
    pub(super) fn way(&self, site: &Site, answer: &[(&'static str, &str)]) -> Way {
        let mut fields: Vec<(&'static str, String)> = answer
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        fields.extend(self.state.clone().map(|state| ("state", state)));
        if self.uri == OUT_OF_BAND {
            return Way::Location(format!(
                "{}?{}",
                site.url("/oauth/authorize/native"),
                encode(&fields)
            ));
        }
        match self.mode {
            Mode::Query => {
                let glue = if self.uri.contains('?') { '&' } else { '?' };
                Way::Location(format!("{}{glue}{}", self.uri, encode(&fields)))
            }
            Mode::Fragment => Way::Location(format!("{}#{}", self.uri, encode(&fields))),
            Mode::FormPost => Way::Form(self.uri.clone(), fields),
        }
    }

    /// The scheme of the address, for the content security policy.
    pub(super) fn scheme(&self) -> &str {
        self.uri.split(':').next().unwrap_or_default()
    }

    /// Host and port of the address, as the user knows it.
    pub(super) fn place(&self) -> &str {
        let rest = self.uri.split_once("://").map(|(_, rest)| rest);
        let host = rest.and_then(|rest| rest.split(['/', '?']).next());
        host.filter(|host| !host.is_empty()).unwrap_or(&self.uri)
    }
}

fn encode(fields: &[(&'static str, String)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_joins_what_the_address_has() {
        let site = Site {
            external_url: "http://gitlab.test".to_owned(),
            base_path: String::new(),
            version: String::new(),
            plan: crate::site::Plan::Ultimate,
        };
        let location = |uri: &str, mode| {
            let callback = Callback {
                uri: uri.to_owned(),
                mode,
                state: Some("a b".to_owned()),
            };
            match callback.way(&site, &[("code", "1")]) {
                Way::Location(location) => location,
                Way::Form(action, _) => format!("POST {action}"),
            }
        };
        for (uri, mode, expected) in [
            ("http://a/cb", Mode::Query, "http://a/cb?code=1&state=a+b"),
            (
                "http://a/cb?x=1",
                Mode::Query,
                "http://a/cb?x=1&code=1&state=a+b",
            ),
            (
                "http://a/cb",
                Mode::Fragment,
                "http://a/cb#code=1&state=a+b",
            ),
            ("http://a/cb", Mode::FormPost, "POST http://a/cb"),
            (
                OUT_OF_BAND,
                Mode::Query,
                "http://gitlab.test/oauth/authorize/native?code=1&state=a+b",
            ),
        ] {
            assert_eq!(location(uri, mode), expected);
        }
    }
}
