//! Who may use the server, and by which header.

use gitlab_mcp_tests::Reply;
use mock_gitlab::world::{Member, NewGroup, TokenKind, Visibility};

use super::desk::{Desk, Setting};

const GROUPS: (&str, &str) = ("GITLAB_OAUTH_ALLOWED_GROUPS", "My-Company/platform");

async fn with_header(desk: &Desk, name: &str, value: &str) -> Reply {
    desk.send(&Desk::listing().header(name, value)).await
}

/// A private group at GitLab with one member.
fn found(desk: &Desk, path: &str, parent: Option<u64>, member: &str) -> u64 {
    let now = desk.gitlab.clock().now();
    let (root, member) = (desk.gitlab.user("root").id(), desk.gitlab.user(member).id());
    desk.gitlab.edit(|world| {
        let new = NewGroup {
            name: path,
            path,
            parent,
            description: "",
            visibility: Visibility::Private,
        };
        let id = world.add_group(new, root, now);
        let group = world.groups.get_mut(&id).unwrap();
        group.members = vec![Member::new(member, 10, now)];
        id
    })
}

/// The token of a CI job.
fn job_token(desk: &Desk) -> String {
    let token = "glcbt-64_0123456789abcdef".to_owned();
    desk.gitlab.edit(|world| {
        let job = world.jobs.values().next().unwrap();
        let (job, user) = (job.id, job.user);
        let mut made = world.tokens.values().next().unwrap().clone();
        made.kind = TokenKind::Job;
        made.user = user;
        made.job = Some(job);
        made.revoked = false;
        made.expires_at = None;
        world.tokens.insert(token.clone(), made);
    });
    token
}

#[tokio::test]
async fn tokens_of_gitlab_in_their_own_headers_are_a_way_in_that_can_be_shut() {
    for setting in [Setting::CallbackProxy, Setting::Passthrough] {
        let desk = Desk::with(setting, &[]).await;
        let pat = desk.gitlab.user("bob").pat(&["api"]);
        assert_eq!(with_header(&desk, "Private-Token", &pat).await.status, 200);
        let job = job_token(&desk);
        assert_eq!(with_header(&desk, "JOB-TOKEN", &job).await.status, 200);
        let refused = with_header(&desk, "Private-Token", "glpat-nobody-knows-this-one").await;
        assert_eq!(refused.status, 401, "{refused:?}");
        let error = &refused.message()["error"];
        assert_eq!(*error, "Invalid Private-Token or JOB-TOKEN header");
        // In the other header it is a token of somebody else's.
        let bearer = with_header(&desk, "Authorization", &format!("Bearer {pat}")).await;
        assert_eq!(bearer.message()["error"], "invalid_token");
        let shut = Desk::with(setting, &[("OAUTH_HEADER_BYPASS", "false")]).await;
        let pat = shut.gitlab.user("bob").pat(&["api"]);
        let nobody = with_header(&shut, "Private-Token", &pat).await;
        assert_eq!(nobody.status, 401, "{setting:?}");
        assert_eq!(nobody.message()["error"], "unauthorized", "{setting:?}");
        assert_eq!(shut.gitlab.log().all().by(&pat).count(), 0);
    }
    let session = Desk::with(Setting::Session, &[]).await;
    let pat = session.gitlab.user("bob").pat(&["api"]);
    let nobody = with_header(&session, "Private-Token", &pat).await;
    assert_eq!(nobody.message()["error"], "unauthorized");
}

#[tokio::test]
async fn the_list_of_groups_holds_at_every_door() {
    for setting in [Setting::CallbackProxy, Setting::Passthrough] {
        let desk = Desk::with(setting, &[GROUPS]).await;
        let company = found(&desk, "my-company", None, "root");
        found(&desk, "platform", Some(company), "alice");
        // Almost the same name.
        found(&desk, "my-company2", None, "bob");
        let alice = desk.signed_in("alice").await;
        assert_eq!(desk.whoami(&alice.access).await, "alice", "{setting:?}");
        let pat = desk.gitlab.user("alice").pat(&["api"]);
        assert_eq!(with_header(&desk, "Private-Token", &pat).await.status, 200);
        for (name, token) in [
            ("Private-Token", desk.gitlab.user("bob").pat(&["api"])),
            ("JOB-TOKEN", job_token(&desk)),
        ] {
            let denied = with_header(&desk, name, &token).await;
            assert_eq!(denied.status, 403, "{setting:?} {name}: {denied:?}");
            assert!(denied.body.contains("access_denied"), "{denied:?}");
            assert!(denied.body.contains("GITLAB_OAUTH_ALLOWED_GROUPS"));
        }
        // Through the front door the others get no code, or no tokens for GitLab's.
        let client = desk.register().await;
        let back = desk.sign_in("bob", &client).await;
        if setting == Setting::CallbackProxy {
            assert_eq!(back["error"], "access_denied", "{back:?}");
        } else {
            let refused = desk.redeem(&client, &back["code"]).await.message();
            assert_eq!(refused["error"], "invalid_grant", "{refused}");
        }
        assert_eq!(desk.gitlab.log().of("POST /oauth/revoke").count(), 1);
    }
}

#[tokio::test]
async fn whoever_leaves_the_group_is_out_within_the_recheck() {
    for setting in Setting::ALL {
        let desk = Desk::with(setting, &[GROUPS]).await;
        let company = found(&desk, "my-company", None, "root");
        let platform = found(&desk, "platform", Some(company), "alice");
        let alice = desk.signed_in("alice").await;
        assert_eq!(desk.ping(Some(&alice.access)).await.status, 200);
        desk.gitlab
            .edit(|world| world.groups.get_mut(&platform).unwrap().members.clear());
        desk.pass(900);
        let denied = desk.ping(Some(&alice.access)).await;
        assert_eq!(denied.status, 403, "{setting:?} {denied:?}");
        assert!(denied.body.contains("access_denied"), "{denied:?}");
        assert_eq!(desk.ping(Some(&alice.access)).await.status, 401);
        let refused = desk.refresh(&alice.client, &alice.refresh).await;
        assert_eq!(refused.message()["error"], "invalid_grant", "{setting:?}");
    }
}
