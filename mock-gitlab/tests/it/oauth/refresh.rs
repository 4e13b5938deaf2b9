//! Rotation of refresh tokens: O10, O11 and the quirks around it.

use std::time::Duration;

use mock_gitlab::{Fault, MockGitlab, OAuthApplication, Quirks};
use serde_json::{Value, json};

use super::flow::{
    bearer, company, confidential, post, public, refused, text, tokens, with_quirks,
};
use crate::client::Reply;

async fn refresh(gl: &MockGitlab, app: &OAuthApplication, token: &str) -> Reply {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", app.client_id.as_str()),
        ("refresh_token", token),
        ("redirect_uri", "http://ignored.test/"),
    ];
    post(gl, "/oauth/token", &fields).await
}

async fn status(gl: &MockGitlab, pair: &Value) -> u16 {
    bearer(gl, text(pair, "access_token"))
        .get("/user")
        .await
        .status
}

#[tokio::test]
async fn a_refresh_ends_the_old_pair_at_once() {
    let gl = company().await;
    let app = public(&gl);
    let old = tokens(&gl, &app, "api").await;
    let new = refresh(&gl, &app, text(&old, "refresh_token"))
        .await
        .expect(200)
        .json();
    assert_ne!(new["access_token"], old["access_token"]);
    assert_ne!(new["refresh_token"], old["refresh_token"]);
    let reply = bearer(&gl, text(&old, "access_token"))
        .get("/user")
        .await
        .expect(401);
    assert!(reply.text().contains("Token was revoked."));
    assert_eq!(status(&gl, &new).await, 200);
    // Reuse is refused and costs nobody else anything.
    let again = refresh(&gl, &app, text(&old, "refresh_token")).await;
    refused(again, 400, "invalid_grant");
    assert_eq!(status(&gl, &new).await, 200);
}

#[tokio::test]
async fn a_refresh_token_outlives_its_access_token_and_may_narrow() {
    let gl = company().await;
    let app = public(&gl);
    let old = tokens(&gl, &app, "api read_user").await;
    gl.clock().advance(Duration::from_hours(90 * 24));
    for (scope, good) in [("api sudo", false), ("read_user", true)] {
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", app.client_id.as_str()),
            ("refresh_token", text(&old, "refresh_token")),
            ("scope", scope),
        ];
        let reply = post(&gl, "/oauth/token", &fields).await;
        if good {
            assert_eq!(reply.expect(200).json()["scope"], scope);
        } else {
            refused(reply, 400, "invalid_scope");
        }
    }
}

#[tokio::test]
async fn a_refreshed_token_lives_as_long_as_the_one_before_it() {
    let gl = company().await;
    let app = public(&gl);
    let pair = tokens(&gl, &app, "api").await;
    gl.edit(|world| world.quirks.access_token_seconds = 600);
    let next = refresh(&gl, &app, text(&pair, "refresh_token")).await;
    assert_eq!(next.expect(200).json()["expires_in"], 7200);
    assert_eq!(tokens(&gl, &app, "api").await["expires_in"], 600);
}

#[tokio::test]
async fn a_refresh_needs_the_client_of_the_token() {
    let gl = company().await;
    let (app, other) = (confidential(&gl), public(&gl));
    let pair = tokens(&gl, &app, "api").await;
    let token = text(&pair, "refresh_token");
    refused(refresh(&gl, &app, token).await, 401, "invalid_client");
    refused(refresh(&gl, &other, token).await, 400, "invalid_grant");
    let nobody = [("grant_type", "refresh_token"), ("refresh_token", token)];
    refused(
        post(&gl, "/oauth/token", &nobody).await,
        400,
        "invalid_grant",
    );
    let nothing = [("grant_type", "refresh_token")];
    refused(
        post(&gl, "/oauth/token", &nothing).await,
        400,
        "invalid_request",
    );
    assert_eq!(status(&gl, &pair).await, 200);
}

#[tokio::test]
async fn of_parallel_refreshes_exactly_one_wins() {
    let gl = company().await;
    let app = public(&gl);
    let old = tokens(&gl, &app, "api").await;
    let token = text(&old, "refresh_token");
    let (a, b, c, d) = tokio::join!(
        refresh(&gl, &app, token),
        refresh(&gl, &app, token),
        refresh(&gl, &app, token),
        refresh(&gl, &app, token)
    );
    let mut statuses = [a.status, b.status, c.status, d.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 400, 400]);
}

