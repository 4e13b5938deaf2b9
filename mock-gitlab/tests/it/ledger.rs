//! The ledger and what a test asserts with it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mock_gitlab::Fault;

use crate::client::Client;
use crate::company;

/// The message of an assertion that has to fail.
fn failure(assert: impl FnOnce()) -> String {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let caught = catch_unwind(AssertUnwindSafe(assert));
    std::panic::set_hook(hook);
    *caught
        .expect_err("it should fail")
        .downcast::<String>()
        .unwrap()
}

#[tokio::test]
async fn assertions_pass_on_what_happened_and_name_what_did_not() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    bob.get("/user").await.expect(200);
    bob.get("/projects/1").await.expect(200);
    bob.get("/projects/1/labels").await.expect(200);
    let log = gl.log();
    log.assert_requests(&[
        "GET /api/v4/user",
        "GET /api/v4/projects/1",
        "GET /api/v4/projects/1/labels",
    ]);
    log.of("/projects/**").assert_count(2);
    log.of("GET /user").assert_once();
    log.all()
        .assert_order(&["GET /user", "GET /projects/*/labels"]);
    log.all().assert_no_credential("oauth");
    log.assert_none(|record| record.status == Some(500));
    for (text, message) in [
        (
            "request 2: `GET /b` wanted, `GET /api/v4/projects/1` made",
            failure(|| log.assert_requests(&["GET /api/v4/user", "GET /b"])),
        ),
        (
            "3 requests wanted, 2 made",
            failure(|| log.of("/projects/**").assert_count(3)),
        ),
        (
            "one request wanted, 2 made",
            failure(|| assert!(log.of("/projects/**").assert_once().number > 0)),
        ),
        (
            "`GET /user` does not come in its place",
            failure(|| log.all().assert_order(&["GET /projects/*", "GET /user"])),
        ),
        (
            "more than one connection",
            failure(|| log.all().assert_same_connection()),
        ),
        (
            "1: GET /api/v4/user → 200 (bob)",
            failure(|| log.all().assert_no_credential("personal")),
        ),
    ] {
        assert!(message.contains(text), "{text} in {message}");
        assert!(!message.contains("glpat-"), "{message}");
    }
}

#[tokio::test]
async fn it_keeps_the_newest_requests_and_counts_all() {
    let gl = company().await;
    gl.faults().add(Fault::status(500));
    let nobody = Client::anonymous(&gl);
    for _ in 0..12 {
        nobody.get("/version").await;
    }
    assert_eq!(gl.log().count(), 12);
    assert_eq!(gl.log().all().last().unwrap().number, 12);
    gl.log().clear();
    assert_eq!(gl.log().count(), 0);
}
