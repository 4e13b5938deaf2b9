//! Redirects: a moved project is asked for by its id at the same place; nothing else is followed,
//! and no credential ever goes where a redirect points.

use gitlab_mcp_core::auth::HeaderKind;
use gitlab_mcp_core::gitlab::Method::{Get, Post};
use gitlab_mcp_core::gitlab::{Egress, EgressConfig, Instance, Limits};
use gitlab_mcp_core::tool::ErrorCode;
use tokio::net::TcpListener;

use crate::bench::{ADVICE, Bench, CANARY, Fake, credential, request, told};
use crate::reply::Reply;
use crate::upstream::Upstream;

#[tokio::test]
async fn a_moved_project_is_asked_for_by_id_with_the_credential() {
    for absolute in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = if absolute {
            format!("http://{}", listener.local_addr().unwrap())
        } else {
            String::new()
        };
        let moved = Reply::redirect(301, &format!("{host}/api/v4/projects/42"));
        let upstream = Upstream::on(listener, [moved, Reply::json(200, r#"[{"iid":1}]"#)]);

        let asked = request(Get).query("state", "opened");
        let answer = Bench::at(&upstream.url()).send(asked).await.unwrap();

        assert_eq!(answer.json().unwrap()[0]["iid"], 1);
        let seen = upstream.seen();
        assert_eq!(seen.len(), 2);
        assert_eq!(
            seen[1].line(),
            "GET /api/v4/projects/42/issues?state=opened"
        );
        assert_eq!(seen[1].header("private-token"), Some(CANARY));
    }
}

#[tokio::test]
async fn a_project_that_keeps_moving_is_followed_once() {
    let moved = Reply::redirect(301, "/api/v4/projects/42");
    let upstream = Upstream::playing(vec![moved; 5]).await;
    let error = Bench::at(&upstream.url()).get().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::UpstreamInvalid);
    assert_eq!(upstream.count(), 2);
}

#[tokio::test]
async fn a_write_to_a_moved_project_is_not_repeated() {
    let moved = Reply::redirect(301, "/api/v4/projects/42");
    let upstream = Upstream::playing([moved]).await;
    let error = Bench::at(&upstream.url()).post().await.unwrap_err();
    assert_eq!(
        (error.code, error.status),
        (ErrorCode::UpstreamInvalid, Some(301))
    );
    assert_eq!(upstream.count(), 1);
}

#[tokio::test]
async fn no_redirect_takes_a_credential_to_another_origin() {
    let elsewhere = Upstream::playing([]).await;
    let foreign = elsewhere.url();
    let port = elsewhere.address.port();
    let locations = [
        format!("{foreign}/api/v4/projects/42/issues"),
        format!("{foreign}/api/v4/projects/42"),
        format!("//127.0.0.1:{port}/api/v4/projects/42"),
        format!("http://localhost:{port}/"),
        "file:///etc/passwd".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        format!("https://127.0.0.1:{port}/api/v4/projects/42"),
        "http://[::1]/api/v4/projects/42".to_owned(),
        "https://evil.example/api/v4/projects/42".to_owned(),
        "//evil.example/api/v4/projects/42".to_owned(),
        String::new(),
    ];
    let kinds = [
        HeaderKind::PrivateToken,
        HeaderKind::JobToken,
        HeaderKind::Bearer,
    ];
    for status in [301, 302, 303, 307, 308] {
        for (index, location) in locations.iter().enumerate() {
            for method in [Get, Post] {
                let upstream = Upstream::playing([Reply::redirect(status, location)]).await;
                let instance = Instance::parse(&upstream.url()).unwrap();
                let own = credential(&instance, kinds[index % 3], CANARY);
                let auth = Fake {
                    credential: Some(own),
                    ..Fake::default()
                };

                let result = Bench::signed_in(instance, auth).send(request(method)).await;

                let what = format!("{status} to {location:?}");
                let error = result.expect_err(&what);
                assert_eq!(error.code, ErrorCode::UpstreamInvalid, "{what}");
                assert_eq!(error.status, Some(status), "{what}");
                assert!(error.message.contains("redirect"), "{what}");
                for name in ["evil.example", "169.254", "localhost", &foreign] {
                    assert!(!told(&error).contains(name), "{what}: {error:?}");
                }
                assert_eq!(upstream.count(), 1, "{what}");
            }
        }
    }
    assert_eq!(elsewhere.count(), 0);
}

#[tokio::test]
async fn a_gitlab_that_redirects_to_itself_is_asked_once() {
    for status in [301, 302, 303, 307, 308] {
        let upstream = Upstream::playing(vec![Reply::redirect(status, "/api/v4/user"); 50]).await;
        let error = Bench::at(&upstream.url()).get().await.unwrap_err();
        assert_eq!(error.code, ErrorCode::UpstreamInvalid, "{status}");
        assert_eq!(upstream.count(), 1, "{status}");
    }
}

#[tokio::test]
async fn an_exchange_outside_the_api_is_handed_the_redirect() {
    let elsewhere = Upstream::playing([]).await;
    for status in [301, 302, 303, 307, 308] {
        let upstream = Upstream::playing([Reply::redirect(status, &elsewhere.url())]).await;
        let request = http::Request::post(format!("{}/oauth/token", upstream.url()));
        let request = request.body(bytes::Bytes::from_static(b"code=canary"));
        let egress = Egress::new(&EgressConfig::default()).unwrap();
        let answer = egress.fetch(request.unwrap(), Limits::default()).await;
        assert_eq!(answer.unwrap().status(), status);
        assert_eq!(upstream.count(), 1);
    }
    assert_eq!(elsewhere.count(), 0);
}

#[tokio::test]
async fn a_redirect_to_the_sign_in_page_says_how_to_sign_in() {
    let away = Reply::redirect(302, "/users/sign_in");
    let upstream = Upstream::playing([away]).await;
    let error = Bench::at(&upstream.url()).get().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unauthorized);
    assert_eq!(error.next_step, ADVICE);
}
