//! Which cookie goes where, and what answers change about that. RFC 6265 sections 5.1.3, 5.1.4,
//! 5.3 and 5.4; the name prefixes are those of RFC 6265bis section 4.1.3.

use std::cmp::Reverse;

use cookie_store::{CookieDomain, CookiePath, RawCookie};
use gitlab_mcp_core::secret::{Alphabet, Kind, Secret};
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use url::Url;

/// The most bytes of a cookie that an answer sets, name and value together (RFC 6265 section 6.1).
const LONGEST: usize = 4096;

/// How many cookies answers may add to those of the file.
const LEARNED: usize = 100;

/// Values shorter than this are not looked for in texts: they would mask half of every sentence.
const TELLING: usize = 8;

/// `name=value` of a cookie. The names are kept back as well: they tell which products guard a
/// company.
#[derive(Debug, Clone, Copy)]
pub(super) enum CookiePair {}

impl Kind for CookiePair {
    const NAME: &'static str = "CookiePair";
    const ALPHABET: Alphabet = Alphabet::Text;
}

/// One cookie and the requests it belongs to.
#[derive(Debug)]
pub(super) struct Cookie {
    pair: Secret<CookiePair>,
    domain: CookieDomain,
    path: CookiePath,
    secure: bool,
    /// Seconds since 1970; `None` is a session cookie.
    expires: Option<i64>,
}

/// Where and for how long a cookie counts.
#[derive(Debug)]
pub(super) struct Reach {
    pub(super) domain: CookieDomain,
    pub(super) path: CookiePath,
    pub(super) secure: bool,
    /// Seconds since 1970; `None` is a session cookie.
    pub(super) expires: Option<i64>,
}

impl Cookie {
    /// `None` when name or value could not stand in a header without changing its meaning.
    pub(super) fn new(name: &str, value: &str, reach: Reach) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_graphic() && !b"=;,".contains(&byte);
        if name.is_empty() || !name.bytes().all(fits) || value.contains(';') {
            return None;
        }
        // Control characters of every sort are refused here.
        let pair = Secret::parse(format!("{name}={value}"), 1).ok()?;
        Some(Self {
            pair,
            domain: reach.domain,
            path: reach.path,
            secure: reach.secure,
            expires: reach.expires,
        })
    }

    fn name(&self) -> &str {
        self.parts().0
    }

    fn value(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        self.pair.expose().split_once('=').unwrap_or_default()
    }

    pub(super) fn has_expired(&self, now: i64) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }

    /// Secure cookies need https even on loopback: what is listening there may be anybody's.
    fn belongs_to(&self, url: &Url, now: i64) -> bool {
        let secure = url.scheme() == "https";
        !self.has_expired(now)
            && (secure || !self.secure)
            && self.domain.matches(url)
            && self.path.matches(url)
    }

    /// Two cookies of one identity cannot stand beside each other.
    fn replaces(&self, other: &Self) -> bool {
        self.name() == other.name()
            && self.domain.as_cow() == other.domain.as_cow()
            && *self.path == *other.path
    }
}

/// The cookies of one load of the file, and what answers made of them since.
#[derive(Debug, Default)]
pub(super) struct Jar {
    cookies: Vec<Cookie>,
    /// The most cookies it takes.
    room: usize,
}

impl Jar {
    pub(super) fn new(cookies: Vec<Cookie>) -> Self {
        let mut jar = Self {
            room: cookies.len() + LEARNED,
            cookies: Vec::new(),
        };
        for cookie in cookies {
            jar.put(cookie);
        }
        jar
    }

    pub(super) fn len(&self) -> usize {
        self.cookies.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cookies.is_empty()
    }

    /// The `Cookie` header of a request, or `None` when nothing belongs there. Longer paths come
    /// first (RFC 6265 section 5.4).
    pub(super) fn header_for(&self, url: &Url, now: i64) -> Option<HeaderValue> {
        let mut fitting: Vec<&Cookie> = self
            .cookies
            .iter()
            .filter(|cookie| cookie.belongs_to(url, now))
            .collect();
        fitting.sort_by_key(|cookie| Reverse(cookie.path.len()));
        let pairs: Vec<&str> = fitting.iter().map(|cookie| cookie.pair.expose()).collect();
        if pairs.is_empty() {
            return None;
        }
        let mut value = HeaderValue::from_bytes(pairs.join("; ").as_bytes()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Takes over what an answer from `url` sets. What breaks a rule is left out.
    pub(super) fn learn(&mut self, url: &Url, answer: &HeaderMap, now: i64) {
        for value in answer.get_all(SET_COOKIE) {
            let text = std::str::from_utf8(value.as_bytes()).ok();
            let Some(cookie) = text.and_then(|text| read_set_cookie(text, url, now)) else {
                continue;
            };
            if cookie.has_expired(now) {
                self.cookies.retain(|other| !cookie.replaces(other));
            } else {
                self.put(cookie);
            }
        }
    }

    fn put(&mut self, cookie: Cookie) {
        if let Some(place) = self.cookies.iter_mut().find(|own| cookie.replaces(own)) {
            *place = cookie;
        } else if self.cookies.len() < self.room {
            self.cookies.push(cookie);
        }
    }

    /// `text` without any value of the jar.
    pub(super) fn hidden_in(&self, text: String) -> String {
        let values = self.cookies.iter().map(Cookie::value);
        values
            .filter(|value| value.len() >= TELLING)
            .fold(text, |text, value| text.replace(value, "[masked]"))
    }
}

/// One `Set-Cookie` value (RFC 6265 section 5.2).
fn read_set_cookie(text: &str, url: &Url, now: i64) -> Option<Cookie> {
    let raw = RawCookie::parse(text).ok()?;
    if raw.name().len() + raw.value().len() > LONGEST {
        return None;
    }
    let own = CookieDomain::host_only(url).ok()?;
    let domain = match CookieDomain::try_from(&raw).ok()? {
        CookieDomain::Suffix(name) if !CookieDomain::Suffix(name.clone()).matches(url) => {
            return None;
        }
        // One label is a top-level domain; an exact match may be a host like `localhost`.
        CookieDomain::Suffix(name) if !name.contains('.') => own,
        named @ CookieDomain::Suffix(_) => named,
        _ => own,
    };
    let path = raw.path().and_then(CookiePath::parse);
    let secure = raw.secure().unwrap_or_default();
    if !keeps_the_promise_of_its_name(raw.name(), secure, url, &domain, path.as_ref()) {
        return None;
    }
    let expires = match (raw.max_age(), raw.expires_datetime()) {
        (Some(age), _) => Some(now.saturating_add(age.whole_seconds())),
        (None, Some(date)) => Some(date.unix_timestamp()),
        (None, None) => None,
    };
    let reach = Reach {
        domain,
        path: path.unwrap_or_else(|| CookiePath::default_path(url)),
        secure,
        expires,
    };
    Cookie::new(raw.name(), raw.value(), reach)
}

/// `__Secure-` and `__Host-` in a name promise how the cookie was set.
fn keeps_the_promise_of_its_name(
    name: &str,
    secure: bool,
    url: &Url,
    domain: &CookieDomain,
    path: Option<&CookiePath>,
) -> bool {
    let starts = |prefix: &str| {
        let start = name.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let https = secure && url.scheme() == "https";
    if starts("__Host-") {
        let root = path.is_some_and(|path| &**path == "/");
        return https && root && matches!(domain, CookieDomain::HostOnly(_));
    }
    https || !starts("__Secure-")
}

#[cfg(test)]
mod tests;
