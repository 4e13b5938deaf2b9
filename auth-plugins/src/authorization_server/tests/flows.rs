//! Whole logins, one after the other: GitLab never sees a token of ours, and nobody we answer ever
//! sees one of GitLab's.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use mock_gitlab::Records;

use super::*;
use crate::authorization_server::bench::replicas::LIFE;
use crate::authorization_server::bench::stores::rounds;

fn hexadecimal(byte: u8) -> [char; 2] {
    [byte >> 4, byte & 15].map(|half| char::from_digit(u32::from(half), 16).unwrap())
}

/// A secret as it is and as somebody could have written it.
fn spellings(secret: &str) -> Vec<String> {
    let sure = secret.len() / 3 * 4;
    let encoded = [
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ];
    let mut all = vec![
        secret.to_owned(),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        secret.bytes().flat_map(hexadecimal).collect(),
    ];
    // What follows decides about the last characters.
    all.extend(
        encoded
            .iter()
            .map(|text| text.get(..sure).unwrap().to_owned()),
    );
    all
}

fn shows(text: &str, secret: &str) -> bool {
    spellings(secret)
        .iter()
        .any(|spelling| text.contains(spelling))
}

/// Everything GitLab received, one text for each request.
fn received(log: &Records) -> Vec<String> {
    let text = |record: &mock_gitlab::Record| {
        let body = String::from_utf8_lossy(&record.body);
        let headers = &record.headers;
        format!(
            "{} {}?{} {headers:?} {body}",
            record.method, record.path, record.query
        )
    };
    log.iter().map(text).collect()
}

/// GitLab's tokens behind an access token of ours.
async fn behind(server: &AuthorizationServer, access: &str) -> Vec<String> {
    let claims = server.tokens.open_access(&base(), access).unwrap();
    let login = server.login(&claims.sid).await.unwrap().unwrap().record;
    let refresh = login.refresh.unwrap();
    vec![
        login.access.expose().to_owned(),
        refresh.expose().to_owned(),
    ]
}

/// One login from its beginning to its end: what was told, what we and GitLab kept to ourselves.
async fn whole(bench: &Bench, turn: &Turn, user: &str) -> SignIn {
    let registered = turn.register().await;
    let client = registered.body["client_id"].as_str().unwrap().to_owned();
    let mut story = turn.sign_in(bench, &client, user).await;
    story.told.push(read(&registered));
    let redeemed = turn.redeem(&client, &story.code).await;
    let first = redeemed.pair();
    story
        .gitlabs
        .extend(behind(&bench.server, &first.access).await);
    assert!(turn.verifies(&first.access).await);
    // The refresh renews GitLab's pair as well.
    bench.clock.advance(std::time::Duration::from_secs(LIFE));
    let refreshed = turn.refresh(&client, &first.refresh).await;
    let second = refreshed.pair();
    story
        .gitlabs
        .extend(behind(&bench.server, &second.access).await);
    assert!(turn.verifies(&second.access).await);
    let revoked = turn.revoke(&client, &second.refresh).await;
    bench.server.settle().await;
    for answer in [&redeemed, &refreshed, &revoked] {
        story.told.push(read(answer));
    }
    for pair in [first, second] {
        story.ours.extend([pair.access, pair.refresh]);
    }
    story.ours.push(VERIFIER.to_owned());
    story.ours.push("state of the client".to_owned());
    story
}

#[tokio::test]
async fn no_token_crosses_over_in_whole_logins() {
    let (bench, turn) = alone(unlimited()).await;
    let mut secrets = 0;
    for round in 0..rounds(200) {
        bench.gitlab.log().clear();
        let user = if round % 2 == 0 { "alice" } else { "bob" };
        let story = whole(&bench, &turn, user).await;
        let received = received(&bench.gitlab.log().all());
        // The search finds what is there: GitLab knows its own tokens, and the client its own.
        let own = &story.gitlabs[2];
        assert!(received.iter().any(|text| shows(text, own)), "{round}");
        let own = &story.code;
        assert!(story.told.iter().any(|text| shows(text, own)), "{round}");
        assert_eq!(story.gitlabs.len(), 6);
        for secret in &story.gitlabs {
            let told = story.told.iter().find(|text| shows(text, secret));
            assert_eq!(told, None, "round {round}: a client was told {secret}");
        }
        for secret in &story.ours {
            let told = received.iter().find(|text| shows(text, secret));
            assert_eq!(told, None, "round {round}: GitLab was told {secret}");
        }
        secrets += story.gitlabs.len() + story.ours.len();
    }
    assert!(secrets >= rounds(200) * 16, "{secrets}");
}
