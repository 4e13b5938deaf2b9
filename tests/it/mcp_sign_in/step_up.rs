//! A login that was granted less than a tool needs: the client learns what to ask for, GitLab is not
//! asked at all, and a sign-in that may do more helps.

use gitlab_mcp_tests::{Era, McpClient, Reply};
use serde_json::{Value, json};

use super::desk::{Desk, Setting, text};
use super::restart::{Folder, SECRET, SETTINGS, secret};

const MUSIC_BOX: &str = "larkspur/music-box";
const READING: (&str, &str) = ("GITLAB_OAUTH_SCOPES", "read_api");

fn branch(name: &str) -> Value {
    json!({ "project_id": MUSIC_BOX, "branch": name, "ref": "main" })
}

async fn write(client: &mut McpClient, name: &str) -> Reply {
    let params = json!({ "name": "create_branch", "arguments": branch(name) });
    client.exchange("tools/call", params).await
}

/// Fails unless the refusal asks for both scopes in exactly these words.
fn asks_for_api(refused: &Reply) {
    let text = "the tool create_branch needs the scope api, and this sign-in has read_api: sign in \
                again; where that changes nothing, the operator of this server has to allow it";
    assert_eq!(refused.status, 403, "{refused:?}");
    assert_eq!(
        refused.header("www-authenticate").unwrap(),
        format!(
            "Bearer error=\"insufficient_scope\", scope=\"read_api api\", \
             resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource/mcp\", \
             error_description=\"{text}\""
        )
    );
    let body = json!({ "error": "insufficient_scope", "error_description": text });
    assert_eq!(refused.message(), body);
}

#[tokio::test]
async fn a_login_for_reading_reads_and_a_write_is_refused_before_gitlab_is_asked() {
    let plain = Setting::ALL.map(|setting| (setting, None));
    let sealed = ("OAUTH_STATELESS_MODE", "true");
    let gitlabs = ("OAUTH_TOKEN_FORMAT", "gitlab");
    let others = [
        (Setting::CallbackProxy, Some(sealed)),
        (Setting::Passthrough, Some(sealed)),
        (Setting::Passthrough, Some(gitlabs)),
    ];
    for (setting, further) in plain.into_iter().chain(others) {
        let variables = [READING, (secret(setting), SECRET)];
        let variables: Vec<_> = variables.into_iter().chain(further).collect();
        let desk = Desk::with(setting, &variables).await;
        let tokens = desk.signed_in("alice").await;
        for era in Era::ALL {
            let mut client = desk.mcp(&tokens.access, era).await;
            // GitLab is asked about one of its own tokens when that comes for the first time.
            client.tools().await;
            let before = desk.gitlab.log().count();
            asks_for_api(&write(&mut client, "refused").await);
            assert_eq!(desk.gitlab.log().count(), before, "{variables:?}");
            let project = client.call("get_project", json!({ "project_id": MUSIC_BOX }));
            assert_eq!(project.await.item()["path_with_namespace"], MUSIC_BOX);
        }
    }
}

#[tokio::test]
async fn what_the_operator_forbids_is_no_matter_of_scopes() {
    for setting in Setting::ALL {
        let desk = Desk::with(setting, &[("GITLAB_READ_ONLY_MODE", "true")]).await;
        let tokens = desk.signed_in("alice").await;
        for era in Era::ALL {
            let mut client = desk.mcp(&tokens.access, era).await;
            let result = client.call("create_branch", branch("forbidden")).await;
            assert_eq!(result.code(), "PERMISSION_MODE", "{setting:?} {era:?}");
        }
    }
}

#[tokio::test]
async fn once_the_operator_allows_more_another_sign_in_helps_and_the_old_one_is_asked_for_it() {
    for setting in SETTINGS {
        let folder = Folder::new();
        let file = folder.file();
        let further = [
            READING,
            ("OAUTH_STORAGE_TYPE", "sqlite"),
            ("OAUTH_STORAGE_FILE_PATH", file.as_str()),
            (secret(setting), SECRET),
        ];
        let desk = Desk::with(setting, &further).await;
        let old = desk.signed_in("alice").await;
        let desk = desk.set(READING.0, "api").restarted().await;
        let renewed = desk.refresh(&old.client, &old.refresh).await.message();
        // What was granted at GitLab stays what it was, however often it is renewed.
        assert_eq!(renewed["scope"], "read_api", "{setting:?} {renewed}");
        for access in [&old.access, &text(&renewed, "access_token")] {
            for era in Era::ALL {
                let mut client = desk.mcp(access, era).await;
                asks_for_api(&write(&mut client, "refused").await);
            }
            assert_eq!(desk.whoami(access).await, "alice", "{setting:?}");
        }
        // Both logins of one person live side by side, also in one session.
        let mut session = desk.mcp(&old.access, Era::Legacy).await;
        let back = desk.sign_in("alice", &old.client).await;
        let redeemed = desk.redeem(&old.client, &back["code"]).await.message();
        assert_eq!(redeemed["scope"], "api", "{setting:?} {redeemed}");
        let access = text(&redeemed, "access_token");
        let arguments = branch("after-the-sign-in");
        let params = json!({ "name": "create_branch", "arguments": arguments });
        let request = session.request("tools/call", params);
        let request = request.header("Authorization", &format!("Bearer {access}"));
        let answer = desk.send(&request).await;
        let item = &answer.message()["result"]["structuredContent"]["item"];
        assert_eq!(item["name"], "after-the-sign-in", "{setting:?} {answer:?}");
        let mut client = desk.mcp(&access, Era::Modern).await;
        client.call("create_branch", branch("another")).await.item();
    }
}
