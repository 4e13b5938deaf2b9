//! A redirect URI as bytes: nothing decoded, nothing normalised.

use percent_encoding::percent_decode_str;

use super::{LONGEST, RedirectProblem};

/// The pieces of an absolute URI as they stand there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    /// In lower case.
    pub(super) scheme: String,
    /// What stands between `//` and the path.
    pub(super) authority: Option<&'a str>,
    pub(super) path: &'a str,
}

impl<'a> Parts<'a> {
    pub(super) fn of(text: &'a str) -> Result<Self, RedirectProblem> {
        let legal = |byte: u8| byte.is_ascii_graphic() && !b"\\*\"<>^`{|}".contains(&byte);
        if text.is_empty() || text.len() > LONGEST || !text.bytes().all(legal) {
            return Err(RedirectProblem::Characters);
        }
        if text.contains('#') {
            return Err(RedirectProblem::Fragment);
        }
        let (scheme, rest) = text.split_once(':').ok_or(RedirectProblem::Relative)?;
        if !is_scheme(scheme) {
            return Err(RedirectProblem::Relative);
        }
        let (before_query, _) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = match before_query.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find('/').unwrap_or(rest.len());
                let (authority, path) = rest.split_at(end);
                (Some(authority), path)
            }
            None => (None, before_query),
        };
        if authority.is_some_and(|one| one.contains(['@', '%'])) {
            return Err(RedirectProblem::Userinfo);
        }
        if path.split(['/', ';']).any(is_dots) {
            return Err(RedirectProblem::DotSegments);
        }
        Ok(Self {
            scheme: scheme.to_ascii_lowercase(),
            authority,
            path,
        })
    }
}

fn is_scheme(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(legal)
}

/// `.` or `..`, however many times it is encoded.
fn is_dots(segment: &str) -> bool {
    let mut text = segment.to_owned();
    for _ in 0..4 {
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            break;
        }
        text = decoded;
    }
    text.split(['/', '\\', ';'])
        .any(|part| part == "." || part == "..")
}

/// Host and port of an authority without userinfo; `None` when it has another form.
pub(super) fn host_and_port(authority: &str) -> Option<(&str, Option<&str>)> {
    let end = match authority.strip_prefix('[') {
        Some(_) => authority.find(']')? + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at_checked(end)?;
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Some((host, None)),
        Some(port) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some((host, Some(port)))
        }
        _ => None,
    }
}

/// Everything of an http loopback URI but its port, in two parts; `None` for any other URI.
pub(super) fn loopback(text: &str) -> Option<(&str, &str)> {
    let parts = Parts::of(text)
        .ok()
        .filter(|parts| parts.scheme == "http")?;
    let authority = parts.authority?;
    let (host, _) = host_and_port(authority)?;
    let is_address = |text: &str| {
        text.parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
    };
    if !(is_address(host) || host == "[::1]" || host == "localhost") {
        return None;
    }
    let start = text.len() - text.split_once("//")?.1.len();
    let head = text.get(..start + host.len())?;
    let tail = text.get(start + authority.len()..)?;
    Some((head, tail))
}
