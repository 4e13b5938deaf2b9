//! What a caller may do at GitLab, and what is mentioned to the operator.

use gitlab_mcp_core::auth::HeaderKind;
use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::config::{Sources, load};
use gitlab_mcp_core::gitlab::{Egress, EgressConfig};
use gitlab_mcp_core::random::OsRandom;
use mock_gitlab::MockGitlab;

use super::*;

async fn provider(gitlab: &MockGitlab) -> (RemoteAuthorization, Arc<ManualClock>) {
    let sources = Sources::new().variables([("REMOTE_AUTHORIZATION", "true")]);
    let (config, _) = load::<Config>(&sources, &[]).unwrap();
    let instance = Instance::parse(gitlab.url()).unwrap();
    let clock = Arc::new(ManualClock::default());
    let context = BuildContext {
        instances: vec![instance.clone()],
        instance,
        egress: Egress::new(&EgressConfig::default()).unwrap(),
        clock: Arc::clone(&clock) as _,
        random: Arc::new(OsRandom),
    };
    let built = RemoteAuthorization::build(config, &context).await;
    (built.unwrap(), clock)
}

fn request(headers: &[(&str, &str)]) -> Parts {
    let mut request = http::Request::builder();
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

#[tokio::test]
async fn the_token_goes_on_in_the_header_it_came_in() {
    let gitlab = MockGitlab::builder().start().await.unwrap();
    let token = gitlab.user("alice").pat(&["api"]);
    let bearer = format!("Bearer {token}");
    let (provider, _) = provider(&gitlab).await;
    for (headers, kind) in [
        (
            &[("private-token", token.as_str())][..],
            HeaderKind::PrivateToken,
        ),
        (&[("authorization", &bearer)], HeaderKind::Bearer),
    ] {
        let caller = provider.authenticate(&request(headers)).await.unwrap();
        assert_eq!(
            caller.principal().subject(),
            gitlab.user("alice").id().to_string()
        );
        let credential = provider.credential(&caller).await.unwrap().unwrap();
        assert_eq!(credential.kind(), kind);
        let elsewhere = Instance::parse("https://gitlab.example").unwrap();
        assert!(!credential.belongs_to(&elsewhere));
        let renewed = provider.renew(&caller, credential.number()).await;
        assert!(renewed.unwrap().is_none());
        assert!(!format!("{provider:?} {caller:?} {credential:?}").contains(&token));
    }
    assert!(provider.local().is_none());
}

#[tokio::test]
async fn a_caller_of_nobody_has_no_credential() {
    let gitlab = MockGitlab::builder().start().await.unwrap();
    let (provider, _) = provider(&gitlab).await;
    let principal = Principal::new(Instance::parse(gitlab.url()).unwrap(), "unauthenticated");
    let nobody = Caller::only_discovering(principal, refusals::missing());
    let refused = provider.credential(&nobody).await.unwrap_err();
    assert!(matches!(refused, AuthError::Unauthorized(_)), "{refused:?}");
}

#[tokio::test]
async fn an_ignored_header_is_mentioned_once_a_minute() {
    let gitlab = MockGitlab::builder().start().await.unwrap();
    let (provider, clock) = provider(&gitlab).await;
    let mut mentions = 0;
    for _ in 0..180 {
        mentions += u32::from(provider.is_time_to_mention());
        mentions += u32::from(provider.is_time_to_mention());
        clock.advance(Duration::from_secs(1));
    }
    assert_eq!(mentions, 3);
}