#[tokio::test]
async fn family_revocation_takes_every_descendant_along() {
    let quirks = Quirks {
        family_revocation: true,
        ..Quirks::default()
    };
    let gl = with_quirks(quirks).await;
    let app = public(&gl);
    let (first, stranger) = (
        tokens(&gl, &app, "api").await,
        tokens(&gl, &app, "api").await,
    );
    let second = refresh(&gl, &app, text(&first, "refresh_token"))
        .await
        .expect(200)
        .json();
    let third = refresh(&gl, &app, text(&second, "refresh_token"))
        .await
        .expect(200)
        .json();
    assert_eq!(status(&gl, &third).await, 200);
    let again = refresh(&gl, &app, text(&first, "refresh_token")).await;
    refused(again, 400, "invalid_grant");
    assert_eq!(status(&gl, &third).await, 401);
    assert_eq!(status(&gl, &stranger).await, 200);
    let last = refresh(&gl, &app, text(&third, "refresh_token")).await;
    refused(last, 400, "invalid_grant");
}

#[tokio::test]
async fn within_the_grace_the_old_pair_still_works() {
    let quirks = Quirks {
        refresh_grace_seconds: 30,
        ..Quirks::default()
    };
    let gl = with_quirks(quirks).await;
    let app = public(&gl);
    let old = tokens(&gl, &app, "api").await;
    let token = text(&old, "refresh_token");
    refresh(&gl, &app, token).await.expect(200);
    gl.clock().advance(Duration::from_secs(29));
    assert_eq!(status(&gl, &old).await, 200);
    refresh(&gl, &app, token).await.expect(200);
    gl.clock().advance(Duration::from_secs(1));
    assert_eq!(status(&gl, &old).await, 401);
    refused(refresh(&gl, &app, token).await, 400, "invalid_grant");
}

#[tokio::test]
async fn token_answers_can_be_made_wrong() {
    let gl = company().await;
    let app = public(&gl);
    gl.edit(|world| {
        world.quirks.no_refresh_token = true;
        world.quirks.expires_in = Some(json!(null));
    });
    let bare = tokens(&gl, &app, "api").await;
    assert_eq!(
        (bare.get("refresh_token"), bare.get("expires_in")),
        (None, None)
    );
    gl.edit(|world| {
        world.quirks = Quirks::default();
        world.quirks.refuse_refreshes = 1;
        world.quirks.second_winner = true;
    });
    let old = tokens(&gl, &app, "api").await;
    let token = text(&old, "refresh_token");
    refused(refresh(&gl, &app, token).await, 400, "invalid_grant");
    let one = refresh(&gl, &app, token).await.expect(200).json();
    let two = refresh(&gl, &app, token).await.expect(200).json();
    assert_eq!(
        (status(&gl, &one).await, status(&gl, &two).await),
        (200, 200)
    );
    refused(refresh(&gl, &app, token).await, 400, "invalid_grant");
}

#[tokio::test]
async fn a_refresh_whose_answer_is_lost_has_still_happened() {
    let gl = company().await;
    let app = public(&gl);
    let old = tokens(&gl, &app, "api").await;
    let token = text(&old, "refresh_token");
    gl.faults().add(
        Fault::status(503)
            .on("POST /oauth/token")
            .times(1)
            .after_commit(),
    );
    refresh(&gl, &app, token).await.expect(503);
    refused(refresh(&gl, &app, token).await, 400, "invalid_grant");
    assert_eq!(status(&gl, &old).await, 401);
}

#[tokio::test]
async fn a_pair_that_was_granted_without_the_flow_is_like_any_other() {
    let gl = company().await;
    let app = public(&gl);
    let granted = gl.grant(&app, "alice");
    let user = bearer(&gl, &granted.access).get("/user").await.expect(200);
    assert_eq!(user.json()["username"], "alice");
    let new = refresh(&gl, &app, &granted.refresh).await.expect(200);
    assert_eq!(status(&gl, &new.json()).await, 200);
    let old = bearer(&gl, &granted.access).get("/user").await;
    assert_eq!(old.status, 401);
}
