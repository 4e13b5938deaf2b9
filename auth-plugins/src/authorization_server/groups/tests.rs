//! Who is in a group, who is not, and what happens while nobody can say.

use mock_gitlab::{Fault, Paging};

use super::*;
use crate::authorization_server::bench::replicas::{Replicas, beginning};
use crate::authorization_server::rules::Rules;
use crate::authorization_server::verify::VerifyError;

const GROUPS: &str = "GET /api/v4/groups";
const ALLOWED: &str = "My-Org/platform";

fn listing(entries: &[&str]) -> Rules {
    Rules {
        groups: entries.iter().map(|entry| (*entry).to_owned()).collect(),
        ..Rules::default()
    }
}

fn leave(replicas: &Replicas, group: u64) {
    let members = |group: &mut mock_gitlab::world::Group| std::mem::take(&mut group.members);
    replicas
        .gitlab()
        .edit(|world| members(world.groups.get_mut(&group).unwrap()));
}

async fn member(replicas: &Replicas) -> Result<bool, Unavailable> {
    let tokens = replicas.upstream("alice").await;
    replicas.gitlab().log().clear();
    replicas.server().is_member(&tokens.access).await
}

#[tokio::test]
async fn a_group_admits_itself_and_what_lies_below_in_any_case() {
    for (entries, expected) in [
        (&["my-org"][..], true),
        (&["MY-ORG"], true),
        (&["my-org/Platform"], true),
        (&["other", "my-org/platform"], true),
        (&["my-or"], false),
        (&["my-org2"], false),
        (&["my-org/plat"], false),
        (&["my-org/platform/deeper"], false),
        (&["platform"], false),
        (&[""], false),
        (&["/"], false),
    ] {
        let replicas = Replicas::with(listing(entries), 1).await;
        let parent = replicas.bench().group_of_alice("My-Org", None);
        leave(&replicas, parent);
        replicas.bench().group_of_alice("platform", Some(parent));
        assert_eq!(member(&replicas).await, Ok(expected), "{entries:?}");
    }
}

#[tokio::test]
async fn without_a_list_nobody_is_asked() {
    let replicas = Replicas::one().await;
    assert_eq!(member(&replicas).await, Ok(true));
    assert_eq!(replicas.gitlab().log().of(GROUPS).count(), 0);
}

#[tokio::test]
async fn a_group_on_a_later_page_is_found_and_the_pages_have_an_end() {
    let replicas = Replicas::with(listing(&["zz-last"]), 1).await;
    for number in 0..150 {
        replicas
            .bench()
            .group_of_alice(&format!("aa-{number:03}"), None);
    }
    assert_eq!(member(&replicas).await, Ok(false));
    assert_eq!(replicas.gitlab().log().of(GROUPS).count(), 2);
    replicas.bench().group_of_alice("zz-last", None);
    assert_eq!(member(&replicas).await, Ok(true));
    let bare = Fault::paging(Paging::MissingHeaders).on(GROUPS);
    replicas.gitlab().faults().add(bare);
    assert_eq!(member(&replicas).await, Ok(true));
    for paging in [Paging::RepeatPage, Paging::EndlessNext] {
        let none = Replicas::with(listing(&["nowhere"]), 1).await;
        for number in 0..150 {
            none.bench()
                .group_of_alice(&format!("aa-{number:03}"), None);
        }
        none.gitlab().faults().add(Fault::paging(paging).on(GROUPS));
        assert_eq!(member(&none).await, Ok(false));
        assert!(none.gitlab().log().of(GROUPS).count() <= 100);
    }
}

#[tokio::test]
async fn a_refusal_closes_and_a_failure_leaves_it_open() {
    for (fault, expected) in [
        (Fault::status(401), Ok(false)),
        (Fault::status(403), Ok(false)),
        (Fault::status(404), Ok(false)),
        (Fault::status(408), Err(Unavailable)),
        (Fault::status(429), Err(Unavailable)),
        (Fault::status(500), Err(Unavailable)),
        (Fault::status(503), Err(Unavailable)),
        (Fault::reset_before_headers(), Err(Unavailable)),
        (Fault::cut_json(), Err(Unavailable)),
        (Fault::html_page(), Err(Unavailable)),
        (Fault::redirect(302, "/users/sign_in"), Err(Unavailable)),
    ] {
        let replicas = Replicas::with(listing(&["my-org"]), 1).await;
        replicas.bench().group_of_alice("my-org", None);
        let name = format!("{fault:?}");
        replicas.gitlab().faults().add(fault.on(GROUPS));
        assert_eq!(member(&replicas).await, expected, "{name}");
        replicas.gitlab().faults().clear();
        assert_eq!(member(&replicas).await, Ok(true), "{name}");
    }
}

