//! What can go wrong, one variant each. The names and fields are those of files and of
//! the control API: `{"kind": "status", "status": 503}`.

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Action {
    /// The answer, or the work, comes late: a fixed time, or a seeded one of a range.
    Latency {
        #[serde(default = "hundred")]
        milliseconds: u64,
        #[serde(default)]
        up_to: Option<u64>,
        #[serde(default)]
        place: Place,
    },
    /// Another answer than the real one: JSON, or the HTML of a proxy.
    Status {
        #[serde(default = "five_hundred")]
        status: u16,
        #[serde(default)]
        json: Option<bool>,
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// 429 by the limiter in front of GitLab: plain text.
    RateLimitEdge {
        #[serde(default)]
        retry_after: Option<String>,
        #[serde(default)]
        limit_headers: LimitHeaders,
    },
    /// 429 by the limiter of one endpoint: JSON.
    RateLimitEndpoint {
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// `Content-Length` promises more than comes.
    TruncatedBody,
    /// A chunked body ends without its last chunk.
    CutChunk,
    /// A well-formed answer with half of the JSON.
    CutJson,
    /// RST instead of an answer.
    ResetBeforeHeaders,
    /// RST after the headers.
    ResetAfterHeaders,
    /// RST in the middle of the body.
    ResetMidBody,
    /// RST when all but the last byte is out.
    ResetBeforeEnd,
    /// The body comes in small pieces.
    SlowDrip {
        #[serde(default = "one")]
        bytes: usize,
        #[serde(default = "hundred")]
        milliseconds: u64,
    },
    /// The request is read, and that is all.
    Silence,
    /// Headers, half of the body, and that is all.
    SilenceAfterHeaders,
    /// A connection is accepted late. Meant for connections, so no selector but the
    /// counting ones applies; the same is true of the next two.
    AcceptLatency {
        #[serde(default = "hundred")]
        milliseconds: u64,
    },
    /// A connection is reset as soon as it is there.
    AcceptReset,
    /// A connection is taken and never read from.
    AcceptSilence,
    /// A page for people where a program asked.
    HtmlPage {
        #[serde(default)]
        page: Page,
        #[serde(default)]
        status: Option<u16>,
    },
    /// A redirect; `{url}` in the location stands for the address asked for, `{path}`
    /// for its path.
    Redirect {
        #[serde(default = "found")]
        status: u16,
        location: String,
    },
    /// A body that is not what its headers say.
    BadPayload { payload: Payload },
    /// JSON of a GitLab that is not written yet.
    Drift {
        how: Drift,
        /// The name of a field, at any depth; without it, a seeded share of all fields.
        #[serde(default)]
        field: Option<String>,
        #[serde(default = "fifth")]
        share: f64,
    },
    /// Page headers that lie.
    Paging { how: Paging },
    /// The token of the request dies, before it is looked at (or after, with
    /// `after_commit`).
    ExpireToken,
    /// The token of the request is taken back.
    RevokeToken,
    /// The token of the request keeps only these scopes.
    ReduceScopes { scopes: Vec<String> },
    /// The user behind the token is blocked.
    BlockUser,
    /// The answer of a token endpoint goes out, and the token in it is forgotten.
    LoseToken,
    /// `Date` and nothing else is off by so many seconds.
    ClockSkew { seconds: i64 },
    /// `errors` with status 200 and no data.
    GraphqlError { message: String },
    /// `errors` beside the data; the named field of the top level becomes null.
    GraphqlPartial {
        message: String,
        #[serde(default)]
        field: Option<String>,
    },
    /// The query is called too complex.
    GraphqlComplexity,
    /// The query took too long.
    GraphqlTimeout,
    /// An older version that does not have a field.
    GraphqlUnknownField {
        field: String,
        #[serde(default = "query")]
        on_type: String,
    },
}

/// Where a delay happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The request has taken effect; its answer is late.
    #[default]
    BeforeHeaders,
    /// The request waits for a lock, and takes effect afterwards.
    BeforeWork,
    /// Each kilobyte of the body waits again.
    PerChunk,
}

/// What the `RateLimit-*` headers of a 429 say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitHeaders {
    /// The truth.
    #[default]
    Right,
    /// Nothing: they are not there.
    Missing,
    /// That there is plenty left, and that the limit ended an hour ago.
    Contradictory,
}

