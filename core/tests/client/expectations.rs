//! How often a failing GitLab is asked, as expectations of wiremock: it counts by itself, and
//! complains when it is dropped.

use gitlab_mcp_core::gitlab::{ApiPath, ApiRequest, Method};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::bench::{Bench, CANARY};

#[tokio::test]
async fn a_failing_gitlab_is_asked_as_often_as_the_method_allows() {
    for (verb, status, times) in [
        (Method::Get, 503, 3),
        (Method::Get, 500, 1),
        (Method::Get, 404, 1),
        (Method::Post, 503, 1),
        (Method::Put, 502, 1),
        (Method::Delete, 504, 1),
        (Method::Post, 429, 3),
    ] {
        let gitlab = MockServer::start().await;
        Mock::given(method(verb.as_str()))
            .and(path("/api/v4/projects/1"))
            .and(header("private-token", CANARY))
            .respond_with(ResponseTemplate::new(status))
            .named(format!("{verb} answered with {status}"))
            .expect(times)
            .mount(&gitlab)
            .await;
        let one = ApiPath::fill("projects/{id}", &[("id", "1")]).unwrap();
        let answer = Bench::at(&gitlab.uri())
            .send(ApiRequest::new(verb, one))
            .await;
        assert!(answer.is_err(), "{verb} {status}");
    }
}
