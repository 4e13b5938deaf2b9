//! Clients with GitLab's own tokens.

use mock_gitlab::{Fault, MockGitlab};

use super::*;
use crate::authorization_server::bench::heard::Heard;
use crate::authorization_server::bench::replicas::{
    CLIENT, LIFE, REFRESH, REVOKE, Replicas, VERIFIER, beginning, redemption, request,
};
use crate::authorization_server::grant::Opens;
use crate::authorization_server::rules::Rules;
use crate::gitlab_oauth::{Authorization, GitLabOAuth};

const INFO: &str = "GET /oauth/token/info";
const GROUPS: &str = "GET /api/v4/groups";

fn rules(ask_by_query: bool) -> Rules {
    Rules {
        format: TokenFormat::GitLab {
            cache: Duration::from_secs(30),
            ask_by_query,
        },
        ..Rules::default()
    }
}

/// GitLab's pair as a client gets it for a code of ours.
async fn signed_in(replicas: &Replicas) -> (String, String) {
    let login = replicas.login().await;
    let (access, refresh) = (
        login.access.expose().to_owned(),
        login.refresh.as_ref().unwrap().expose().to_owned(),
    );
    let server = replicas.server();
    let code = server.code_for(Opens::Here(Box::new(login)), request());
    let code = server.hand_out(&code).await.unwrap();
    let answered = replicas.token(0, &redemption(&code)).await;
    let pair = answered.pair();
    assert_eq!((&pair.access, &pair.refresh), (&access, &refresh));
    assert_eq!(answered.body["expires_in"], LIFE);
    assert_eq!(answered.body["scope"], "api");
    let again = replicas.token(0, &redemption(&code)).await;
    assert_eq!(again.word(), "400 invalid_grant");
    replicas.gitlab().log().clear();
    (access, refresh)
}

/// A token of alice that GitLab made for somebody else's application.
async fn token_of_another_application(replicas: &Replicas) -> Secret<GitLabToken> {
    let gitlab = replicas.gitlab();
    let other = gitlab
        .oauth_app("other")
        .redirect("https://other.example/cb")
        .scopes(&["api"])
        .confidential(false)
        .create();
    let server = replicas.server();
    let (instance, egress) = (&server.instance, server.egress.clone());
    let other = GitLabOAuth::new(instance, None, &other.client_id, None, egress).unwrap();
    let redirect_uri = url::Url::parse("https://other.example/cb").unwrap();
    let verifier = secret(VERIFIER.to_owned()).unwrap();
    let url = other.authorize_url(&Authorization {
        redirect_uri: &redirect_uri,
        scopes: &["api".to_owned()],
        state: &secret("state-of-the-other".to_owned()).unwrap(),
        verifier: &verifier,
    });
    let place = gitlab.browser("alice").approve(url.as_str()).await.unwrap();
    let place = url::Url::parse(&place).unwrap();
    let (_, code) = place
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap();
    let code = secret(code.into_owned()).unwrap();
    let tokens = other.exchange(&code, &redirect_uri, &verifier).await;
    tokens.unwrap().access
}

fn asked(gitlab: &MockGitlab) -> usize {
    gitlab.log().of(INFO).count()
}

#[tokio::test]
async fn gitlab_is_asked_about_a_token_once_in_its_time() {
    let replicas = Replicas::with(rules(false), 2).await;
    let (access, _) = signed_in(&replicas).await;
    let alice = replicas.gitlab().user("alice").id().to_string();
    let together = (0..50).map(|number| replicas.verify(number % 2, &access));
    for verified in futures_util::future::join_all(together).await {
        assert_eq!(verified, Ok(alice.clone()));
    }
    assert!(asked(replicas.gitlab()) <= 2);
    replicas.gitlab().log().clear();
    replicas.pass(29);
    assert!(replicas.verify(0, &access).await.is_ok());
    assert_eq!(asked(replicas.gitlab()), 0);
    replicas.pass(1);
    assert!(replicas.verify(0, &access).await.is_ok());
    assert_eq!(asked(replicas.gitlab()), 1);
}

