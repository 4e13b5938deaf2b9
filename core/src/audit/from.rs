//! Where a request came from.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::header::USER_AGENT;
use http::request::Parts;

use super::Shown;

/// Longest part of a user agent that is kept, in characters before they are escaped.
const LONGEST_AGENT: usize = 200;

/// The effective address and the user agent of a request.
#[derive(Debug, Clone, Default)]
pub struct From {
    pub(super) address: Option<String>,
    pub(super) agent: Option<String>,
}

impl From {
    /// As the HTTP guard saw them.
    pub fn of(request: &Parts) -> Self {
        let address = request.extensions.get::<ConnectInfo<SocketAddr>>();
        let agent = request.headers.get(USER_AGENT);
        let agent = agent.and_then(|value| value.to_str().ok());
        Self {
            address: address.map(|info| info.0.ip().to_string()),
            agent: agent.map(|text| Shown::up_to(LONGEST_AGENT, text).to_string()),
        }
    }
}
