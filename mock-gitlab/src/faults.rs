//! Faults on demand: what networks, proxies and overloaded servers do to a client.

mod from_json;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::glob::RequestGlob;

/// What goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// The answer comes late.
    Latency(Duration),
    /// Another answer than the real one.
    Status {
        status: u16,
        json: Option<bool>,
        retry_after: Option<String>,
    },
    /// 429 by the limiter in front of GitLab: plain text.
    RateLimitEdge(Option<String>),
    /// 429 by the limiter of one endpoint: JSON.
    RateLimitEndpoint(Option<String>),
    /// `Content-Length` promises more than comes.
    TruncatedBody,
    /// RST instead of an answer.
    ResetBeforeHeaders,
    /// RST after the headers.
    ResetAfterHeaders,
    /// The body comes in small pieces.
    SlowDrip { bytes: usize, every: Duration },
    /// An HTML page with status 200.
    HtmlPage,
    /// A redirect.
    Redirect { status: u16, location: String },
    /// The request is read, and that is all.
    Silence,
}

impl Action {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Latency(_) => "latency",
            Self::Status { .. } => "status",
            Self::RateLimitEdge(_) => "rate_limit_edge",
            Self::RateLimitEndpoint(_) => "rate_limit_endpoint",
            Self::TruncatedBody => "truncated_body",
            Self::ResetBeforeHeaders => "reset_before_headers",
            Self::ResetAfterHeaders => "reset_after_headers",
            Self::SlowDrip { .. } => "slow_drip",
            Self::HtmlPage => "html_page",
            Self::Redirect { .. } => "redirect",
            Self::Silence => "silence",
        }
    }

    /// Whether the real answer still goes out, if damaged.
    pub(crate) const fn needs_answer(&self) -> bool {
        matches!(
            self,
            Self::Latency(_)
                | Self::TruncatedBody
                | Self::ResetAfterHeaders
                | Self::SlowDrip { .. }
        )
    }
}

/// One fault: what, for which requests, how often.
#[derive(Clone, Debug)]
pub struct Fault {
    pub(crate) action: Action,
    pub(crate) glob: RequestGlob,
    skip: u32,
    times: Option<u32>,
    pub(crate) after_commit: bool,
}

impl Fault {
    fn new(action: Action) -> Self {
        Self {
            action,
            glob: RequestGlob::parse("/**"),
            skip: 0,
            times: None,
            after_commit: false,
        }
    }

    /// The answer comes late.
    pub fn latency(by: Duration) -> Self {
        Self::new(Action::Latency(by))
    }

    /// An error status: 502, 503 and 504 as HTML of a proxy, all others as JSON.
    pub fn status(status: u16) -> Self {
        Self::new(Action::Status {
            status,
            json: None,
            retry_after: None,
        })
    }

    /// 429 in plain text, as the limiter in front of GitLab answers.
    pub fn rate_limit_edge(retry_after_seconds: u64) -> Self {
        Self::new(Action::RateLimitEdge(Some(retry_after_seconds.to_string())))
    }

    /// 429 in JSON, as the limiter of a single endpoint answers.
    pub fn rate_limit_endpoint(retry_after_seconds: u64) -> Self {
        Self::new(Action::RateLimitEndpoint(Some(
            retry_after_seconds.to_string(),
        )))
    }

    /// `Content-Length` promises more bytes than come before the end.
    pub fn truncated_body() -> Self {
        Self::new(Action::TruncatedBody)
    }

    /// The connection is reset instead of an answer.
    pub fn reset_before_headers() -> Self {
        Self::new(Action::ResetBeforeHeaders)
    }

    /// The connection is reset after the headers.
    pub fn reset_after_headers() -> Self {
        Self::new(Action::ResetAfterHeaders)
    }

    /// The body comes in pieces of `bytes`, one `every` so often.
    pub fn slow_drip(bytes: usize, every: Duration) -> Self {
        Self::new(Action::SlowDrip {
            bytes: bytes.max(1),
            every,
        })
    }

    /// An HTML page with status 200, as sign-in proxies send it.
    pub fn html_page() -> Self {
        Self::new(Action::HtmlPage)
    }

    /// A redirect to anywhere.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::new(Action::Redirect {
            status,
            location: location.to_owned(),
        })
    }

    /// The request is read and never answered.
    pub fn silence() -> Self {
        Self::new(Action::Silence)
    }

    /// Which requests: `GET /api/v4/projects/**`. Without it, all.
    #[must_use]
    pub fn on(mut self, glob: &str) -> Self {
        self.glob = RequestGlob::parse(glob);
        self
    }

    /// How many requests are hit before the fault is over. Without it, all.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// How many matching requests get through first.
    #[must_use]
    pub fn skip(mut self, count: u32) -> Self {
        self.skip = count;
        self
    }

    /// The request takes effect, and only then does the answer go wrong.
    #[must_use]
    pub fn after_commit(mut self) -> Self {
        self.after_commit = true;
        self
    }

    /// An error status as JSON, whatever the status.
    #[must_use]
    pub fn as_json(mut self) -> Self {
        if let Action::Status { json, .. } = &mut self.action {
            *json = Some(true);
        }
        self
    }

    /// An error status as an HTML page, whatever the status.
    #[must_use]
    pub fn as_html(mut self) -> Self {
        if let Action::Status { json, .. } = &mut self.action {
            *json = Some(false);
        }
        self
    }

    /// Sets `Retry-After` of a status or a 429 to any text: seconds, a date, nonsense.
    #[must_use]
    pub fn retry_after(mut self, text: &str) -> Self {
        self.set_retry_after(Some(text.to_owned()));
        self
    }

    /// Takes `Retry-After` away.
    #[must_use]
    pub fn without_retry_after(mut self) -> Self {
        self.set_retry_after(None);
        self
    }

    fn set_retry_after(&mut self, text: Option<String>) {
        match &mut self.action {
            Action::Status { retry_after, .. }
            | Action::RateLimitEdge(retry_after)
            | Action::RateLimitEndpoint(retry_after) => *retry_after = text,
            _ => {}
        }
    }
}

/// The faults of an instance. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan {
    faults: Arc<Mutex<Vec<Fault>>>,
}

impl FaultPlan {
    /// No faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fault; of several that match, the one added first is used.
    pub fn add(&self, fault: Fault) {
        self.lock().push(fault);
    }

    /// As [`FaultPlan::add`], to be chained.
    #[must_use]
    pub fn with(self, fault: Fault) -> Self {
        self.add(fault);
        self
    }

    /// Ends all faults.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// How many faults can still hit.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// The fault for a request, if any; counts it.
    pub(crate) fn pick(&self, method: &str, path: &str) -> Option<Fault> {
        let mut faults = self.lock();
        let mut hit = None;
        for fault in faults
            .iter_mut()
            .filter(|fault| fault.glob.matches(method, path))
        {
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if fault.times != Some(0) {
                fault.times = fault.times.map(|times| times - 1);
                hit = Some(fault.clone());
                break;
            }
        }
        faults.retain(|fault| fault.times != Some(0));
        hit
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_over_after_its_times() {
        let plan = FaultPlan::new().with(Fault::status(503).on("GET /a").skip(1).times(2));
        let hits: Vec<bool> = (0..5).map(|_| plan.pick("GET", "/a").is_some()).collect();
        assert_eq!(hits, [false, true, true, false, false]);
        assert_eq!(plan.count(), 0);
    }
}