/// A server for one group, alice in it and signed in.
async fn in_use() -> (Replicas, u64, String, String) {
    let replicas = Replicas::with(listing(&[ALLOWED]), 2).await;
    let parent = replicas.bench().group_of_alice("my-org", None);
    leave(&replicas, parent);
    let group = replicas.bench().group_of_alice("platform", Some(parent));
    let (pair, sid) = replicas.signed_in().await;
    (replicas, group, pair.access, sid)
}

#[tokio::test]
async fn the_list_is_asked_again_after_a_while_and_once_for_all() {
    let (replicas, _, access, _) = in_use().await;
    let asked = || replicas.gitlab().log().of(GROUPS).count();
    let interval = replicas.server().rules.group_recheck.as_secs();
    replicas.pass(interval - 1);
    assert!(replicas.verify(0, &access).await.is_ok());
    assert_eq!(asked(), 0);
    replicas.pass(1);
    let all = (0..10).map(|_| replicas.verify(0, &access));
    for verified in futures_util::future::join_all(all).await {
        assert!(verified.is_ok());
    }
    assert_eq!(asked(), 1);
    // The other replica knows.
    assert!(replicas.verify(1, &access).await.is_ok());
    assert_eq!(asked(), 1);
}

#[tokio::test]
async fn who_left_the_group_is_denied_and_signed_out() {
    let (replicas, group, access, sid) = in_use().await;
    leave(&replicas, group);
    assert!(replicas.verify(0, &access).await.is_ok());
    replicas.pass(replicas.server().rules.group_recheck.as_secs());
    let denied = replicas.verify(0, &access).await;
    assert_eq!(denied, Err(VerifyError::Denied));
    assert!(replicas.stored(&sid).await.is_none());
    let after = replicas.verify(1, &access).await;
    assert_eq!(after, Err(VerifyError::Invalid));
}

#[tokio::test]
async fn while_gitlab_is_away_the_last_answer_counts_four_times_as_long() {
    let (replicas, _, access, sid) = in_use().await;
    let interval = replicas.server().rules.group_recheck.as_secs();
    replicas
        .gitlab()
        .faults()
        .add(Fault::status(503).on(GROUPS));
    replicas.pass(interval);
    for _ in 0..3 {
        assert!(replicas.verify(0, &access).await.is_ok());
    }
    assert_eq!(replicas.gitlab().log().of(GROUPS).count(), 1, "a pause");
    replicas.pass(interval * 3 - 1);
    assert!(replicas.verify(0, &access).await.is_ok());
    replicas.pass(1);
    let refused = replicas.verify(0, &access).await;
    assert_eq!(refused, Err(VerifyError::Unavailable(PAUSE)));
    assert!(replicas.stored(&sid).await.is_some());
    replicas.gitlab().faults().clear();
    assert!(replicas.verify(0, &access).await.is_ok());
}

#[tokio::test]
async fn a_token_renewed_on_the_way_denies_nobody() {
    let (replicas, _, access, sid) = in_use().await;
    replicas.pass(replicas.server().rules.group_recheck.as_secs());
    let held = Fault::hold(Duration::from_millis(100)).on(GROUPS).times(1);
    replicas.gitlab().faults().add(held);
    let (verified, renewed) = tokio::join!(
        replicas.verify(0, &access),
        replicas.servers[1].renew_after_401(&sid, 1)
    );
    assert!(verified.is_ok() && renewed.is_ok());
    assert!(replicas.stored(&sid).await.is_some());
}

#[tokio::test]
async fn the_list_is_asked_at_each_refresh() {
    let (replicas, group, _, _) = in_use().await;
    let (pair, sid) = replicas.signed_in().await;
    replicas
        .gitlab()
        .faults()
        .add(Fault::status(503).on(GROUPS));
    let refused = replicas.refresh(0, &pair.refresh).await;
    assert_eq!(refused.word(), "503 temporarily_unavailable");
    assert!(refused.headers.contains_key("retry-after"));
    replicas.gitlab().faults().clear();
    let pair = replicas.refresh(0, &pair.refresh).await.pair();
    leave(&replicas, group);
    let denied = replicas.refresh(0, &pair.refresh).await;
    assert_eq!(denied.word(), "400 invalid_grant");
    assert!(
        denied.body["error_description"]
            .to_string()
            .contains("group")
    );
    assert!(replicas.stored(&sid).await.is_none());
    let tokens = replicas.upstream("alice").await;
    assert!(replicas.server().begin(tokens, beginning()).await.is_err());
}
