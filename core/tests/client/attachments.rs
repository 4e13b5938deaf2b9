//! Headers beside a token: they are added, hear of answers, and make every page a sign-in.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use gitlab_mcp_core::auth::{Attachment, AuthError, Challenge, Credential, Generation, HeaderKind};
use gitlab_mcp_core::gitlab::Method::{Get, Post};
use gitlab_mcp_core::gitlab::{ApiRequest, Instance};
use gitlab_mcp_core::tool::ErrorCode;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use url::Url;

use crate::bench::{ADVICE, Bench, CANARY, Fake, credential, request};
use crate::reply::Reply;
use crate::upstream::Upstream;

const SECRET: &str = "canary-of-the-attachment";

/// Adds one header and keeps what it hears.
#[derive(Debug, Default)]
struct Beside {
    refuses: bool,
    stale: Option<StatusCode>,
    heard: Mutex<Vec<String>>,
}

impl Beside {
    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

#[async_trait]
impl Attachment for Beside {
    async fn attach(&self, _: &Method, _: &Url, headers: &mut HeaderMap) -> Result<(), AuthError> {
        if self.refuses {
            return Err(Challenge::realm("nothing to attach").into());
        }
        headers.insert("x-beside", HeaderValue::from_static(SECRET));
        Ok(())
    }

    fn learn(&self, _: &Url, answer: &HeaderMap) {
        let learned = answer
            .get("x-learn")
            .map_or("nothing", |value| value.to_str().unwrap());
        self.heard.lock().unwrap().push(format!("learn {learned}"));
    }

    fn refused(&self, method: &Method, status: StatusCode) -> bool {
        let line = format!("refused {method} {}", status.as_u16());
        self.heard.lock().unwrap().push(line);
        self.stale == Some(status)
    }

