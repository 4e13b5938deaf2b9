//! The page: bound to its browser, usable without a script, and proof against hostile words.

use super::*;
use crate::authorization_server::records::Found;

const PAGE: (&str, &str) = ("accept", "text/html,application/xhtml+xml;q=0.9");

/// A browser that was sent to its page.
struct Visit {
    query: String,
    cookie: String,
}

async fn visit(scene: &Scene) -> Visit {
    let started = scene.page().await;
    assert_eq!(started.status, 303);
    assert_eq!(started.header("cache-control"), "no-store");
    let cookie = started.header("set-cookie");
    for attribute in ["__Host-", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let place = started.header("location");
    let query = place
        .strip_prefix("https://mcp.example/oauth/poll")
        .unwrap();
    Visit {
        query: query.to_owned(),
        cookie: cookie.split(';').next().unwrap().to_owned(),
    }
}

impl Visit {
    fn flow_state(&self) -> &str {
        self.query.strip_prefix("?flow_state=").unwrap()
    }

    async fn load(&self, scene: &Scene) -> Told {
        let headers = [PAGE, ("cookie", &self.cookie)];
        scene.ask(&self.query, 1, &headers).await
    }

    async fn poll(&self, scene: &Scene) -> Told {
        let headers = [("accept", "application/json"), ("cookie", &*self.cookie)];
        scene.ask(&self.query, 1, &headers).await
    }

    async fn flow(&self, scene: &Scene) -> Found<DeviceFlow> {
        let found = scene.server.records.get(self.flow_state()).await;
        found.unwrap().unwrap()
    }
}

#[tokio::test]
async fn the_page_shows_the_code_of_gitlab_and_then_the_code_for_the_program() {
    let scene = scene().await;
    let visit = visit(&scene).await;
    let user_code = visit.flow(&scene).await.record.user_code;
    let page = visit.load(&scene).await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-security-policy")
            .contains("connect-src 'self'")
    );
    let plain: String = page
        .text
        .split('<')
        .map(|tag| tag.split('>').next_back().unwrap())
        .collect();
    assert!(plain.contains(&user_code), "{plain}");
    assert!(page.text.contains(&format!("user_code={user_code}")));

    // With a script: the page polls.
    assert_eq!(visit.poll(&scene).await.field("status"), "pending");
    scene.confirm(&user_code).await;
    scene.pass_seconds(5);
    let complete = visit.poll(&scene).await;
    assert_eq!(complete.field("status"), "complete");

    // Without one: the person loads it again.
    let page = visit.load(&scene).await;
    let code = complete.field("code");
    assert!(code.starts_with("gmac_") && page.text.contains(&code));
    assert!(matches!(
        scene.redeem(&code).await,
        codes::Redeemed::Login(_)
    ));
    let after = visit.load(&scene).await;
    assert_eq!(after.status, 400);
    assert!(after.text.contains("/authorize?response_type=code"));
}

#[tokio::test]
async fn check_now_carries_the_login_on_without_a_script() {
    let scene = scene().await;
    let visit = visit(&scene).await;
    scene
        .confirm(&visit.flow(&scene).await.record.user_code)
        .await;
    assert!(visit.load(&scene).await.text.contains("Check now"));
    scene.pass_seconds(5);
    assert!(visit.load(&scene).await.text.contains("gmac_"));
    assert_eq!(scene.polls(), 1);
}

#[tokio::test]
async fn another_browser_learns_nothing_and_moves_nothing() {
    let scene = scene().await;
    let own = visit(&scene).await;
    let other = visit(&scene).await;
    let name = own.cookie.split('=').next().unwrap();
    let twice = format!("{}; {}", own.cookie, own.cookie);
    let stolen = other
        .cookie
        .replace(other.cookie.split('=').next().unwrap(), name);
    scene
        .confirm(&own.flow(&scene).await.record.user_code)
        .await;
    scene.pass_seconds(5);
    for (number, cookie) in ["", &other.cookie, &stolen, &format!("{name}="), &twice]
        .iter()
        .enumerate()
    {
        let told = scene.ask(&own.query, 2, &[("cookie", cookie)]).await;
        assert_eq!(told.status, 403, "{number}");
        assert_eq!(told.field("status"), "failed");
        assert_eq!(told.field("error"), "access_denied");
        let page = scene.ask(&own.query, 3, &[PAGE, ("cookie", cookie)]).await;
        assert_eq!(page.status, 403, "{number}");
    }
    assert_eq!(scene.polls(), 0);
    assert_eq!(own.poll(&scene).await.field("status"), "complete");
    assert_eq!(other.poll(&scene).await.field("status"), "pending");
}

#[tokio::test]
async fn try_again_asks_for_the_same_once_more() {
    let scene = scene().await;
    let visit = visit(&scene).await;
    scene
        .bench
        .gitlab
        .edit(|world| world.quirks.device_denied = true);
    scene.pass_seconds(5);
    let page = visit.load(&scene).await;
    assert_eq!(page.status, 403);
    let challenge = request().challenge;
    let link = format!(
        "https://mcp.example/authorize?response_type=code&amp;client_id={CLIENT}&amp;\
         code_challenge={challenge}&amp;code_challenge_method=S256&amp;state=state+of+the+client"
    );
    assert!(page.text.contains(&link), "{}", page.text);
}

#[tokio::test]
async fn hostile_words_stay_words() {
    let hostile = [
        "<b>ABCD</b>",
        "\"><script>alert(1)</script>",
        "\" onmouseover=\"alert(1)",
        "</code></main>",
        "&lt;img src=x&gt;",
    ];
    for words in hostile {
        let scene = scene().await;
        let visit = visit(&scene).await;
        let mut found = visit.flow(&scene).await;
        words.clone_into(&mut found.record.user_code);
        words.clone_into(&mut found.record.request.client_name);
        let life = Duration::from_mins(1);
        let records = &scene.server.records;
        records
            .update(&found, &found.record, life, None)
            .await
            .unwrap();
        let page = visit.load(&scene).await;
        assert_eq!(page.status, 200);
        for raw in [
            "<b>",
            "<script>alert",
            "\" onmouse",
            "</code></main>",
            "<img",
        ] {
            assert!(!page.text.contains(raw), "{raw}");
        }
        assert_eq!(page.text.matches("<main").count(), 1);
    }
}

#[tokio::test]
async fn nothing_of_a_device_login_answers_where_it_is_switched_off() {
    let scene = scene_with(Rules {
        device: DeviceRule::Off,
        ..rules()
    })
    .await;
    let told = scene.poll("anything").await;
    assert_eq!(told.status, 404);
    let scene = scene_with(Rules {
        device: DeviceRule::Page,
        ..rules()
    })
    .await;
    assert_eq!(visit(&scene).await.load(&scene).await.status, 200);
}
