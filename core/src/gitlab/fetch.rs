//! One exchange that is not a call of the REST API: OAuth endpoints, identity checks, pages,
//! metadata documents. Bounded in time and size; redirects are handed back, never followed.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use url::Url;

use super::Egress;
use super::egress::is_not_allowed;

/// How long an exchange may take and how much it may bring.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From sending to the last byte of the answer.
    pub time: Duration,
    /// Longest body of the answer in bytes.
    pub body: usize,
}

impl Default for Limits {
    /// Five seconds and 64 KiB: enough for every OAuth answer.
    fn default() -> Self {
        Self {
            time: Duration::from_secs(5),
            body: 64 * 1024,
        }
    }
}

/// Why there is no answer. Never names the address: it may hold what somebody typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address is no http(s) URL.
    #[error("the address cannot be used")]
    Address,
    /// The host may not be connected to: it is not, or does not resolve to, a public address.
    #[error("this host may not be connected to")]
    NotAllowed,
    /// No connection could be made; the server certainly did not see the request.
    #[error("no connection could be made")]
    NotSent,
    /// The connection failed after the request was sent, or may have been.
    #[error("the connection failed")]
    Broken,
    /// The time ran out.
    #[error("there was no answer in time")]
    Timeout,
    /// The body is longer than the limit.
    #[error("the answer is too large")]
    TooLarge,
}

impl Egress {
    /// Sends `request`, whose URI must be absolute, and reads the whole answer.
    ///
    /// # Errors
    /// [`FetchError`]. Every answer is `Ok`, whatever its status.
    pub async fn fetch(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, FetchError> {
        match tokio::time::timeout(limits.time, self.exchange(request, limits.body)).await {
            Ok(answer) => answer,
            Err(_) => Err(FetchError::Timeout),
        }
    }

    /// As [`Egress::fetch`], for a URL that a stranger wrote: a host that is internal to this network
    /// is refused by its name, wherever it is, and so is one that is reached through a proxy and is
    /// known here under an address that is not public.
    ///
    /// # Errors
    /// [`FetchError`]; its text is the same for every host that may not be connected to.
    pub async fn fetch_public(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, FetchError> {
        let judged_and_fetched = async {
            let url = Url::parse(&request.uri().to_string()).map_err(|_| FetchError::Address)?;
            self.judge_strangers(&url)
                .await
                .map_err(|_| FetchError::NotAllowed)?;
            self.exchange(request, limits.body).await
        };
        match tokio::time::timeout(limits.time, judged_and_fetched).await {
            Ok(answer) => answer,
            Err(_) => Err(FetchError::Timeout),
        }
    }

    async fn exchange(
        &self,
        request: Request<Bytes>,
        most: usize,
    ) -> Result<Response<Bytes>, FetchError> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(|_| FetchError::Address)?;
        let sent = self
            .request(parts.method, url)
            .map_err(|_| FetchError::NotAllowed)?
            .headers(parts.headers)
            .body(body)
            .send();
        let mut answer = sent.await.map_err(|error| {
            if is_not_allowed(&error) {
                FetchError::NotAllowed
            } else if error.is_connect() {
                FetchError::NotSent
            } else {
                FetchError::Broken
            }
        })?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| FetchError::Broken)? {
            if body.len() + chunk.len() > most {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        *response.body_mut() = body.freeze();
        Ok(response)
    }
}