    fn hidden_in(&self, text: String) -> String {
        text.replace(SECRET, "[masked]")
    }
}

fn bench(url: &str, beside: &Arc<Beside>) -> Bench {
    let instance = Instance::parse(url).unwrap();
    let own = |number| {
        let attachment = Arc::clone(beside) as Arc<dyn Attachment>;
        let token = credential(&instance, HeaderKind::PrivateToken, CANARY);
        Some(token.with(attachment).generation(Generation(number)))
    };
    let (credential, newer) = (own(0), own(1));
    Bench::signed_in(
        instance,
        Fake {
            credential,
            newer,
            ..Fake::default()
        },
    )
}

fn ok() -> Reply {
    Reply::json(200, r#"{"id":1}"#)
}

#[tokio::test]
async fn it_stands_beside_the_token_and_sees_every_answer() {
    let upstream = Upstream::playing([Reply::json(200, "{}").header("x-learn", "something")]).await;
    let beside = Arc::new(Beside::default());
    bench(&upstream.url(), &beside).get().await.unwrap();
    let seen = upstream.seen();
    assert_eq!(seen[0].header("x-beside"), Some(SECRET));
    assert_eq!(seen[0].header("private-token"), Some(CANARY));
    assert_eq!(beside.heard(), ["learn something"]);
}

#[tokio::test]
async fn a_refusal_it_calls_stale_renews_once_and_others_do_not() {
    let stale = StatusCode::UNPROCESSABLE_ENTITY;
    for (status, requests) in [(422, 2), (403, 1), (401, 2)] {
        let upstream = Upstream::playing([Reply::json(status, "{}"), ok()]).await;
        let beside = Arc::new(Beside {
            stale: Some(stale),
            ..Beside::default()
        });
        let result = bench(&upstream.url(), &beside).post().await;
        assert_eq!(result.is_ok(), requests == 2, "{status}");
        assert_eq!(upstream.count(), requests, "{status}");
        let refused = format!("refused POST {status}");
        assert!(
            beside.heard().contains(&refused),
            "a 401 is heard as well: {status}"
        );
    }
}

#[tokio::test]
async fn pages_and_redirects_count_as_401_and_are_tried_again_once() {
    let page = || Reply::html(200, "<html><h1>Company account</h1></html>");
    let away = || Reply::redirect(302, "https://sso.example/login?rd=%2F");
    let undeclared = || Reply::json(200, "<!DOCTYPE html><h1>Company account</h1>");
    for method in [Get, Post] {
        for reply in [page, away, undeclared] {
            let beside = Arc::new(Beside::default());
            let upstream = Upstream::playing([reply(), ok()]).await;
            bench(&upstream.url(), &beside)
                .send(request(method))
                .await
                .unwrap();
            assert_eq!(upstream.count(), 2);

            let upstream = Upstream::playing([reply(), reply(), reply()]).await;
            let sent = bench(&upstream.url(), &beside).send(request(method)).await;
            let error = sent.unwrap_err();
            assert_eq!(
                (error.code, error.status),
                (ErrorCode::Unauthorized, Some(401))
            );
            assert_eq!(error.next_step, ADVICE);
            assert!(!crate::bench::told(&error).contains("Company"), "{error:?}");
            assert_eq!(upstream.count(), 2);
        }
    }
}

#[tokio::test]
async fn a_renamed_project_is_no_sign_in() {
    let beside = Arc::new(Beside::default());
    let moved = Reply::redirect(301, "/api/v4/projects/42/issues");
    let upstream = Upstream::playing([moved, ok()]).await;
    bench(&upstream.url(), &beside).get().await.unwrap();
    assert!(upstream.seen()[1].line().contains("projects/42/issues"));
    assert_eq!(
        beside
            .heard()
            .iter()
            .filter(|line| line.starts_with("refused"))
            .count(),
        1
    );
}

#[tokio::test]
async fn a_raw_file_may_look_like_a_page_but_is_never_declared_as_one() {
    let beside = Arc::new(Beside::default());
    let template = "projects/{id}/repository/files/{path}/raw";
    let raw = || ApiRequest::get(template, &[("id", "1"), ("path", "a.html")]).unwrap();
    let text = "<html>of the repository</html>";
    let upstream = Upstream::playing([Reply::text(200, text)]).await;
    let answer = bench(&upstream.url(), &beside).send(raw()).await.unwrap();
    assert_eq!(answer.text(), text);
    let upstream = Upstream::playing([Reply::html(200, text), Reply::html(200, text)]).await;
    let error = bench(&upstream.url(), &beside)
        .send(raw())
        .await
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::Unauthorized);
}

#[tokio::test]
async fn what_it_cannot_attach_to_is_not_sent() {
    let upstream = Upstream::playing([ok()]).await;
    let beside = Arc::new(Beside {
        refuses: true,
        ..Beside::default()
    });
    let error = bench(&upstream.url(), &beside).post().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unauthorized);
    assert_eq!(error.next_step, ADVICE);
    assert!(error.to_text().contains("nothing to attach"), "{error:?}");
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn words_of_gitlab_that_repeat_it_are_masked() {
    let words = format!(r#"{{"message":"bad header {SECRET}"}}"#);
    let upstream = Upstream::playing([Reply::json(400, &words)]).await;
    let beside = Arc::new(Beside::default());
    let error = bench(&upstream.url(), &beside).get().await.unwrap_err();
    let told = crate::bench::told(&error);
    assert!(
        told.contains("[masked]") && !told.contains(SECRET),
        "{told}"
    );
}

#[tokio::test]
async fn without_a_token_it_is_all_that_is_sent() {
    let upstream = Upstream::playing([ok()]).await;
    let instance = Instance::parse(&upstream.url()).unwrap();
    let beside: Arc<dyn Attachment> = Arc::new(Beside::default());
    let own = Credential::cookie(&instance, beside);
    let fake = Fake {
        credential: Some(own),
        ..Fake::default()
    };
    Bench::signed_in(instance, fake).get().await.unwrap();
    let seen = upstream.seen();
    assert_eq!(seen[0].header("x-beside"), Some(SECRET));
    for name in ["private-token", "authorization", "job-token"] {
        assert_eq!(seen[0].header(name), None);
    }
}
