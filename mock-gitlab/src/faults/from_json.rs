//! Faults as JSON, for the control API and for files.

use std::time::Duration;

use serde::Deserialize;

use super::{Action, Fault};
use crate::glob::RequestGlob;

/// `{"kind":"status","status":503,"on":"GET /api/v4/projects/**","times":2}`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    kind: String,
    #[serde(default)]
    on: Option<String>,
    #[serde(default)]
    times: Option<u32>,
    #[serde(default)]
    skip: u32,
    #[serde(default)]
    after_commit: bool,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    json: Option<bool>,
    #[serde(default)]
    retry_after: Option<String>,
    #[serde(default)]
    milliseconds: Option<u64>,
    #[serde(default)]
    bytes: Option<usize>,
    #[serde(default)]
    location: Option<String>,
}

impl Fault {
    /// Reads a fault. The error says what is wrong with it.
    pub(crate) fn from_json(value: serde_json::Value) -> Result<Self, String> {
        let written: Written = serde_json::from_value(value).map_err(|error| error.to_string())?;
        let action = action(&written)?;
        let glob = RequestGlob::parse(written.on.as_deref().unwrap_or("/**"));
        Ok(Self {
            action,
            glob,
            skip: written.skip,
            times: written.times,
            after_commit: written.after_commit,
        })
    }
}

fn action(written: &Written) -> Result<Action, String> {
    let wait = || Duration::from_millis(written.milliseconds.unwrap_or(100));
    let retry_after = written.retry_after.clone();
    Ok(match written.kind.as_str() {
        "latency" => Action::Latency(wait()),
        "status" => Action::Status {
            status: written
                .status
                .filter(|status| (200..600).contains(status))
                .unwrap_or(500),
            json: written.json,
            retry_after,
        },
        "rate_limit_edge" => Action::RateLimitEdge(retry_after),
        "rate_limit_endpoint" => Action::RateLimitEndpoint(retry_after),
        "truncated_body" => Action::TruncatedBody,
        "reset_before_headers" => Action::ResetBeforeHeaders,
        "reset_after_headers" => Action::ResetAfterHeaders,
        "slow_drip" => Action::SlowDrip {
            bytes: written.bytes.unwrap_or(1).max(1),
            every: wait(),
        },
        "html_page" => Action::HtmlPage,
        "redirect" => Action::Redirect {
            status: written
                .status
                .filter(|status| (300..400).contains(status))
                .unwrap_or(302),
            location: written.location.clone().ok_or("location is missing")?,
        },
        "silence" => Action::Silence,
        other => return Err(format!("no fault is called `{other}`")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_fault_is_read_from_json() {
        let fault = json!({"kind": "status", "status": 503, "on": "GET /a", "times": 2});
        let fault = Fault::from_json(fault).unwrap();
        assert_eq!(fault.action.name(), "status");
        assert!(
            Fault::from_json(json!({"kind": "gremlins"}))
                .unwrap_err()
                .contains("gremlins")
        );
    }
}
