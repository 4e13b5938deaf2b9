//! Bodies that are cut, spoiled, or about another GitLab.

use std::time::Duration;

use mock_gitlab::{Drift, Fault, Page, Paging, Payload};
use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::company;

#[tokio::test]
async fn json_is_cut_inside_a_well_formed_answer() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    gl.faults().add(Fault::cut_json().times(1));
    let reply = bob.get("/user").await.expect(200);
    let promised: usize = reply.header("content-length").unwrap().parse().unwrap();
    assert_eq!(promised, reply.body.len());
    serde_json::from_slice::<Value>(&reply.body).unwrap_err();
    gl.faults().add(Fault::cut_chunk().times(1));
    let reply = bob.get("/user").await;
    assert_eq!(reply.header("transfer-encoding"), Some("chunked"));
    serde_json::from_slice::<Value>(&reply.body).unwrap_err();
    bob.get("/user").await.expect(200).json();
}

#[tokio::test]
async fn a_connection_is_reset_where_told() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    for fault in [
        Fault::reset_mid_body(),
        Fault::reset_before_end(),
        Fault::accept_reset(),
    ] {
        gl.faults().add(fault.times(1));
        let error = bob.raw("GET", "/api/v4/user", "", "").await.unwrap_err();
        let kinds = [
            std::io::ErrorKind::ConnectionReset,
            std::io::ErrorKind::BrokenPipe,
        ];
        assert!(kinds.contains(&error.kind()), "{error}");
        bob.get("/user").await.expect(200);
    }
}

#[tokio::test]
async fn silence_comes_at_the_door_and_after_the_headers() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    for fault in [Fault::accept_silence(), Fault::silence_after_headers()] {
        gl.faults().add(fault.times(1));
        let patience = Duration::from_millis(100);
        tokio::time::timeout(patience, bob.get("/user"))
            .await
            .expect_err("no end");
        bob.get("/user").await.expect(200);
    }
}

async fn spoiled(payload: Payload) -> Reply {
    let gl = company().await;
    gl.faults().add(Fault::bad_payload(payload).times(1));
    Client::of(&gl, "bob").get("/user").await.expect(200)
}

#[tokio::test]
async fn payloads_are_bad_in_every_way() {
    let json = Some("application/json");
    let reply = spoiled(Payload::WrongContentType).await;
    assert_eq!(reply.header("content-type"), Some("text/plain"));
    assert_eq!(reply.json()["username"], "bob");
    for payload in [
        Payload::Empty,
        Payload::InvalidJson,
        Payload::NotANumber,
        Payload::InvalidUtf8,
        Payload::Deep,
    ] {
        let reply = spoiled(payload).await;
        assert_eq!(reply.header("content-type"), json);
        serde_json::from_slice::<Value>(&reply.body).unwrap_err();
    }
    assert_eq!(spoiled(Payload::DuplicateKeys).await.json()["id"], 2);
    let reply = spoiled(Payload::WrongEncoding).await;
    assert_eq!(reply.header("content-encoding"), Some("gzip"));
    assert_eq!(reply.json()["username"], "bob");
    let bomb = spoiled(Payload::GzipBomb).await;
    assert!(bomb.body.len() < 200_000, "{}", bomb.body.len());
    assert_eq!(bomb.body.get(..2), Some(&[0x1f, 0x8b][..]));
}

#[tokio::test]
async fn answers_drift_into_the_future() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let read = async |fault: Fault| {
        gl.faults().add(fault.times(1));
        bob.get("/projects/1").await.expect(200).json()
    };
    let project = read(Fault::drift(Drift::Retype).field("id")).await;
    assert_eq!(
        (&project["id"], &project["name"]),
        (&json!("1"), &json!("Music Box"))
    );
    assert_eq!(
        read(Fault::drift(Drift::Drop).field("name"))
            .await
            .get("name"),
        None
    );
    assert_eq!(
        read(Fault::drift(Drift::Rename).field("name")).await["name_v2"],
        "Music Box"
    );
    assert_eq!(
        read(Fault::drift(Drift::Enum).field("visibility")).await["visibility"],
        "quite_unheard_of"
    );
    assert!(read(Fault::drift(Drift::Add)).await["from_the_future"].is_object());
    let nulled = read(Fault::drift(Drift::Null).share(1.0)).await;
    assert!(nulled.as_object().unwrap().values().all(Value::is_null));
    assert_eq!(bob.get("/projects/1").await.json()["id"], 1);
}

#[tokio::test]
async fn page_headers_lie() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    let read = async |how: Paging| {
        gl.faults().add(Fault::paging(how).times(1));
        root.get("/projects?per_page=5&page=2").await.expect(200)
    };
    let next = |reply: &Reply| reply.header("link").unwrap().to_owned();
    assert!(next(&read(Paging::RepeatPage).await).contains("page=2>; rel=\"next\""));
    assert!(next(&read(Paging::EndlessNext).await).contains("page=3>; rel=\"next\""));
    assert!(
        next(&read(Paging::ForeignNext).await)
            .starts_with("<https://elsewhere.invalid/api/v4/projects?")
    );
    let reply = read(Paging::FalseTotals).await;
    assert_eq!(
        (reply.header("x-total"), reply.header("x-total-pages")),
        (Some("999999"), Some("1"))
    );
    let reply = read(Paging::MissingHeaders).await;
    assert_eq!((reply.header("link"), reply.header("x-page")), (None, None));
}

#[tokio::test]
async fn pages_for_people_and_redirects_to_itself() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    for (page, status, word) in [
        (Page::SignIn, 200, "Sign in"),
        (Page::Challenge, 403, "human"),
        (Page::Maintenance, 503, "upgraded"),
    ] {
        gl.faults().add(Fault::page(page).times(1));
        let reply = bob.get("/user").await.expect(status);
        assert!(reply.text().contains(word));
    }
    gl.faults().add(Fault::redirect(307, "{url}").times(1));
    let reply = bob.get("/user?a=b").await.expect(307);
    let own = format!("{}/api/v4/user?a=b", gl.url());
    assert_eq!(reply.header("location"), Some(own.as_str()));
    gl.faults().add(Fault::clock_skew(3600).times(1));
    let reply = bob.get("/user").await;
    assert_eq!(reply.header("date"), Some("Sun, 01 Nov 2026 10:00:00 GMT"));
}
