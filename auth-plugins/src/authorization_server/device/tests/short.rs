//! A device login for which GitLab gives no refresh token.

use super::*;
use crate::authorization_server::bench::heard::Heard;

/// What whoever polls is told at the end, as a program and as a page without a script, and what is
/// logged.
async fn told(gives: bool) -> (Value, String, Heard) {
    let scene = scene().await;
    let quirk = !gives;
    scene
        .bench
        .gitlab
        .edit(|world| world.quirks.no_refresh_token = quirk);
    let started = scene.program().await;
    scene.confirm(&started.field("user_code")).await;
    scene.pass_seconds(5);
    let heard = Heard::default();
    let listening = tracing::subscriber::set_default(heard.clone());
    let program = scene.poll(&started.field("flow_state")).await.json();
    drop(listening);

    let page = scene.page().await;
    let place = page.header("location").to_owned();
    let (_, query) = place.split_once('?').unwrap();
    let cookie = page.header("set-cookie").split(';').next().unwrap();
    let flow = query.strip_prefix("flow_state=").unwrap();
    let found = scene.server.records.get::<DeviceFlow>(flow).await;
    scene
        .confirm(&found.unwrap().unwrap().record.user_code)
        .await;
    scene.pass_seconds(5);
    let headers = [("accept", "text/html"), ("cookie", cookie)];
    let shown = scene.ask(&format!("?{query}"), 1, &headers).await.text;
    (program, shown, heard)
}

#[tokio::test]
async fn the_person_is_told_when_to_sign_in_again() {
    let (program, page, heard) = told(false).await;
    let notice = program["notice"].as_str().unwrap_or_default();
    let words =
        "GitLab gave no refresh token, so you will be asked to sign in again in about 2 hours";
    assert!(notice.starts_with(words), "{program}");
    assert!(page.contains(words), "{page}");
    let completed = "device_completed ok no_refresh_token".to_owned();
    assert!(heard.events().contains(&completed), "{:?}", heard.events());

    let (program, page, heard) = told(true).await;
    assert_eq!(program["status"], "complete");
    assert!(program.get("notice").is_none(), "{program}");
    assert!(page.contains("Copy this code"), "{page}");
    assert!(!page.contains("sign in again"), "{page}");
    let completed = "device_completed ok".to_owned();
    assert!(heard.events().contains(&completed), "{:?}", heard.events());
}
