//! Which of the two protocols a POST speaks. MCP 2026-07-28, basic/lifecycle, "Backward
//! compatibility".

use http::HeaderMap;

use super::Refusal;
use super::message::Seen;
use super::refusal::code;
use crate::mcp::{LEGACY, MODERN};

/// The header that names a revision.
pub(crate) const VERSION_HEADER: &str = "mcp-protocol-version";
/// The header that names a session.
pub(crate) const SESSION_HEADER: &str = "mcp-session-id";

/// The two protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    /// Opened by `initialize`.
    Legacy,
    /// Each request stands alone.
    Modern,
}

/// The headers that decide, each at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Named<'a> {
    pub(crate) version: Option<&'a str>,
    pub(crate) session: Option<&'a str>,
}

impl<'a> Named<'a> {
    /// Reads both headers.
    ///
    /// # Errors
    /// 400 when one of them stands twice or is not text.
    pub(crate) fn read(headers: &'a HeaderMap) -> Result<Self, Refusal> {
        let version = single(headers, VERSION_HEADER).map_err(|()| {
            let modern = headers
                .get_all(VERSION_HEADER)
                .iter()
                .any(|value| value == MODERN);
            let refusal = Refusal::bad(
                "version_header",
                "the MCP-Protocol-Version header must stand once, as plain text",
            );
            if modern {
                refusal.code(code::HEADERS)
            } else {
                refusal
            }
        })?;
        let session = single(headers, SESSION_HEADER).map_err(|()| {
            Refusal::bad(
                "session_header",
                "the Mcp-Session-Id header must stand once, as plain text",
            )
        })?;
        Ok(Self { version, session })
    }

    /// True when the version header alone says that the request is modern.
    pub(crate) fn is_modern(self) -> bool {
        self.version.is_some_and(is_modern)
    }

    /// The revision of a legacy request without a session.
    ///
    /// # Errors
    /// 400 for a revision we do not serve.
    pub(crate) fn legacy_version(self) -> Result<&'a str, Refusal> {
        let version = self.version.unwrap_or("2025-03-26");
        if LEGACY.contains(&version) {
            return Ok(version);
        }
        let shown: String = version.chars().take(32).collect();
        Err(Refusal::bad(
            "version",
            format!(
                "Unsupported MCP-Protocol-Version: {shown}; this server speaks {}",
                LEGACY.join(", ")
            ),
        ))
    }
}

fn is_modern(version: &str) -> bool {
    version == MODERN
}

fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(drop),
        (Some(_), Some(_)) => Err(()),
    }
}

/// The protocol of one message.
pub(crate) fn classify(seen: &Seen<'_>, named: Named<'_>) -> Era {
    let bare_discover = seen.method() == "server/discover" && named.session.is_none();
    let modern = seen.version.is_some()
        || (seen.method() != "initialize" && (named.is_modern() || bare_discover));
    if modern { Era::Modern } else { Era::Legacy }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn text(method: &str, meta: Option<&str>) -> String {
        let meta = meta.map_or(String::new(), |version| {
            format!(r#""_meta":{{"io.modelcontextprotocol/protocolVersion":"{version}"}}"#)
        });
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{meta}}}}}"#)
    }

    #[test]
    fn eras_are_told_apart() {
        use Era::{Legacy, Modern};
        for (method, meta, version, session, era) in [
            ("initialize", None, None, None, Legacy),
            ("initialize", None, Some(MODERN), Some("s"), Legacy),
            // Self-describing requests have no handshake: an unknown method there.
            ("initialize", Some(MODERN), Some(MODERN), Some("s"), Modern),
            ("tools/list", None, None, None, Legacy),
            ("tools/list", None, None, Some("s"), Legacy),
            ("tools/list", None, Some("2025-11-25"), Some("s"), Legacy),
            ("tools/list", None, Some(MODERN), None, Modern),
            ("tools/list", None, Some(MODERN), Some("s"), Modern),
            ("tools/list", Some(MODERN), None, None, Modern),
            ("tools/list", Some(MODERN), Some("2025-11-25"), None, Modern),
            ("tools/list", Some("1999-01-01"), None, None, Modern),
            ("tools/list", None, Some("1999-01-01"), None, Legacy),
            ("server/discover", None, None, None, Modern),
            ("server/discover", None, None, Some("s"), Legacy),
        ] {
            let text = text(method, meta);
            let seen = Seen::read(text.as_bytes()).unwrap();
            let named = Named { version, session };
            assert_eq!(classify(&seen, named), era, "{method} {meta:?} {named:?}");
        }
    }

    #[test]
    fn a_doubled_version_is_a_mismatch_only_when_modern() {
        for (values, expected) in [
            (["2025-11-25", "2025-06-18"], "-32600"),
            (["2025-11-25", MODERN], "-32020"),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(VERSION_HEADER, HeaderValue::from_static(value));
            }
            let refusal = Named::read(&headers).unwrap_err();
            assert!(format!("{refusal:?}").contains(expected), "{refusal:?}");
        }
    }

    #[test]
    fn only_served_revisions_are_legacy() {
        for (version, served) in [
            (None, true),
            (Some("2025-03-26"), true),
            (Some("2025-06-18"), true),
            (Some("2025-11-25"), true),
            (Some("2024-11-05"), false),
            (Some("nonsense"), false),
        ] {
            let named = Named {
                version,
                session: None,
            };
            assert_eq!(named.legacy_version().is_ok(), served, "{version:?}");
        }
    }
}
