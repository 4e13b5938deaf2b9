//! Which credential a request presents: one of three headers, in a fixed order.
//! Header names: <https://docs.gitlab.com/api/rest/authentication/>; RFC 6750 section 2.1.

use gitlab_mcp_core::auth::HeaderKind;
use gitlab_mcp_core::secret::{GitLabToken, Secret};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

const PRIVATE_TOKEN: HeaderName = HeaderName::from_static("private-token");
const JOB_TOKEN: HeaderName = HeaderName::from_static("job-token");

/// The first of these that is there decides; the others are not looked at.
const ORDER: [(HeaderName, HeaderKind); 3] = [
    (PRIVATE_TOKEN, HeaderKind::PrivateToken),
    (JOB_TOKEN, HeaderKind::JobToken),
    (AUTHORIZATION, HeaderKind::Bearer),
];

/// The fewest and the most characters of a token.
const LENGTH: std::ops::RangeInclusive<usize> = 20..=4096;

/// A credential of usable shape; nobody has checked it.
#[derive(Debug)]
pub(super) struct Presented {
    pub(super) kind: HeaderKind,
    pub(super) token: Secret<GitLabToken>,
}

/// Why a request presents none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unusable {
    /// No header is there.
    Missing,
    /// The header that decides holds no token.
    Shape,
    /// A header stands twice.
    Twice(&'static str),
    /// A header holds control characters, or several credentials.
    Malformed(&'static str),
}

/// Reads the credential of a request.
///
/// # Errors
/// [`Unusable`]. A present header decides even when it is of no use: falling back to the next one
/// would let whoever sets that one choose the identity.
pub(super) fn read(headers: &HeaderMap) -> Result<Presented, Unusable> {
    first_of(&ORDER, headers)
}

/// Reads the credential of a request whose `Authorization` belongs to somebody else.
///
/// # Errors
/// [`Unusable`].
pub(super) fn read_own_headers(headers: &HeaderMap) -> Result<Presented, Unusable> {
    let [private_token, job_token, _] = &ORDER;
    first_of(&[private_token.clone(), job_token.clone()], headers)
}

fn first_of(
    order: &[(HeaderName, HeaderKind)],
    headers: &HeaderMap,
) -> Result<Presented, Unusable> {
    for (name, kind) in order {
        if headers.get_all(name).iter().count() > 1 {
            return Err(Unusable::Twice(shown(*kind)));
        }
    }
    let decides = order.iter().find_map(|(name, kind)| {
        let value = headers.get(name).filter(|value| !value.is_empty())?;
        Some((value, *kind))
    });
    let (value, kind) = decides.ok_or(Unusable::Missing)?;
    let token = text_of(value, kind)?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !LENGTH.contains(&token.len()) || !token.bytes().all(legal) {
        return Err(Unusable::Shape);
    }
    let token = Secret::parse(token.to_owned(), *LENGTH.start()).map_err(|_| Unusable::Shape)?;
    Ok(Presented { kind, token })
}

/// The token of a header value, not judged yet.
fn text_of(value: &HeaderValue, kind: HeaderKind) -> Result<&str, Unusable> {
    if value.as_bytes().iter().any(u8::is_ascii_control) {
        return Err(Unusable::Malformed(shown(kind)));
    }
    let text = value.to_str().map_err(|_| Unusable::Shape)?;
    if kind != HeaderKind::Bearer {
        return Ok(text);
    }
    if text.contains(',') {
        return Err(Unusable::Malformed(shown(kind)));
    }
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(Unusable::Shape),
    }
}

