//! `/oauth/authorize`: O04 to O06, the order of checks and the ways back.

use mock_gitlab::BrowserError;

use super::flow::{CALLBACK, authorize, company, confidential, get, get_with, parameter, public};
use super::flow::{send, tokens};
use crate::client::Client;

#[tokio::test]
async fn approving_sends_code_and_state_and_no_issuer() {
    let gl = company().await;
    let app = public(&gl);
    let mut browser = gl.browser("alice");
    let location = browser.approve(&authorize(&app, &[])).await.unwrap();
    assert!(location.starts_with("http://127.0.0.1/callback?code="));
    assert_eq!(parameter(&location, "code").unwrap().len(), 64);
    assert_eq!(parameter(&location, "state").unwrap(), "xyz");
    assert_eq!(parameter(&location, "iss"), None);
}

#[tokio::test]
async fn denying_sends_access_denied_and_state() {
    let gl = company().await;
    let app = public(&gl);
    let location = gl.browser("bob").deny(&authorize(&app, &[])).await.unwrap();
    assert_eq!(parameter(&location, "error").unwrap(), "access_denied");
    assert_eq!(parameter(&location, "state").unwrap(), "xyz");
    assert_eq!(parameter(&location, "code"), None);
}

#[tokio::test]
async fn the_delete_verb_denies_as_well() {
    let gl = company().await;
    let app = public(&gl);
    let (cookie, csrf) = gl.browser("alice").session().await.unwrap();
    let client = Client::anonymous(&gl)
        .with("Cookie", &format!("_gitlab_session={cookie}"))
        .with("X-CSRF-Token", &csrf);
    let reply = client.raw("DELETE", &authorize(&app, &[]), "", "").await;
    let reply = reply.unwrap().expect(302);
    let location = reply.header("location").unwrap();
    assert_eq!(parameter(location, "error").unwrap(), "access_denied");
}

#[tokio::test]
async fn signed_out_browsers_sign_in_first_and_come_back() {
    let gl = company().await;
    let url = authorize(&public(&gl), &[]);
    let reply = get(&gl, &url).await.expect(302);
    let place = reply.header("location").unwrap();
    assert_eq!(place, format!("{}/users/sign_in", gl.url()));
    let cookie = reply.header("set-cookie").unwrap();
    let id = cookie.split(';').next().unwrap().split_once('=').unwrap().1;
    let kept = gl.edit(|world| world.sessions[id].return_to.clone());
    assert_eq!(kept, Some(url));
}