#[tokio::test]
async fn a_token_that_ended_at_gitlab_is_refused_within_the_time() {
    let replicas = Replicas::with(rules(false), 1).await;
    let (access, _) = signed_in(&replicas).await;
    assert!(replicas.verify(0, &access).await.is_ok());
    let token = secret::<GitLabToken>(access.clone()).unwrap();
    replicas.server().application.revoke(&token).await.unwrap();
    assert!(replicas.verify(0, &access).await.is_ok());
    replicas.pass(30);
    assert_eq!(replicas.verify(0, &access).await, Err(VerifyError::Invalid));
    // Once GitLab refuses it during a call, it is asked before the next.
    let (access, _) = signed_in(&replicas).await;
    assert!(replicas.verify(0, &access).await.is_ok());
    let token = secret::<GitLabToken>(access.clone()).unwrap();
    replicas.server().application.revoke(&token).await.unwrap();
    replicas.server().doubt(&digest(&access)).await.unwrap();
    assert_eq!(replicas.verify(0, &access).await, Err(VerifyError::Invalid));
}

#[test]
fn only_a_person_through_our_application_is_vouched_for() {
    for (user, application, expected) in [
        (Some(7), Some("ours"), Some("7")),
        (None, Some("ours"), None),
        (Some(7), Some("another"), None),
        (Some(7), Some("Ours"), None),
        (Some(7), None, None),
    ] {
        let info = TokenInfo {
            user,
            scopes: vec!["api".to_owned(), "read_user".to_owned()],
            expires_in: None,
            application: application.map(str::to_owned),
        };
        let vouched = Vouched::by(&info, "ours");
        assert!(
            vouched
                .iter()
                .all(|vouched| vouched.scope == "api read_user")
        );
        let subject = vouched.map(|vouched| vouched.subject);
        assert_eq!(subject.as_deref(), expected, "{user:?} {application:?}");
    }
}

#[tokio::test]
async fn tokens_of_others_and_of_other_kinds_open_nothing() {
    let replicas = Replicas::with(rules(false), 1).await;
    let (access, refresh) = signed_in(&replicas).await;
    let of_another = token_of_another_application(&replicas).await;
    let long = "x".repeat(4097);
    for text in [
        of_another.expose(),
        "glpat-root-company-00001",
        "gmat_x",
        &refresh,
        &long,
        "x y",
    ] {
        let refused = replicas.verify(0, text).await;
        assert_eq!(refused, Err(VerifyError::Invalid), "{text}");
    }
    assert!(replicas.verify(0, &access).await.is_ok());
}

#[tokio::test]
async fn a_gitlab_that_does_not_answer_is_no_refusal() {
    let replicas = Replicas::with(rules(false), 1).await;
    let (access, _) = signed_in(&replicas).await;
    for fault in [Fault::status(503), Fault::html_page()] {
        replicas.gitlab().faults().add(fault.on(INFO));
        let unsure = replicas.verify(0, &access).await;
        assert_eq!(unsure, Err(VerifyError::Unavailable(PAUSE)));
        replicas.gitlab().faults().clear();
    }
    assert!(replicas.verify(0, &access).await.is_ok());
}

#[tokio::test]
async fn the_query_is_used_only_where_the_operator_allows_it() {
    for allowed in [false, true] {
        let replicas = Replicas::with(rules(allowed), 1).await;
        let (access, _) = signed_in(&replicas).await;
        replicas
            .gitlab()
            .edit(|world| world.quirks.token_info_without_bearer = true);
        assert_eq!(replicas.verify(0, &access).await.is_ok(), allowed);
        let log = replicas.gitlab().log();
        let asked = log.of(INFO);
        let by_query = asked.iter().filter(|record| !record.query.is_empty());
        assert_eq!(by_query.count(), usize::from(allowed));
    }
}

#[tokio::test]
async fn parallel_refreshes_at_all_replicas_are_one_at_gitlab() {
    let replicas = Replicas::with(rules(false), 3).await;
    let (_, refresh) = signed_in(&replicas).await;
    let together = (0..8).map(|number| replicas.refresh(number % 3, &refresh));
    let answers = futures_util::future::join_all(together).await;
    let first = answers[0].pair();
    assert!(answers.iter().all(|answered| answered.pair() == first));
    assert_eq!(replicas.renewals(), 1);
    assert!(replicas.verify(2, &first.access).await.is_ok());
    replicas.pass(9);
    assert_eq!(replicas.refresh(1, &refresh).await.pair(), first);
    replicas.pass(2);
    let late = replicas.refresh(1, &refresh).await;
    assert_eq!(late.word(), "400 invalid_grant");
    assert_eq!(replicas.refresh(1, &first.refresh).await.word(), "200");
}

