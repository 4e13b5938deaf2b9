//! A GitLab on a private network: people reach it under another name than the server does, and the
//! server's own name for it is nobody's business.

use super::desk::{Browser, Desk, Setting, authorization, form, onward, text};

const OUTSIDE: &str = "https://gitlab.example";

#[tokio::test]
async fn people_are_sent_to_the_name_they_know_and_never_see_the_other() {
    for setting in Setting::ALL {
        let further = [
            ("GITLAB_OAUTH_BROWSER_URL", OUTSIDE),
            ("OAUTH_DEVICE_FLOW", "on"),
        ];
        let desk = Desk::with(setting, &further).await;
        let inside = desk.gitlab.url().to_owned();
        let client = desk.register().await;
        let mut browser = Browser::default();
        let query = form(&authorization(&client));
        let page = browser.open(&desk, &format!("/authorize?{query}")).await;
        let approved = browser.approve(&desk, &page.body).await;
        let way = onward(&approved);
        assert!(
            way.starts_with(&format!("{OUTSIDE}/oauth/authorize?")),
            "{way}"
        );
        // The person's own network knows where that is.
        let way = way.replace(OUTSIDE, &inside);
        let back = desk.come_back("alice", &mut browser, &way).await;
        let redeemed = desk.redeem(&client, &back["code"]).await;
        let access = text(&redeemed.message(), "access_token");
        assert_eq!(desk.whoami(&access).await, "alice", "{setting:?}");

        let fields = [("client_id", client.as_str())];
        let begun = desk.post_form("/oauth/device_authorization", &fields).await;
        let begun = begun.message();
        for name in ["verification_uri", "verification_uri_complete"] {
            assert!(
                text(&begun, name).starts_with(OUTSIDE),
                "{setting:?} {begun}"
            );
        }
        let host = inside.trim_start_matches("http://");
        for told in desk.told() {
            assert!(!told.contains(host), "{setting:?}: {told}");
        }
    }
}

#[tokio::test]
async fn a_gitlab_that_is_away_is_said_without_its_inner_name() {
    for setting in Setting::ALL {
        let nobody = "http://127.0.0.1:9";
        let further = [
            ("GITLAB_OAUTH_BROWSER_URL", OUTSIDE),
            ("GITLAB_API_URL", nobody),
        ];
        let desk = Desk::with(setting, &further).await;
        let client = desk.register().await;
        let fields = [("client_id", client.as_str())];
        desk.post_form("/oauth/device_authorization", &fields).await;
        desk.redeem(&client, "a-code-of-somebody").await;
        let told = desk.told();
        assert!(told.len() >= 3);
        for told in told {
            assert!(!told.contains("127.0.0.1:9"), "{setting:?}: {told}");
        }
    }
}