#[tokio::test]
async fn errors_before_consent_are_a_page_and_never_a_redirect_in_this_order() {
    let gl = company().await;
    let app = public(&gl);
    let (cookie, _) = gl.browser("alice").session().await.unwrap();
    let client = Client::anonymous(&gl).with("Cookie", &format!("_gitlab_session={cookie}"));
    // Each row repairs one thing more: the first fault in GitLab's order is the one told.
    let mut wrong = vec![
        ("client_id", "", "invalid_request"),
        ("client_id", "nobody", "invalid_client"),
        ("redirect_uri", "http://evil.test/", "invalid_redirect_uri"),
        ("response_type", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_mode", "pigeon", "unsupported_response_mode"),
        ("scope", "api sudo", "invalid_scope"),
        (
            "code_challenge_method",
            "S512",
            "invalid_code_challenge_method",
        ),
    ];
    while let Some((_, _, expected)) = wrong.first().copied() {
        let mut more = vec![("code_challenge", "abc")];
        for (name, value, _) in &wrong {
            if !more.iter().any(|(have, _)| have == name) {
                more.push((*name, *value));
            }
        }
        let reply = get_with(&client, &authorize(&app, &more)).await.expect(200);
        assert!(
            reply
                .header("content-type")
                .unwrap()
                .starts_with("text/html")
        );
        assert_eq!(reply.header("location"), None);
        let word = format!(">{expected}</code>");
        assert!(reply.text().contains(&word), "{expected}: {}", reply.text());
        wrong.remove(0);
    }
}

#[tokio::test]
async fn a_challenge_without_a_method_is_invalid_and_so_is_no_scope_without_api() {
    let gl = company().await;
    let app = public(&gl);
    let narrow = gl
        .oauth_app("narrow")
        .redirect(CALLBACK)
        .scopes(&["read_user"])
        .create();
    let mut browser = gl.browser("alice");
    for (url, word) in [
        (
            authorize(&app, &[("code_challenge", "abc")]),
            "invalid_code_challenge_method",
        ),
        (authorize(&narrow, &[("scope", "")]), "invalid_scope"),
    ] {
        let error = browser.approve(&url).await.unwrap_err();
        assert!(
            matches!(&error, BrowserError::Refused(text) if text == word),
            "{error}"
        );
    }
    browser
        .approve(&authorize(&app, &[("scope", "")]))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_changed_form_goes_back_only_when_the_way_back_is_sure() {
    let gl = company().await;
    let app = public(&gl);
    let (cookie, csrf) = gl.browser("alice").session().await.unwrap();
    let client = Client::anonymous(&gl)
        .with("Cookie", &format!("_gitlab_session={cookie}"))
        .with("X-CSRF-Token", &csrf);
    let reply = send(&client, &authorize(&app, &[("scope", "sudo")]), &[])
        .await
        .expect(302);
    let location = reply.header("location").unwrap();
    assert_eq!(parameter(location, "error").unwrap(), "invalid_scope");
    assert_eq!(parameter(location, "state").unwrap(), "xyz");
    // The implicit grant would answer in the fragment, and so does its refusal.
    let implicit = authorize(&app, &[("response_type", "token")]);
    let reply = send(&client, &implicit, &[]).await.expect(302);
    let location = reply.header("location").unwrap();
    let start = format!("{CALLBACK}#error=unsupported_response_type&");
    assert!(location.starts_with(&start), "{location}");
    let evil = authorize(&app, &[("redirect_uri", "http://evil.test/")]);
    let reply = send(&client, &evil, &[]).await.expect(400);
    assert_eq!(reply.json()["error"], "invalid_redirect_uri");
    assert_eq!(reply.json()["state"], "xyz");
    let nobody = authorize(&app, &[("client_id", "nobody")]);
    send(&client, &nobody, &[]).await.expect(401);
}

#[tokio::test]
async fn a_public_client_is_asked_each_time_and_a_confidential_one_once() {
    let gl = company().await;
    for (app, asked) in [(public(&gl), true), (confidential(&gl), false)] {
        tokens(&gl, &app, "api").await;
        let (cookie, _) = gl.browser("alice").session().await.unwrap();
        let client = Client::anonymous(&gl).with("Cookie", &format!("_gitlab_session={cookie}"));
        let page = get_with(&client, &authorize(&app, &[]))
            .await
            .expect(200)
            .text();
        assert_eq!(page.contains("id=\"authorize\""), asked);
        assert_eq!(page.contains("http-equiv=\"refresh\""), !asked);
    }
    let trusted = gl
        .oauth_app("own")
        .redirect(CALLBACK)
        .trusted(true)
        .create();
    let location = gl
        .browser("carol")
        .approve(&authorize(&trusted, &[]))
        .await
        .unwrap();
    assert!(parameter(&location, "code").is_some());
}

#[tokio::test]
async fn response_modes_choose_fragment_or_form() {
    let gl = company().await;
    let app = public(&gl);
    let mut browser = gl.browser("alice");
    let url = authorize(&app, &[("response_mode", "fragment")]);
    let location = browser.approve(&url).await.unwrap();
    assert!(location.starts_with("http://127.0.0.1/callback#code="));
    let url = authorize(&app, &[("response_mode", "form_post")]);
    let error = browser.approve(&url).await.unwrap_err();
    let text = "an unexpected page with status 200: Back to the application · GitLab";
    assert_eq!(error.to_string(), text);
}

#[tokio::test]
async fn the_consent_page_tells_who_asks_for_what_and_where_the_answer_goes() {
    let gl = company().await;
    let app = gl
        .oauth_app("<b>bold</b>")
        .redirect("https://app.test:8443/cb")
        .owner("bob");
    let app = app.scopes(&["api", "read_user"]).create();
    let (cookie, _) = gl.browser("alice").session().await.unwrap();
    let client = Client::anonymous(&gl).with("Cookie", &format!("_gitlab_session={cookie}"));
    let more = [
        ("redirect_uri", "https://app.test:8443/cb"),
        ("scope", "read_user api"),
    ];
    let reply = get_with(&client, &authorize(&app, &more)).await.expect(200);
    let page = reply.text();
    for part in [
        "&lt;b&gt;bold&lt;/b&gt;",
        "app.test:8443",
        "@bob",
        "<code>read_user</code>",
        "<code>api</code>",
        ">Authorize</button>",
        ">Deny</button>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https:;"), "{policy}");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert_eq!(reply.header("x-frame-options"), Some("DENY"));
}

#[tokio::test]
async fn the_code_of_an_application_without_an_address_is_shown() {
    let gl = company().await;
    let uri = "urn:ietf:wg:oauth:2.0:oob";
    let app = gl.oauth_app("typewriter").redirect(uri).create();
    let mut browser = gl.browser("alice");
    let location = browser
        .approve(&authorize(&app, &[("redirect_uri", uri)]))
        .await
        .unwrap();
    assert!(
        location.contains("/oauth/authorize/native?code="),
        "{location}"
    );
}
