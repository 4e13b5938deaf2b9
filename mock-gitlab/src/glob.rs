//! `GET /api/v4/projects/*`: how faults and the ledger name requests.

use serde::{Deserialize, Serialize};

/// A method (or any) and a path pattern: `*` is one segment or part of one,
/// `**` is any number of segments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub(crate) struct RequestGlob {
    method: Option<String>,
    segments: Vec<String>,
}

impl Default for RequestGlob {
    /// Every request.
    fn default() -> Self {
        Self::parse("/**")
    }
}

impl From<String> for RequestGlob {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}

impl From<RequestGlob> for String {
    fn from(glob: RequestGlob) -> Self {
        let path = format!("/{}", glob.segments.join("/"));
        match glob.method {
            Some(method) => format!("{method} {path}"),
            None => path,
        }
    }
}

impl RequestGlob {
    /// Reads `GET /api/v4/projects/**`; without a method any method matches.
    /// A path that does not start with `/api` also matches below `/api/v4`.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim();
        let (method, path) = match text.split_once(char::is_whitespace) {
            Some(("*", path)) => (None, path.trim()),
            Some((method, path)) => (Some(method.to_ascii_uppercase()), path.trim()),
            None => (None, text),
        };
        let segments = path
            .trim_start_matches('/')
            .split('/')
            .map(str::to_owned)
            .collect();
        Self { method, segments }
    }

    /// Whether a request with this raw path (no query) is meant.
    pub(crate) fn matches(&self, method: &str, path: &str) -> bool {
        if self
            .method
            .as_deref()
            .is_some_and(|wanted| wanted != method)
        {
            return false;
        }
        let path: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let short = path.strip_prefix(&["api", "v4"]);
        self.covers(&path) || short.is_some_and(|rest| self.covers(rest))
    }

    fn covers(&self, path: &[&str]) -> bool {
        let pattern: Vec<&str> = self.segments.iter().map(String::as_str).collect();
        walk(&pattern, path, &|pattern, segment| star(pattern, segment))
    }
}

/// Matches a list against a pattern in which `**` stands for any run of items.
/// Remembers only the last `**`, so it takes at most `pattern × path` steps.
fn walk(pattern: &[&str], path: &[&str], same: &dyn Fn(&str, &str) -> bool) -> bool {
    let (mut at, mut seen, mut retry) = (0, 0, None);
    while let Some(segment) = path.get(seen) {
        match pattern.get(at) {
            Some(&"**") => {
                retry = Some((at + 1, seen));
                at += 1;
            }
            Some(wanted) if same(wanted, segment) => {
                at += 1;
                seen += 1;
            }
            _ => match retry {
                Some((after, start)) => {
                    retry = Some((after, start + 1));
                    at = after;
                    seen = start + 1;
                }
                None => return false,
            },
        }
    }
    pattern
        .get(at..)
        .is_some_and(|rest| rest.iter().all(|part| *part == "**"))
}

/// `*` inside one segment.
pub(crate) fn star(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut tail: Vec<&str> = parts.collect();
    let Some(last) = tail.pop() else {
        return rest.is_empty();
    };
    for part in tail {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(glob: &str, method: &str, path: &str) -> bool {
        RequestGlob::parse(glob).matches(method, path)
    }

    #[test]
    fn one_star_is_one_segment() {
        assert!(hit(
            "GET /api/v4/projects/*",
            "GET",
            "/api/v4/projects/a%2Fb"
        ));
        assert!(!hit(
            "GET /api/v4/projects/*",
            "GET",
            "/api/v4/projects/1/issues"
        ));
        assert!(!hit("GET /api/v4/projects/*", "POST", "/api/v4/projects/1"));
        assert!(hit("/oauth/tok*", "POST", "/oauth/token"));
    }

    #[test]
    fn two_stars_are_any_number_of_segments() {
        assert!(hit(
            "GET /api/v4/projects/**",
            "GET",
            "/api/v4/projects/1/issues/2/notes"
        ));
        assert!(hit("**/notes", "POST", "/api/v4/projects/1/issues/2/notes"));
        assert!(hit(
            "/api/**/notes/*",
            "PUT",
            "/api/v4/projects/1/notes/2/notes/3"
        ));
        assert!(!hit("/api/**/notes", "PUT", "/api/v4/projects/1/notes/3"));
    }

    #[test]
    fn the_api_prefix_may_be_left_out() {
        assert!(hit("GET /projects/*", "GET", "/api/v4/projects/1"));
    }
}