/// A page for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Page {
    /// The form of a sign-on proxy (200).
    #[default]
    SignIn,
    /// The check of an edge whether a human is there (403).
    Challenge,
    /// GitLab is being upgraded (503).
    Maintenance,
}

/// A body that is not what its headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// The real body, called `text/plain`.
    WrongContentType,
    /// No body at all.
    Empty,
    /// A text with a byte that is no UTF-8.
    InvalidUtf8,
    /// JSON that breaks off.
    InvalidJson,
    /// `NaN` where a number belongs.
    NotANumber,
    /// 100,000 lists in each other.
    Deep,
    /// One member twice.
    DuplicateKeys,
    /// 100 MB of zeros in 100 kB.
    GzipBomb,
    /// `Content-Encoding: gzip` over plain text.
    WrongEncoding,
    /// The real answer, grown to more than 2 MiB: JSON gets a member `padding`, anything
    /// else spaces at its end.
    Huge,
}

/// How JSON changes with a version nobody has seen yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drift {
    /// Fields are gone.
    Drop,
    /// Fields are null.
    Null,
    /// Fields have another name.
    Rename,
    /// Numbers are text, texts are lists, objects are text.
    Retype,
    /// Objects have a field more.
    Add,
    /// Words are words nobody knows.
    Enum,
}

/// Page headers that lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paging {
    /// The next page is this one.
    RepeatPage,
    /// There is always a next page.
    EndlessNext,
    /// The totals are wrong.
    FalseTotals,
    /// The next page is at another host.
    ForeignNext,
    /// No headers about pages at all.
    MissingHeaders,
}

const fn hundred() -> u64 {
    100
}

const fn five_hundred() -> u16 {
    500
}

const fn found() -> u16 {
    302
}

const fn one() -> usize {
    1
}

const fn fifth() -> f64 {
    0.2
}

fn query() -> String {
    "Query".to_owned()
}

impl Action {
    /// As files and the ledger call it.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::Status { .. } => "status",
            Self::RateLimitEdge { .. } => "rate_limit_edge",
            Self::RateLimitEndpoint { .. } => "rate_limit_endpoint",
            Self::TruncatedBody => "truncated_body",
            Self::CutChunk => "cut_chunk",
            Self::CutJson => "cut_json",
            Self::ResetBeforeHeaders => "reset_before_headers",
            Self::ResetAfterHeaders => "reset_after_headers",
            Self::ResetMidBody => "reset_mid_body",
            Self::ResetBeforeEnd => "reset_before_end",
            Self::SlowDrip { .. } => "slow_drip",
            Self::Silence => "silence",
            Self::SilenceAfterHeaders => "silence_after_headers",
            Self::AcceptLatency { .. } => "accept_latency",
            Self::AcceptReset => "accept_reset",
            Self::AcceptSilence => "accept_silence",
            Self::HtmlPage { .. } => "html_page",
            Self::Redirect { .. } => "redirect",
            Self::BadPayload { .. } => "bad_payload",
            Self::Drift { .. } => "drift",
            Self::Paging { .. } => "paging",
            Self::ExpireToken => "expire_token",
            Self::RevokeToken => "revoke_token",
            Self::ReduceScopes { .. } => "reduce_scopes",
            Self::BlockUser => "block_user",
            Self::LoseToken => "lose_token",
            Self::ClockSkew { .. } => "clock_skew",
            Self::GraphqlError { .. } => "graphql_error",
            Self::GraphqlPartial { .. } => "graphql_partial",
            Self::GraphqlComplexity => "graphql_complexity",
            Self::GraphqlTimeout => "graphql_timeout",
            Self::GraphqlUnknownField { .. } => "graphql_unknown_field",
        }
    }

    /// Whether the real answer is made, even if another one goes out.
    pub(crate) const fn needs_answer(&self) -> bool {
        !matches!(
            self,
            Self::Status { .. }
                | Self::RateLimitEdge { .. }
                | Self::RateLimitEndpoint { .. }
                | Self::ResetBeforeHeaders
                | Self::Silence
                | Self::HtmlPage { .. }
                | Self::Redirect { .. }
                | Self::GraphqlError { .. }
                | Self::GraphqlComplexity
                | Self::GraphqlTimeout
                | Self::GraphqlUnknownField { .. }
        )
    }

    /// Whether it is about a connection, before any request.
    pub(crate) const fn is_about_accepting(&self) -> bool {
        matches!(
            self,
            Self::AcceptLatency { .. } | Self::AcceptReset | Self::AcceptSilence
        )
    }
}
