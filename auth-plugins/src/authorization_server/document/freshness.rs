//! How long a document may be kept, as its answer says. RFC 9111 sections 4.2 and 5.2.2.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, EXPIRES};

/// However short its owner wants it: a login asks for the document several times.
pub(super) const SHORTEST: Duration = Duration::from_mins(5);
/// However long its owner wants it: a client that was taken over must be mendable.
pub(super) const LONGEST: Duration = Duration::from_hours(24);

/// The life of an answer with these headers that arrives at `now`.
pub(super) fn of(headers: &HeaderMap, now: SystemTime) -> Duration {
    let said = said(headers, now).unwrap_or_default();
    said.clamp(SHORTEST, LONGEST)
}

fn said(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let values = headers.get_all(CACHE_CONTROL).iter();
    let text: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    let directives: Vec<String> = text
        .iter()
        .flat_map(|text| text.split(','))
        .map(|one| one.trim().to_ascii_lowercase())
        .collect();
    let is_barred = |one: &String| one == "no-store" || one.starts_with("no-cache");
    if directives.iter().any(is_barred) {
        return None;
    }
    let seconds = |name: &str| {
        let value = directives.iter().find_map(|one| {
            let (key, value) = one.split_once('=')?;
            (key.trim() == name).then_some(value)
        });
        value.map(|value| number(value.trim().trim_matches('"')))
    };
    // This is a shared cache.
    if let Some(most) = seconds("s-maxage").or_else(|| seconds("max-age")) {
        let age = headers.get(AGE).and_then(|value| value.to_str().ok());
        return Some(most.saturating_sub(age.map_or(Duration::ZERO, number)));
    }
    let expires = headers.get(EXPIRES)?.to_str().ok()?;
    let expires = httpdate::parse_http_date(expires).ok()?;
    expires.duration_since(now).ok()
}

/// Seconds; what is no number is none.
fn number(text: &str) -> Duration {
    Duration::from_secs(text.trim().parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn headers_decide_between_five_minutes_and_a_day() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:00:00 GMT").unwrap();
        for (headers, minutes) in [
            (&[][..], 5),
            (&[("cache-control", "max-age=3600")], 60),
            (&[("cache-control", "public, Max-Age = \"3600\"")], 60),
            (&[("cache-control", "max-age=3600"), ("age", "600")], 50),
            (&[("cache-control", "max-age=3600, s-maxage=7200")], 120),
            (
                &[
                    ("cache-control", "max-age=3600"),
                    ("cache-control", "no-store"),
                ],
                5,
            ),
            (&[("cache-control", "no-cache, max-age=3600")], 5),
            (&[("cache-control", "max-age=1")], 5),
            (&[("cache-control", "max-age=-1")], 5),
            (&[("cache-control", "max-age=soon")], 5),
            (&[("cache-control", "max-age=99999999999999999999")], 5),
            (&[("cache-control", "max-age=31536000")], 24 * 60),
            (
                &[
                    ("cache-control", "max-age=3600"),
                    ("age", "18446744073709551615"),
                ],
                5,
            ),
            (&[("expires", "Sun, 06 Nov 1994 09:00:00 GMT")], 60),
            (&[("expires", "Sun, 06 Nov 1994 07:00:00 GMT")], 5),
            (&[("expires", "Mon, 06 Nov 1995 07:00:00 GMT")], 24 * 60),
            (&[("expires", "0")], 5),
            (
                &[
                    ("cache-control", "max-age=600"),
                    ("expires", "Sun, 06 Nov 1994 09:00:00 GMT"),
                ],
                10,
            ),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                let name = HeaderName::from_static(name);
                map.append(name, HeaderValue::from_static(value));
            }
            assert_eq!(of(&map, now), Duration::from_mins(minutes), "{headers:?}");
        }
    }
}
