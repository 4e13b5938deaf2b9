//! Who is signed in, and signing out.

use super::*;

#[tokio::test]
async fn status_tells_who_is_signed_in_and_renews_like_a_tool_call() {
    let scene = Scene::new().await;
    let nobody = scene.status(false).await;
    assert_eq!(nobody.exit, Exit::Failed);
    assert!(nobody.err.contains("nobody is signed in"), "{nobody:?}");
    scene.login(false).await;

    let said = scene.status(false).await;
    assert_eq!(said.exit, Exit::Done, "{said:?}");
    for line in ["you      alice", "scopes   api", "renewed by itself"] {
        assert!(said.out.contains(line), "{line}: {said:?}");
    }
    let before = scene.stored().unwrap();
    let day = Duration::from_hours(24);
    scene.clock.advance(day);
    scene.gitlab.clock().advance(day);
    let said = scene.status(true).await;
    assert_eq!(said.exit, Exit::Done, "{said:?}");
    let told = &said.events()[0];
    assert_eq!(told["signed_in"], true);
    assert_eq!(told["user"], "alice");
    assert_eq!(told["scopes"], json!(["api"]));
    assert_eq!(told["expires_in"], 7200);
    assert_ne!(
        scene.stored().unwrap()["access_token"],
        before["access_token"]
    );
}

#[tokio::test]
async fn status_of_revoked_tokens_is_a_failure() {
    let scene = Scene::new().await;
    scene.login(false).await;
    let access = scene.stored().unwrap()["access_token"].clone();
    scene.gitlab.token(access.as_str().unwrap()).revoke();
    let said = scene.status(true).await;
    assert_eq!(said.exit, Exit::Failed, "{said:?}");
    assert_eq!(said.events()[0]["signed_in"], false);
}

#[tokio::test]
async fn logout_revokes_and_deletes() {
    let scene = Scene::new().await;
    scene.login(false).await;
    let stored = scene.stored().unwrap();
    let said = scene.logout().await;
    assert_eq!(said.exit, Exit::Done, "{said:?}");
    assert_eq!(scene.stored(), None);
    let desk = scene.desk(&[]);
    let text = |name: &str| stored[name].as_str().unwrap().to_owned();
    let access = Secret::parse(text("access_token"), 1).unwrap();
    assert!(desk.oauth.token_info(&access).await.is_err());
    let refresh = Secret::parse(text("refresh_token"), 1).unwrap();
    assert!(desk.oauth.refresh(&refresh).await.is_err());

    let again = scene.logout().await;
    assert_eq!(again.exit, Exit::Done);
    assert!(again.err.contains("nobody was signed in"), "{again:?}");
}

#[tokio::test]
async fn a_logout_that_gitlab_did_not_hear_says_where_to_revoke() {
    let scene = Scene::new().await;
    scene.login(false).await;
    let fault = Fault::status(503).on("POST /oauth/revoke");
    scene.gitlab.faults().add(fault);
    let said = scene.logout().await;
    assert_eq!(said.exit, Exit::Failed);
    assert!(
        said.err.contains("/-/user_settings/applications"),
        "{said:?}"
    );
    assert_eq!(scene.stored(), None);
}
