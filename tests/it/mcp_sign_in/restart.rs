//! What a durable storage is for: the server ends and starts again, and nobody has to do anything
//! twice, whatever they were in the middle of.

use std::path::PathBuf;

use gitlab_mcp_core::random::{OsRandom, token};

use super::desk::{Desk, Setting, text};

pub(super) const SECRET: &str = "Qm7-vT2x_Lp9Rk4Zb8Wd1Yh6Nc3Sf0Ja5Ge";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// GitLab's own name for how often a program may poll, in seconds.
const INTERVAL: u64 = 5;

/// Settings whose logins and codes are ours to keep.
pub(super) const SETTINGS: [Setting; 2] = [Setting::CallbackProxy, Setting::Session];

/// The folder of a storage file. It goes with the test.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        let name = format!("gitlab-mcp-restart-{}", token(&OsRandom, 12));
        let folder = Self(std::env::temp_dir().join(name));
        std::fs::create_dir(&folder.0).unwrap();
        folder
    }

    async fn desk(&self, setting: Setting, storage: &str) -> Desk {
        let file = self.file();
        let further = [
            ("OAUTH_STORAGE_TYPE", storage),
            ("OAUTH_STORAGE_FILE_PATH", file.as_str()),
            ("OAUTH_DEVICE_FLOW", "on"),
            (secret(setting), SECRET),
        ];
        Desk::with(setting, &further).await
    }

    pub(super) fn file(&self) -> String {
        self.0.join("state.db").to_str().unwrap().to_owned()
    }
}

/// The name of the master secret.
pub(super) fn secret(setting: Setting) -> &'static str {
    match setting {
        Setting::Session => "OAUTH_SESSION_SECRET",
        _ => "OAUTH_STATELESS_SECRET",
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[tokio::test]
async fn both_tokens_of_a_client_and_its_registration_outlive_a_restart() {
    for setting in SETTINGS {
        let folder = Folder::new();
        let desk = folder.desk(setting, "sqlite").await;
        let tokens = desk.signed_in("alice").await;
        let desk = desk.restarted().await;
        assert_eq!(desk.whoami(&tokens.access).await, "alice", "{setting:?}");
        let renewed = desk.refresh(&tokens.client, &tokens.refresh).await;
        assert_eq!(renewed.status, 200, "{setting:?} {renewed:?}");
        let desk = desk.restarted().await;
        let access = text(&renewed.message(), "access_token");
        assert_eq!(desk.whoami(&access).await, "alice", "{setting:?}");
        // The client is known, so somebody else signs in with it.
        let back = desk.sign_in("bob", &tokens.client).await;
        let redeemed = desk.redeem(&tokens.client, &back["code"]).await;
        let access = text(&redeemed.message(), "access_token");
        assert_eq!(desk.whoami(&access).await, "bob", "{setting:?}");
    }
}

#[tokio::test]
async fn in_memory_a_restart_signs_everybody_out() {
    for setting in SETTINGS {
        let folder = Folder::new();
        let desk = folder.desk(setting, "memory").await;
        let tokens = desk.signed_in("alice").await;
        let desk = desk.restarted().await;
        assert_eq!(desk.ping(Some(&tokens.access)).await.status, 401);
        let refused = desk.refresh(&tokens.client, &tokens.refresh).await;
        assert!(
            [400, 401].contains(&refused.status),
            "{setting:?} {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_browser_between_two_pages_does_not_notice_a_restart() {
    for setting in SETTINGS {
        let folder = Folder::new();
        let desk = folder.desk(setting, "sqlite").await;
        let client = desk.register().await;
        let (desk, back) = desk.sign_in_over_restarts("alice", &client).await;
        let redeemed = desk.redeem(&client, &back["code"]).await;
        assert_eq!(redeemed.status, 200, "{setting:?} {redeemed:?}");
        let access = text(&redeemed.message(), "access_token");
        assert_eq!(desk.whoami(&access).await, "alice", "{setting:?}");
        // What was used up stays used up.
        let desk = desk.restarted().await;
        let again = desk.redeem(&client, &back["code"]).await;
        assert_eq!(again.message()["error"], "invalid_grant", "{setting:?}");
    }
}

#[tokio::test]
async fn a_device_sign_in_goes_on_after_a_restart() {
    for setting in SETTINGS {
        let folder = Folder::new();
        let desk = folder.desk(setting, "sqlite").await;
        let client = desk.register().await;
        let path = "/oauth/device_authorization";
        let started = desk.post_form(path, &[("client_id", &client)]).await;
        assert_eq!(started.status, 200, "{setting:?} {started:?}");
        let started = started.message();
        let code = text(&started, "device_code");
        let fields = [
            ("grant_type", DEVICE),
            ("device_code", &code),
            ("client_id", &client),
        ];
        let pending = desk.post_form("/token", &fields).await;
        assert_eq!(pending.message()["error"], "authorization_pending");
        let desk = desk.restarted().await;
        let user_code = text(&started, "user_code");
        desk.gitlab
            .browser("alice")
            .device(&user_code)
            .await
            .unwrap();
        // The interval counts on over the restart.
        let early = desk.post_form("/token", &fields).await;
        assert_eq!(early.message()["error"], "slow_down", "{setting:?}");
        desk.pass(3 * INTERVAL);
        let tokens = desk.post_form("/token", &fields).await;
        assert_eq!(tokens.status, 200, "{setting:?} {tokens:?}");
        let access = text(&tokens.message(), "access_token");
        let desk = desk.restarted().await;
        assert_eq!(desk.whoami(&access).await, "alice", "{setting:?}");
        let again = desk.post_form("/token", &fields).await;
        assert_eq!(again.message()["error"], "invalid_grant", "{setting:?}");
    }
}
