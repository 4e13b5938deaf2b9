//! Counters of the process as text. Labels are names of ours only, never of a caller.
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>.

use std::fmt;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds of the durations, in seconds.
const BUCKETS: [f64; 10] = [0.001, 0.005, 0.02, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// How a tool call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum Outcome {
    /// With a result.
    Done,
    /// With an error the model can act on.
    Failed,
    /// With a question to the client.
    Waits,
    /// With a protocol error.
    Refused,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ToolLabels {
    tool: &'static str,
    outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: &'static str,
}

/// The counters.
pub(crate) struct Metrics {
    registry: Registry,
    calls: Family<ToolLabels, Counter>,
    call_seconds: Family<OutcomeLabel, Histogram>,
    requests: Family<RouteLabels, Counter>,
    request_seconds: Family<RouteLabel, Histogram>,
    sessions: Gauge<i64, AtomicI64>,
    connections: Gauge<i64, AtomicI64>,
    unchecked_certificates: Gauge<i64, AtomicI64>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

fn durations() -> Histogram {
    Histogram::new(BUCKETS)
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("gitlab_mcp");
        let calls = Family::default();
        let call_seconds = Family::new_with_constructor(durations as fn() -> Histogram);
        let requests = Family::default();
        let request_seconds = Family::new_with_constructor(durations as fn() -> Histogram);
        let sessions = Gauge::default();
        let connections = Gauge::default();
        let unchecked_certificates = Gauge::default();
        registry.register(
            "upstream_certificates_unchecked",
            "1 while certificates of GitLab are not checked",
            unchecked_certificates.clone(),
        );
        registry.register("tool_calls", "Tool calls by outcome", calls.clone());
        registry.register_with_unit(
            "tool_call_duration",
            "Time of a tool call",
            Unit::Seconds,
            call_seconds.clone(),
        );
        registry.register("http_requests", "HTTP requests", requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time to the head of an answer",
            Unit::Seconds,
            request_seconds.clone(),
        );
        registry.register("sessions", "Live legacy sessions", sessions.clone());
        registry.register("connections", "Open connections", connections.clone());
        Self {
            registry,
            calls,
            call_seconds,
            requests,
            request_seconds,
            sessions,
            connections,
            unchecked_certificates,
        }
    }
}

impl Metrics {
    /// Says whether any certificate of GitLab is accepted.
    pub(crate) fn certificates(&self, any: bool) {
        self.unchecked_certificates.set(any.into());
    }

    /// Counts a tool call.
    pub(crate) fn tool(&self, tool: &'static str, outcome: Outcome, time: Duration) {
        let labels = ToolLabels { tool, outcome };
        self.calls.get_or_create(&labels).inc();
        self.call_seconds
            .get_or_create(&OutcomeLabel { outcome })
            .observe(time.as_secs_f64());
    }

    /// Counts an HTTP request.
    pub(crate) fn request(&self, route: &'static str, status: u16, time: Duration) {
        let labels = RouteLabels { route, status };
        self.requests.get_or_create(&labels).inc();
        self.request_seconds
            .get_or_create(&RouteLabel { route })
            .observe(time.as_secs_f64());
    }

    /// Counts a connection as open until the returned value is dropped.
    pub(crate) fn connection(&self) -> Connected {
        self.connections.inc();
        Connected(self.connections.clone())
    }

    /// Everything, as text.
    pub(crate) fn text(&self, sessions: usize) -> String {
        self.sessions
            .set(i64::try_from(sessions).unwrap_or(i64::MAX));
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            // Writing to a String does not fail.
            Err(fmt::Error) => String::new(),
        }
    }
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connected(Gauge<i64, AtomicI64>);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_tool_and_outcome() {
        let metrics = Metrics::default();
        metrics.tool("get_project", Outcome::Done, Duration::from_millis(3));
        metrics.request("mcp", 200, Duration::from_millis(4));
        let connected = metrics.connection();
        metrics.certificates(true);
        let text = metrics.text(7);
        drop(connected);
        for line in [
            r#"gitlab_mcp_tool_calls_total{tool="get_project",outcome="Done"} 1"#,
            r#"gitlab_mcp_http_requests_total{route="mcp",status="200"} 1"#,
            "gitlab_mcp_sessions 7",
            "gitlab_mcp_connections 1",
            "gitlab_mcp_upstream_certificates_unchecked 1",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }
}
