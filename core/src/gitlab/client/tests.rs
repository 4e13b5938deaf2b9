//! The decision to try again, without a network and without waiting.

use async_trait::async_trait;
use http::HeaderValue;
use http::request::Parts;

use super::*;
use crate::clock::ManualClock;
use crate::gitlab::{ApiPath, EgressConfig};
use crate::random::SeededRandom;

#[derive(Debug)]
struct Nobody;

#[async_trait]
impl AuthProvider for Nobody {
    async fn authenticate(&self, _: &Parts) -> Result<Caller, AuthError> {
        let description = "nobody".to_owned();
        Err(AuthError::Denied { description })
    }

    async fn credential(&self, _: &Caller) -> Result<Option<Credential>, AuthError> {
        Ok(None)
    }
}

fn wait(method: Method, status: u16, retry_after: &'static str, attempt: u32) -> Option<Duration> {
    let gitlab = GitLab::new(
        Egress::new(&EgressConfig::default()).unwrap(),
        Arc::new(Nobody),
        Arc::new(ManualClock::default()),
        Arc::new(SeededRandom::new(1)),
    );
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", HeaderValue::from_static(retry_after));
    let status = StatusCode::from_u16(status).unwrap();
    let outcome = Outcome::Refused(status, headers, Bytes::new());
    let request = ApiRequest::new(method, ApiPath::fill("user", &[]).unwrap());
    gitlab.wait_before_retry(&request, &outcome, attempt)
}

#[test]
fn a_server_is_waited_for_as_long_as_it_asks_within_limits() {
    let seconds = |number| Some(Duration::from_secs(number));
    for (method, status, retry_after, attempt, expected) in [
        (Method::Get, 429, "1", 0, seconds(1)),
        (Method::Get, 429, "1", 1, seconds(1)),
        (Method::Get, 429, "1", 2, None),
        (Method::Get, 429, "4", 0, seconds(4)),
        (Method::Get, 429, "5", 0, None),
        (Method::Get, 429, "900", 0, None),
        (Method::Get, 503, "2", 0, seconds(2)),
        (Method::Get, 503, "3600", 0, None),
        (Method::Get, 500, "1", 0, None),
        (Method::Get, 404, "1", 0, None),
        (Method::Post, 429, "1", 0, seconds(1)),
        (Method::Post, 503, "1", 0, None),
        (Method::Delete, 504, "1", 0, None),
    ] {
        let found = wait(method, status, retry_after, attempt);
        assert_eq!(found, expected, "{method} {status} {retry_after} {attempt}");
    }
}

#[test]
fn a_server_that_asks_for_no_wait_is_not_hammered() {
    assert_eq!(
        wait(Method::Get, 429, "0", 0),
        Some(Duration::from_millis(10))
    );
}
