//! Which GitLab a request means: the default one, or one the operator allows that
//! `X-GitLab-API-URL` names. Decided before any name is looked up. URL parser: WHATWG URL.

use gitlab_mcp_core::gitlab::Instance;
use http::{HeaderMap, HeaderName};
use url::{Origin, Url};

/// The header that names an instance.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-gitlab-api-url");

/// The instances a request may mean.
#[derive(Debug)]
pub(super) struct Targets {
    default: Instance,
    /// Empty when callers may not choose.
    allowed: Vec<(Endpoint, Instance)>,
}

/// Scheme, host without a final dot, and port.
#[derive(Debug, PartialEq, Eq)]
struct Endpoint {
    scheme: String,
    host: String,
    port: u16,
}

/// What a request says about its instance.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// Nothing, or one that is allowed.
    Instance(Instance),
    /// One, although callers may not choose: the default one is meant.
    Ignored(Instance),
}

/// Why there is no instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unnamed {
    /// The header stands twice.
    Twice,
    /// It names what the operator does not allow, or nothing at all.
    NotAllowed,
}

impl Targets {
    /// Only `default`, whatever a request says.
    pub(super) fn fixed(default: Instance) -> Self {
        Self {
            default,
            allowed: Vec::new(),
        }
    }

    /// `default`, or the one of `allowed` that a request names. Of two with one origin the first
    /// counts.
    pub(super) fn chosen(default: Instance, allowed: &[Instance]) -> Self {
        let allowed = std::iter::once(&default)
            .chain(allowed)
            .filter_map(|one| Some((Endpoint::of(one.origin())?, one.clone())))
            .collect();
        Self { default, allowed }
    }

    /// The instance of a request.
    ///
    /// # Errors
    /// [`Unnamed`].
    pub(super) fn named(&self, headers: &HeaderMap) -> Result<Named, Unnamed> {
        let mut values = headers.get_all(&HEADER).iter();
        let default = self.default.clone();
        let Some(value) = values.next() else {
            return Ok(Named::Instance(default));
        };
        if self.allowed.is_empty() {
            return Ok(Named::Ignored(default));
        }
        if values.next().is_some() {
            return Err(Unnamed::Twice);
        }
        let text = value.to_str().map_err(|_| Unnamed::NotAllowed)?;
        let asked = Endpoint::asked(text).ok_or(Unnamed::NotAllowed)?;
        let found = self.allowed.iter().find(|(own, _)| *own == asked);
        found
            .map(|(_, instance)| Named::Instance(instance.clone()))
            .ok_or(Unnamed::NotAllowed)
    }
}

impl Endpoint {
    fn of(origin: Origin) -> Option<Self> {
        match origin {
            Origin::Tuple(scheme, host, port) => Some(Self {
                scheme,
                host: folded(&host.to_string()),
                port,
            }),
            Origin::Opaque(_) => None,
        }
    }

    /// The endpoint a header names. The parser repairs what it can, and every repair is a way to
    /// write an allowed host so that somebody else reads another one; so the authority must stand
    /// in the text as the parser understood it, up to case and one final dot.
    fn asked(text: &str) -> Option<Self> {
        let text = text.trim_matches(' ');
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let url = Url::parse(text).ok()?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none();
        let found = Self::of(url.origin()).filter(|_| plain)?;
        let (scheme, rest) = text.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let end_of_host = authority.rfind(']').unwrap_or_default();
        let colon = authority
            .rfind(':')
            .filter(|colon| *colon >= end_of_host)
            .unwrap_or(authority.len());
        let (host, port) = authority.split_at_checked(colon)?;
        let as_written = scheme.eq_ignore_ascii_case(&found.scheme)
            && folded(host) == found.host
            && (port.is_empty() || port == format!(":{}", found.port));
        as_written.then_some(found)
    }
}

