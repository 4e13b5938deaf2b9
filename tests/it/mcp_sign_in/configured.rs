//! Clients that the operator wrote into the configuration file, through the real binary.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gitlab_mcp_core::random::{OsRandom, token};
use gitlab_mcp_tests::{Canary, Process, Reply};
use serde_json::{Value, json};

use super::desk::{
    Browser, Desk, REDIRECT, Setting, authorization, form, onward, redemption, text,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_under-test");
const SECRET: &str = "canary+Wd1/Yh6Nc3%Sf0Ja5Ge-Qm7=vT2x_Lp9Rk4";
/// What clients of the file are called here.
const DASHBOARD: &str = "dashboard";
const KIOSK: &str = "kiosk";

/// A folder with a configuration file and the secret that it names. It goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn with(file: &str) -> Self {
        let name = format!("gitlab-mcp-configured-{}", token(&OsRandom, 12));
        let folder = Self(std::env::temp_dir().join(name));
        std::fs::create_dir(&folder.0).unwrap();
        let secret = folder.path("secret");
        std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
        let file = file
            .replace("SECRET_FILE", &secret)
            .replace("REDIRECT", REDIRECT);
        std::fs::write(folder.path("config.toml"), file).unwrap();
        folder
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

const CLIENTS: &str = r#"
oauth_dcr_enabled = false
oauth_cimd_enabled = false

[[oauth_clients]]
client_id = "dashboard"
client_name = "Team dashboard"
redirect_uris = ["REDIRECT"]
client_secret_file = "SECRET_FILE"
skip_consent = true

[[oauth_clients]]
client_id = "kiosk"
redirect_uris = ["REDIRECT"]
"#;

/// `POST /token` with HTTP Basic.
async fn with_basic(desk: &Desk, fields: &[(&str, &str)], secret: &str) -> Reply {
    let credentials = STANDARD.encode(format!("{DASHBOARD}:{secret}"));
    let request = Desk::request("POST", "/token")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Authorization", &format!("Basic {credentials}"))
        .body(form(fields));
    desk.send(&request).await
}

#[tokio::test]
async fn a_confidential_client_signs_its_user_in_and_goes_straight_to_gitlab() {
    let canary = Canary::watch(SECRET);
    let folder = Folder::with(CLIENTS);
    let config = folder.path("config.toml");
    for setting in Setting::ALL {
        let desk = Desk::apart(setting, &[("GITLAB_MCP_CONFIG", &config)]).await;
        let metadata = desk.get("/.well-known/oauth-authorization-server").await;
        let metadata = metadata.message();
        let methods = json!(["none", "client_secret_post", "client_secret_basic"]);
        assert_eq!(metadata["token_endpoint_auth_methods_supported"], methods);
        assert_eq!(metadata.get("registration_endpoint"), None);

        // No page of the server is between the program and GitLab.
        let mut browser = Browser::default();
        let query = form(&authorization(DASHBOARD));
        let sent = browser.open(&desk, &format!("/authorize?{query}")).await;
        assert_eq!(sent.status, 303, "{setting:?} {sent:?}");
        let way = onward(&sent);
        assert!(way.starts_with(desk.gitlab.url()), "{way}");
        let back = desk.come_back("alice", &mut browser, &way).await;
        let full = redemption(DASHBOARD, &back["code"]);

        for refused in [
            desk.post_form("/token", &full).await,
            desk.post_form(
                "/token",
                &[&full[..], &[("client_secret", "wrong")]].concat(),
            )
            .await,
            with_basic(&desk, &full, "wrong").await,
        ] {
            assert_eq!(refused.status, 401, "{setting:?} {refused:?}");
            assert_eq!(refused.message()["error"], "invalid_client");
        }
        let answer = with_basic(&desk, &full, SECRET).await;
        assert_eq!(answer.status, 200, "{setting:?} {answer:?}");
        let answer = answer.message();
        let access = text(&answer, "access_token");
        assert_eq!(desk.whoami(&access).await, "alice", "{setting:?}");

        let refresh = text(&answer, "refresh_token");
        let refused = desk.refresh(DASHBOARD, &refresh).await;
        assert_eq!(refused.status, 401, "{setting:?} {refused:?}");
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &*refresh),
            ("client_id", DASHBOARD),
            ("client_secret", SECRET),
        ];
        let renewed = desk.post_form("/token", &fields).await;
        assert_eq!(renewed.status, 200, "{setting:?} {renewed:?}");
        canary.assert_silent(&desk.stderr());
    }
}

