//! Narrowing a fault down: for which requests, how often, and in which shape.

use super::Fault;
use super::action::{Action, LimitHeaders, Place};
use crate::clock::Timestamp;
use crate::glob::RequestGlob;

/// Which requests.
impl Fault {
    /// Method and path: `GET /api/v4/projects/**`. Without it, all.
    #[must_use]
    pub fn on(mut self, glob: &str) -> Self {
        self.selector.on = RequestGlob::parse(glob);
        self
    }

    /// Only with this query parameter; `*` in the value stands for anything.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.selector
            .query
            .insert(name.to_owned(), value.to_owned());
        self
    }

    /// Only with this header; `*` in the value stands for anything.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.selector
            .header
            .insert(name.to_ascii_lowercase(), value.to_owned());
        self
    }

    /// Only for this user.
    #[must_use]
    pub fn by_user(mut self, name: &str) -> Self {
        self.selector.user = Some(name.to_owned());
        self
    }

    /// Only for this GraphQL operation.
    #[must_use]
    pub fn operation(mut self, name: &str) -> Self {
        self.selector.operation = Some(name.to_owned());
        self
    }

    /// How many requests are hit before the fault is over. Without it, all.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.selector.times = Some(times);
        self
    }

    /// How many matching requests get through first.
    #[must_use]
    pub fn skip(mut self, count: u32) -> Self {
        self.selector.skip = count;
        self
    }

    /// Only the n-th matching request, from 1.
    #[must_use]
    pub fn nth(mut self, nth: u32) -> Self {
        self.selector.nth = Some(nth);
        self
    }

    /// Only every k-th matching request.
    #[must_use]
    pub fn every(mut self, k: u32) -> Self {
        self.selector.every = Some(k);
        self
    }

    /// Only a share of the matching requests, 0 to 1, drawn from the instance's seed.
    #[must_use]
    pub fn probability(mut self, share: f64) -> Self {
        self.selector.probability = Some(share);
        self
    }

    /// Only while the instance's clock is within these times.
    #[must_use]
    pub fn between(mut self, from: Timestamp, until: Timestamp) -> Self {
        self.selector.from = Some(from);
        self.selector.until = Some(until);
        self
    }

    /// The request takes effect, and only then does the answer go wrong.
    #[must_use]
    pub fn after_commit(mut self) -> Self {
        self.after_commit = true;
        self
    }

    /// What takes its place when it is over.
    #[must_use]
    pub fn then(mut self, next: Self) -> Self {
        match self.then.take() {
            Some(then) => self.then = Some(Box::new(then.then(next))),
            None => self.then = Some(Box::new(next)),
        }
        self
    }
}

/// Details of what goes wrong.
impl Fault {
    /// Where a latency happens.
    #[must_use]
    pub fn at(mut self, wanted: Place) -> Self {
        if let Action::Latency { place, .. } = &mut self.action {
            *place = wanted;
        }
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

    /// The status of a page.
    #[must_use]
    pub fn with_status(mut self, code: u16) -> Self {
        if let Action::HtmlPage { status, .. } = &mut self.action {
            *status = Some(code);
        }
        self
    }

    /// The field a drift or a partial GraphQL answer is about.
    #[must_use]
    pub fn field(mut self, name: &str) -> Self {
        if let Action::Drift { field, .. } | Action::GraphqlPartial { field, .. } = &mut self.action
        {
            *field = Some(name.to_owned());
        }
        self
    }

    /// The share of fields that drift, 0 to 1.
    #[must_use]
    pub fn share(mut self, wanted: f64) -> Self {
        if let Action::Drift { share, .. } = &mut self.action {
            *share = wanted;
        }
        self
    }

    /// What the `RateLimit-*` headers of an edge limit say.
    #[must_use]
    pub fn limit_headers(mut self, wanted: LimitHeaders) -> Self {
        if let Action::RateLimitEdge { limit_headers, .. } = &mut self.action {
            *limit_headers = wanted;
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
            | Action::RateLimitEdge { retry_after, .. }
            | Action::RateLimitEndpoint { retry_after } => *retry_after = text,
            _ => {}
        }
    }
}