#[tokio::test]
async fn while_gitlab_is_away_nothing_is_lost() {
    let replicas = Replicas::with(rules(false), 1).await;
    let (access, refresh) = signed_in(&replicas).await;
    for at in [REFRESH, REVOKE] {
        replicas.gitlab().faults().add(Fault::status(503).on(at));
    }
    let answered = replicas.refresh(0, &refresh).await;
    assert_eq!(answered.word(), "503 temporarily_unavailable");
    let form = [("token", &*access), ("client_id", CLIENT)];
    let answered = replicas.revoke(&form).await;
    assert_eq!(answered.word(), "503 temporarily_unavailable");
    replicas.gitlab().faults().clear();
    assert!(replicas.verify(0, &access).await.is_ok());
    assert_eq!(replicas.revoke(&form).await.word(), "200");
    assert_eq!(replicas.verify(0, &access).await, Err(VerifyError::Invalid));
    assert_eq!(replicas.revoke(&form).await.word(), "200");
}

#[tokio::test]
async fn the_group_list_holds_for_each_token() {
    let listing = Rules {
        groups: vec!["company".to_owned()],
        group_recheck: Duration::from_mins(10),
        ..rules(false)
    };
    let replicas = Replicas::with(listing, 1).await;
    replicas.bench().group_of_alice("company", None);
    let tokens = replicas.upstream("alice").await;
    let login = replicas.server().begin(tokens, beginning()).await.unwrap();
    let tokens = replicas.upstream("alice").await;
    let other = replicas.server().begin(tokens, beginning()).await.unwrap();
    let access = login.access.expose().to_owned();
    replicas.gitlab().log().clear();
    for _ in 0..3 {
        assert!(replicas.verify(0, &access).await.is_ok());
    }
    assert_eq!(replicas.gitlab().log().of(GROUPS).count(), 1);
    replicas
        .gitlab()
        .faults()
        .add(Fault::status(403).on(GROUPS));
    replicas.pass(600);
    assert_eq!(replicas.verify(0, &access).await, Err(VerifyError::Denied));
    replicas.server().settle().await;
    assert_eq!(replicas.gitlab().log().of(REVOKE).count(), 1);
    // It has ended, so nobody is asked about it any more.
    let asked = replicas.gitlab().log().of(GROUPS).count();
    assert_eq!(replicas.verify(0, &access).await, Err(VerifyError::Invalid));
    assert_eq!(replicas.gitlab().log().of(GROUPS).count(), asked);
    let refresh = login.refresh.unwrap();
    let ended = replicas.refresh(0, refresh.expose()).await;
    assert_eq!(ended.word(), "400 invalid_grant");
    // Whoever only refreshes is told why.
    let refresh = other.refresh.unwrap();
    let denied = replicas.refresh(0, refresh.expose()).await;
    assert_eq!(denied.word(), "400 invalid_grant");
    assert!(denied.body.to_string().contains("group"));
    assert_eq!(replicas.gitlab().log().of(REVOKE).count(), 2);
}

#[tokio::test]
async fn without_groups_a_call_reads_one_record() {
    let replicas = Replicas::with(rules(false), 1).await;
    let (access, _) = signed_in(&replicas).await;
    assert!(replicas.verify(0, &access).await.is_ok());
    let before = replicas.lines[0].reads();
    assert!(replicas.verify(0, &access).await.is_ok());
    assert_eq!(replicas.lines[0].reads() - before, 1);
}

#[tokio::test]
async fn the_audit_says_that_a_token_was_given_back() {
    let heard = Heard::default();
    let _listening = tracing::subscriber::set_default(heard.clone());
    let replicas = Replicas::with(rules(false), 1).await;
    let (access, _) = signed_in(&replicas).await;
    let form = [("token", &*access), ("client_id", CLIENT)];
    assert_eq!(replicas.revoke(&form).await.word(), "200");
    assert_eq!(heard.events().last().unwrap(), "token_revoked ok");
    assert!(!heard.text().contains(&access));
}