#[tokio::test]
async fn a_public_client_of_the_file_asks_its_user_and_nobody_else_is_a_client() {
    let folder = Folder::with(CLIENTS);
    let config = folder.path("config.toml");
    for setting in Setting::ALL {
        let desk = Desk::apart(setting, &[("GITLAB_MCP_CONFIG", &config)]).await;
        let back = desk.sign_in("bob", KIOSK).await;
        let answer = desk.redeem(KIOSK, &back["code"]).await;
        assert_eq!(answer.status, 200, "{setting:?} {answer:?}");
        let access = text(&answer.message(), "access_token");
        assert_eq!(desk.whoami(&access).await, "bob", "{setting:?}");
        let body = json!({ "redirect_uris": [REDIRECT] });
        assert_eq!(desk.post_json("/register", &body).await.status, 404);
        let query = form(&authorization("somebody"));
        let refused = desk.get(&format!("/authorize?{query}")).await;
        assert_eq!(refused.message()["error"], "invalid_client", "{refused:?}");
    }
}

const MISTAKES: &str = r#"
[[oauth_clients]]
client_name = "No id"
redirect_uris = ["http://elsewhere.example/cb", "javascript://x/"]
skip_consent = "sometimes"

[[oauth_clients]]
client_id = "https://app.example/client.json"
client_secret_file = "/nonexistent/secret"

[[oauth_clients]]
client_id = "a"
redirect_uri = "https://a.example/cb"
redirect_uris = ["https://a.example/cb"]
client_secret = "canary+Wd1/Yh6Nc3%Sf0Ja5Ge-Qm7=vT2x_Lp9Rk4"

[[oauth_clients]]
client_id = "a"
redirect_uris = ["https://b.example/cb"]
"#;

/// Everything but the file.
const ENOUGH: [(&str, &str); 4] = [
    ("OAUTH_ENABLED", "true"),
    (
        "OAUTH_SESSION_SECRET",
        "Qm7-vT2x_Lp9Rk4Zb8Wd1Yh6Nc3Sf0Ja5Ge",
    ),
    ("GITLAB_OAUTH_CLIENT_ID", "application"),
    ("MCP_SERVER_URL", "https://mcp.example"),
];

#[tokio::test]
async fn the_mistakes_of_the_file_are_told_together() {
    let canary = Canary::watch(SECRET);
    let folder = Folder::with(MISTAKES);
    let config = folder.path("config.toml");
    let ended = Process::new(PROGRAM, &["config", "check", "--config", &config])
        .env(&ENOUGH)
        .run()
        .await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let told: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(
        told[0], "configuration is invalid (10 problems)",
        "{told:#?}"
    );
    for (field, line) in [
        ("oauth_clients[1].client_id", 2),
        ("oauth_clients[1].redirect_uris", 4),
        ("oauth_clients[1].redirect_uris", 4),
        ("oauth_clients[1].skip_consent", 5),
        ("oauth_clients[2].client_id", 8),
        ("oauth_clients[2].client_secret_file", 9),
        ("oauth_clients[2].redirect_uris", 7),
        ("oauth_clients[3].redirect_uri", 13),
        ("oauth_clients[3].client_secret", 15),
        ("oauth_clients[4].client_id", 18),
    ] {
        let start = format!("  - {field} (file {config}:{line}): ");
        assert!(
            told.iter().any(|one| one.starts_with(&start)),
            "{start} in {told:#?}"
        );
    }
    canary.assert_silent(&ended.everything());
}

#[tokio::test]
async fn the_clients_of_the_file_are_printed_without_their_secrets() {
    let canary = Canary::watch(SECRET);
    let folder = Folder::with(CLIENTS);
    let config = folder.path("config.toml");
    let shown = Process::new(PROGRAM, &["config", "print", "--json", "--config", &config])
        .env(&ENOUGH)
        .run()
        .await;
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let printed: Value = serde_json::from_str(&shown.stdout).unwrap();
    for (field, value, line) in [
        ("oauth_clients[1].client_id", "dashboard", 6),
        ("oauth_clients[1].redirect_uris", REDIRECT, 8),
        ("oauth_clients[1].client_secret_file", "set", 9),
        ("oauth_clients[1].skip_consent", "true", 10),
        ("oauth_clients[2].client_id", "kiosk", 13),
    ] {
        let source = format!("file {config}:{line}");
        assert_eq!(
            printed[field],
            json!({ "value": value, "source": source }),
            "{field}"
        );
    }
    let secret = &printed["oauth_clients[2].client_secret_file"];
    assert_eq!(*secret, json!({ "value": "unset", "source": "default" }));
    canary.assert_silent(&shown.everything());
}
