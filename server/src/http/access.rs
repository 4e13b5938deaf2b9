//! One log line for each request, but for those the operator does not want to see.

use std::net::IpAddr;
use std::time::Duration;

use http::Method;
use http::header::USER_AGENT;
use http::request::Parts;
use serde::Deserialize;
use tracing::info;

/// Longest path that is logged, in characters.
const LONGEST_PATH: usize = 200;

/// Requests that are not logged: all members that are set must fit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// The method, in any case.
    #[serde(default)]
    pub method: Option<String>,
    /// The path; a `*` at its end stands for any rest.
    #[serde(default)]
    pub path: Option<String>,
    /// Text within the user agent.
    #[serde(default, rename = "userAgent")]
    pub user_agent: Option<String>,
}

impl Silence {
    /// The probes of load balancers and orchestrators.
    pub fn of_probes() -> Vec<Self> {
        let at = |path: &str| Self {
            method: None,
            path: Some(path.to_owned()),
            user_agent: None,
        };
        vec![at("/health"), at("/health/*")]
    }

    fn covers(&self, parts: &Parts) -> bool {
        let method = self.method.as_ref();
        let path = parts.uri.path();
        let agent = || {
            let value = parts.headers.get(USER_AGENT);
            value.and_then(|value| value.to_str().ok()).unwrap_or("")
        };
        method.is_none_or(|own| own.eq_ignore_ascii_case(parts.method.as_str()))
            && self
                .path
                .as_ref()
                .is_none_or(|own| match own.strip_suffix('*') {
                    Some(start) => path.starts_with(start),
                    None => path == own,
                })
            && self
                .user_agent
                .as_ref()
                .is_none_or(|own| agent().contains(own))
    }
}

/// Which requests are logged.
#[derive(Debug)]
pub(crate) struct AccessLog {
    pub(crate) silences: Vec<Silence>,
}

/// A request that will be logged when it has been answered.
#[derive(Debug)]
pub(crate) struct Entry {
    method: Method,
    path: String,
}

impl AccessLog {
    /// What to remember of a request; `None` when it is not logged.
    pub(crate) fn entry(&self, parts: &Parts) -> Option<Entry> {
        if !tracing::enabled!(tracing::Level::INFO)
            || self.silences.iter().any(|silence| silence.covers(parts))
        {
            return None;
        }
        // A query may hold a code or a token; a path may not.
        let path = parts.uri.path().chars().take(LONGEST_PATH).collect();
        Some(Entry {
            method: parts.method.clone(),
            path,
        })
    }
}

impl Entry {
    /// Writes the line.
    pub(crate) fn write(self, status: u16, took: Duration, client: IpAddr) {
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        info!(
            method = self.method.as_str(),
            path = self.path,
            status,
            ms,
            %client,
            "request"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn is_silent(rules: &str, request: Request<()>) -> bool {
        let rules: Vec<Silence> = serde_json::from_str(rules).unwrap();
        let (parts, ()) = request.into_parts();
        rules.iter().any(|rule| rule.covers(&parts))
    }

    #[test]
    fn a_rule_covers_what_all_its_members_fit() {
        let probe = || {
            let request = Request::get("/health/live?x=1").header(USER_AGENT, "kube-probe/1.30");
            request.body(()).unwrap()
        };
        for (rules, silent) in [
            ("[]", false),
            ("[{}]", true),
            (r#"[{"path":"/health/live"}]"#, true),
            (r#"[{"path":"/health"}]"#, false),
            (r#"[{"path":"/health*"}]"#, true),
            (r#"[{"method":"get"}]"#, true),
            (r#"[{"method":"POST","path":"/health*"}]"#, false),
            (r#"[{"userAgent":"kube-probe"}]"#, true),
            (r#"[{"userAgent":"curl"},{"path":"/mcp"}]"#, false),
        ] {
            assert_eq!(is_silent(rules, probe()), silent, "{rules}");
        }
        let probes = serde_json::from_str::<Vec<Silence>>(r#"[{"Path":"/x"}]"#);
        assert!(probes.is_err());
        let (parts, ()) = probe().into_parts();
        assert!(Silence::of_probes().iter().any(|one| one.covers(&parts)));
    }
}