/// The header as people write it.
pub(super) fn shown(kind: HeaderKind) -> &'static str {
    match kind {
        HeaderKind::PrivateToken => "Private-Token",
        HeaderKind::JobToken => "JOB-TOKEN",
        HeaderKind::Bearer => "Authorization",
        HeaderKind::Cookie => "Cookie",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: &str = "glpat-canary-of-ann-00";
    const BOB: &str = "glpat-canary-of-bob-00";

    fn reading(headers: &[(&'static str, &[u8])]) -> Result<(HeaderKind, String), Unusable> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            // The other constructor refuses what a socket lets through.
            map.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        read(&map).map(|found| (found.kind, found.token.expose().to_owned()))
    }

    #[test]
    fn the_first_header_decides() {
        let bearer = format!("Bearer {BOB}");
        let all: [(&str, &[u8]); 3] = [
            ("authorization", bearer.as_bytes()),
            ("job-token", BOB.as_bytes()),
            ("private-token", ANN.as_bytes()),
        ];
        let private = (HeaderKind::PrivateToken, ANN.to_owned());
        assert_eq!(reading(&all), Ok(private.clone()));
        assert_eq!(reading(&all[1..]), Ok(private));
        let job = (HeaderKind::JobToken, BOB.to_owned());
        assert_eq!(reading(&all[..2]), Ok(job));
        let last = (HeaderKind::Bearer, BOB.to_owned());
        assert_eq!(reading(&all[..1]), Ok(last.clone()));
        assert_eq!(reading(&[("private-token", b""), all[0]]), Ok(last));
        assert_eq!(
            reading(&[("private-token", b"short"), all[0]]),
            Err(Unusable::Shape)
        );
    }

    #[test]
    fn a_token_may_have_20_to_4096_characters() {
        let longest = "x".repeat(4096);
        for good in [&"x".repeat(20), &longest, "a.b-c_D.0123456789012"] {
            let found = reading(&[("private-token", good.as_bytes())]);
            assert_eq!(found, Ok((HeaderKind::PrivateToken, good.to_owned())));
        }
        for bad in [
            "x".repeat(19),
            "x".repeat(4097),
            format!("{} ", "x".repeat(20)),
        ] {
            let found = reading(&[("private-token", bad.as_bytes())]);
            assert_eq!(found, Err(Unusable::Shape), "{bad}");
        }
    }

    #[test]
    fn the_scheme_counts_in_any_case() {
        for scheme in ["Bearer", "bearer", "BEARER", "Bearer  "] {
            let value = format!("{scheme} {ANN}");
            let found = reading(&[("authorization", value.as_bytes())]);
            assert_eq!(found, Ok((HeaderKind::Bearer, ANN.to_owned())), "{value}");
        }
    }

    #[test]
    fn what_is_no_token_is_told_apart() {
        let cases: [(&'static str, &[u8], Unusable); 13] = [
            ("private-token", b"", Unusable::Missing),
            ("private-token", b"glpat 0123456789012345", Unusable::Shape),
            (
                "private-token",
                b"glpat-0123456789\xc3\xbcber",
                Unusable::Shape,
            ),
            ("private-token", b"glpat-0123456789/01234", Unusable::Shape),
            (
                "private-token",
                b"glpat-0123456789\t01234",
                Unusable::Malformed("Private-Token"),
            ),
            ("authorization", b"Bearer", Unusable::Shape),
            ("authorization", b"Bearer ", Unusable::Shape),
            ("authorization", ANN.as_bytes(), Unusable::Shape),
            (
                "authorization",
                b"Basic YW5uOmdscGF0LTAxMjM0NTY3",
                Unusable::Shape,
            ),
            (
                "authorization",
                b"Bearer Bearer glpat-0123456789",
                Unusable::Shape,
            ),
            (
                "authorization",
                b"Bearer glpat-0123456789012345, Basic YW5uOjEyMw",
                Unusable::Malformed("Authorization"),
            ),
            (
                "authorization",
                b"Bearer\tglpat-0123456789012345",
                Unusable::Malformed("Authorization"),
            ),
            (
                "cookie",
                b"_gitlab_session=0123456789012345",
                Unusable::Missing,
            ),
        ];
        for (name, value, expected) in cases {
            assert_eq!(reading(&[(name, value)]), Err(expected), "{name} {value:?}");
        }
    }

    #[test]
    fn any_header_twice_is_refused() {
        let bearer = format!("Bearer {ANN}");
        for (name, value, expected) in [
            ("private-token", ANN, "Private-Token"),
            ("job-token", ANN, "JOB-TOKEN"),
            ("authorization", &bearer, "Authorization"),
        ] {
            let one = (name, value.as_bytes());
            let found = reading(&[("private-token", ANN.as_bytes()), one, one]);
            assert_eq!(found, Err(Unusable::Twice(expected)));
        }
    }
}
