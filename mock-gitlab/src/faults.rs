//! Faults on demand: what networks, proxies and overloaded servers do to a client.

mod action;
mod narrowing;
mod plan;
mod selector;
mod written;

use std::time::Duration;

pub(crate) use action::Action;
pub use action::{Drift, LimitHeaders, Page, Paging, Payload, Place};
pub(crate) use plan::Dice;
pub use plan::FaultPlan;
pub(crate) use selector::Seen;
use selector::Selector;

/// One fault: what, for which requests, how often, and what comes after.
#[derive(Clone, Debug)]
pub struct Fault {
    pub(crate) action: Action,
    selector: Selector,
    pub(crate) after_commit: bool,
    then: Option<Box<Self>>,
    seen: u32,
    hits: u32,
}

/// What goes wrong.
impl Fault {
    fn new(action: Action) -> Self {
        Self {
            action,
            selector: Selector::default(),
            after_commit: false,
            then: None,
            seen: 0,
            hits: 0,
        }
    }

    /// The answer comes late.
    pub fn latency(by: Duration) -> Self {
        Self::new(Action::Latency {
            milliseconds: millis(by),
            up_to: None,
            place: Place::BeforeHeaders,
        })
    }

    /// The answer comes late by a seeded time of a range.
    pub fn latency_between(least: Duration, most: Duration) -> Self {
        Self::new(Action::Latency {
            milliseconds: millis(least),
            up_to: Some(millis(most)),
            place: Place::BeforeHeaders,
        })
    }

    /// The request waits before it takes effect, as behind a row lock.
    pub fn hold(by: Duration) -> Self {
        Self::latency(by).at(Place::BeforeWork)
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
        Self::new(Action::RateLimitEdge {
            retry_after: Some(retry_after_seconds.to_string()),
            limit_headers: LimitHeaders::Right,
        })
    }

    /// 429 in JSON, as the limiter of a single endpoint answers.
    pub fn rate_limit_endpoint(retry_after_seconds: u64) -> Self {
        Self::new(Action::RateLimitEndpoint {
            retry_after: Some(retry_after_seconds.to_string()),
        })
    }

    /// `Content-Length` promises more bytes than come before the end.
    pub fn truncated_body() -> Self {
        Self::new(Action::TruncatedBody)
    }

    /// A chunked body ends without its last chunk.
    pub fn cut_chunk() -> Self {
        Self::new(Action::CutChunk)
    }

    /// HTTP is in order, but only half of the JSON is there.
    pub fn cut_json() -> Self {
        Self::new(Action::CutJson)
    }

    /// The connection is reset instead of an answer.
    pub fn reset_before_headers() -> Self {
        Self::new(Action::ResetBeforeHeaders)
    }

    /// The connection is reset after the headers.
    pub fn reset_after_headers() -> Self {
        Self::new(Action::ResetAfterHeaders)
    }

    /// The connection is reset in the middle of the body.
    pub fn reset_mid_body() -> Self {
        Self::new(Action::ResetMidBody)
    }

    /// The connection is reset when all but the last byte is out.
    pub fn reset_before_end() -> Self {
        Self::new(Action::ResetBeforeEnd)
    }

    /// The body comes in pieces of `bytes`, one `every` so often.
    pub fn slow_drip(bytes: usize, every: Duration) -> Self {
        Self::new(Action::SlowDrip {
            bytes,
            milliseconds: millis(every),
        })
    }

    /// The request is read and never answered.
    pub fn silence() -> Self {
        Self::new(Action::Silence)
    }

    /// Headers and half of the body, and then nothing.
    pub fn silence_after_headers() -> Self {
        Self::new(Action::SilenceAfterHeaders)
    }

    /// A connection is accepted late. Conditions on requests do not apply.
    pub fn accept_latency(by: Duration) -> Self {
        Self::new(Action::AcceptLatency {
            milliseconds: millis(by),
        })
    }

    /// A connection is reset as soon as it is there.
    pub fn accept_reset() -> Self {
        Self::new(Action::AcceptReset)
    }

    /// A connection is taken and never read from.
    pub fn accept_silence() -> Self {
        Self::new(Action::AcceptSilence)
    }

    /// The form of a sign-on proxy with status 200.
    pub fn html_page() -> Self {
        Self::page(Page::SignIn)
    }

    /// A page for people where a program asked.
    pub fn page(page: Page) -> Self {
        Self::new(Action::HtmlPage { page, status: None })
    }

    /// Such a page with another status than its own.
    pub fn page_with_status(page: Page, status: u16) -> Self {
        let status = Some(status);
        Self::new(Action::HtmlPage { page, status })
    }

    /// A redirect to anywhere; `{url}` stands for the address asked for (a loop), `{path}`
    /// for its path.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::new(Action::Redirect {
            status,
            location: location.to_owned(),
        })
    }

    /// A body that is not what its headers say.
    pub fn bad_payload(payload: Payload) -> Self {
        Self::new(Action::BadPayload { payload })
    }

    /// The JSON of a version nobody has seen: a fifth of all fields, or
    /// [`Fault::field`].
    pub fn drift(how: Drift) -> Self {
        Self::new(Action::Drift {
            how,
            field: None,
            share: 0.2,
        })
    }

    /// Page headers that lie.
    pub fn paging(how: Paging) -> Self {
        Self::new(Action::Paging { how })
    }

    /// The token of the request expires: with `.skip(n)`, after n uses.
    pub fn expire_token() -> Self {
        Self::new(Action::ExpireToken)
    }

    /// The token of the request is taken back.
    pub fn revoke_token() -> Self {
        Self::new(Action::RevokeToken)
    }

    /// The token of the request keeps only these scopes.
    pub fn reduce_scopes(scopes: &[&str]) -> Self {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        Self::new(Action::ReduceScopes { scopes })
    }

    /// The user behind the token is blocked.
    pub fn block_user() -> Self {
        Self::new(Action::BlockUser)
    }

    /// The token a token endpoint hands out is forgotten at once.
    pub fn lose_token() -> Self {
        Self::new(Action::LoseToken).on("POST /oauth/token")
    }

    /// The `Date` header is off by so many seconds.
    pub fn clock_skew(seconds: i64) -> Self {
        Self::new(Action::ClockSkew { seconds })
    }

    /// GraphQL `errors` with status 200 and no data.
    pub fn graphql_error(message: &str) -> Self {
        let message = message.to_owned();
        Self::graphql(Action::GraphqlError { message })
    }

    /// GraphQL `errors` beside the data; see [`Fault::field`].
    pub fn graphql_partial(message: &str) -> Self {
        Self::graphql(Action::GraphqlPartial {
            message: message.to_owned(),
            field: None,
        })
    }

    /// The GraphQL query is called too complex.
    pub fn graphql_complexity() -> Self {
        Self::graphql(Action::GraphqlComplexity)
    }

    /// The GraphQL query took too long.
    pub fn graphql_timeout() -> Self {
        Self::graphql(Action::GraphqlTimeout)
    }

    /// An older version that lacks a field of a type.
    pub fn graphql_unknown_field(field: &str, on_type: &str) -> Self {
        Self::graphql(Action::GraphqlUnknownField {
            field: field.to_owned(),
            on_type: on_type.to_owned(),
        })
    }

    fn graphql(action: Action) -> Self {
        Self::new(action).on("POST /api/graphql")
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