/// In lower case, without one final dot.
fn folded(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    host.strip_suffix('.').unwrap_or(&host).to_owned()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// Spellings that somebody may read as an allowed instance, and plain strangers.
    const HOSTILE: &[&str] = &[
        "",
        "gitlab.example",
        "https://evil.example",
        "https://evil.example/gitlab.example",
        "https://gitlab.example.evil",
        "https://evilgitlab.example",
        "https://sub.gitlab.example",
        "https://gitlab.example..",
        "https://gitlab.example@evil.example",
        "https://user@gitlab.example",
        "https://user:word@gitlab.example",
        "https://@gitlab.example",
        "https://:@gitlab.example",
        "https://evil.example#@gitlab.example",
        "https://evil.example?@gitlab.example",
        "https://evil.example\\@gitlab.example",
        "https://gitlab.example\\@evil.example",
        "https:\\\\gitlab.example",
        "https://gitlab.example%2f@evil.example",
        "https://gitlab.example%00.evil.example",
        "https://gitlab%2eexample",
        "//gitlab.example",
        "//evil.example",
        "http:evil.example",
        "https:gitlab.example",
        "https:/gitlab.example",
        "https:///gitlab.example",
        "https://gitlab.example:22",
        "https://gitlab.example:0443",
        "https://gitlab.example:",
        "https://gitlab.example:4430",
        "http://gitlab.example",
        "http://gitlab.example:443",
        "ftp://gitlab.example",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://git\tlab.example",
        "https://gitlab.example\t",
        "https://gitlab.example evil.example",
        "https://g\u{0456}tlab.example",
        "https://bücher.example",
        "https://gitlab\u{3002}example",
        "https://\u{ff47}itlab.example",
        "http://2130706433:8929",
        "http://0x7f.1:8929",
        "http://0x7f000001:8929",
        "http://0177.0.0.1:8929",
        "http://127.1:8929",
        "http://127.0.1:8929",
        "http://127.0.0.1.:8929.",
        "http://①②⑦.⓪.⓪.①:8929",
        "http://127。0。0。1:8929",
        "http://0:8929",
        "http://localhost:8929",
        "http://[::1]:8929",
        "http://[::ffff:127.0.0.1]:8929",
        "http://[64:ff9b::7f00:1]:8929",
        "http://127.0.0.1",
        "https://127.0.0.1:8929",
        "https://[2001:0db8::1]",
        "https://[2001:db8:0::1]",
        "https://2001:db8::1",
        "https://[2001:db8::1]x:443",
    ];

    fn instance(url: &str) -> Instance {
        Instance::parse(url).unwrap()
    }

    fn targets() -> Targets {
        let allowed = [
            instance("https://gitlab.example/prefix"),
            instance("http://127.0.0.1:8929"),
            instance("https://[2001:db8::1]"),
            instance("https://xn--bcher-kva.example"),
        ];
        Targets::chosen(instance("https://default.example"), &allowed)
    }

    fn named(targets: &Targets, values: &[&str]) -> Result<Named, Unnamed> {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(HEADER, value);
        }
        targets.named(&headers)
    }

    #[test]
    fn without_the_header_the_default_is_meant() {
        let default = Named::Instance(instance("https://default.example"));
        assert_eq!(named(&targets(), &[]), Ok(default));
    }

    #[test]
    fn an_allowed_host_is_taken_with_the_configured_base() {
        let cases = [
            ("https://gitlab.example", "https://gitlab.example/prefix"),
            ("https://gitlab.example/", "https://gitlab.example/prefix"),
            ("HTTPS://GitLab.Example", "https://gitlab.example/prefix"),
            ("https://gitlab.example.", "https://gitlab.example/prefix"),
            (
                "https://gitlab.example:443",
                "https://gitlab.example/prefix",
            ),
            (
                "https://GITLAB.EXAMPLE.:443/api/v4?x=1#y",
                "https://gitlab.example/prefix",
            ),
            (
                "https://gitlab.example/../../admin@evil.example",
                "https://gitlab.example/prefix",
            ),
            ("http://127.0.0.1:8929/api/v4", "http://127.0.0.1:8929"),
            ("https://[2001:db8::1]:443", "https://[2001:db8::1]"),
            ("https://default.example", "https://default.example"),
            (
                "https://xn--bcher-kva.example",
                "https://xn--bcher-kva.example",
            ),
        ];
        for (text, base) in cases {
            let expected = Named::Instance(instance(base));
            assert_eq!(named(&targets(), &[text]), Ok(expected), "{text}");
        }
    }

    #[test]
    fn everything_else_is_not_allowed() {
        for &text in HOSTILE {
            let found = named(&targets(), &[text]);
            assert_eq!(found, Err(Unnamed::NotAllowed), "{text}");
        }
    }

    #[test]
    fn two_headers_are_refused_even_when_equal() {
        let two = ["https://gitlab.example", "https://gitlab.example"];
        assert_eq!(named(&targets(), &two), Err(Unnamed::Twice));
    }

    #[test]
    fn callers_who_may_not_choose_get_the_default() {
        let targets = Targets::fixed(instance("https://default.example"));
        for values in [
            &["https://evil.example"][..],
            &["https://default.example"],
            &["", ""],
        ] {
            let expected = Named::Ignored(instance("https://default.example"));
            assert_eq!(named(&targets, values), Ok(expected), "{values:?}");
        }
    }
}
