//! Two processes and one token file: GitLab ends a pair of tokens the moment it is renewed, so
//! whoever renews twice signs the person out.

use super::desk::{self, Desk, LIFE, get_project};

const ROUNDS: usize = 200;

/// Rounds with processes that have just started.
const STARTS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_renew_an_expired_token_exactly_once_a_round() {
    let (desk, mut pair) = Desk::with_life(LIFE).await;
    let variables = desk.variables();
    let (mut one, mut two) = tokio::join!(desk::process(&variables), desk::process(&variables));
    for round in 1..=ROUNDS {
        desk.gitlab.token(&pair.access).expire();
        desk.gitlab.log().clear();
        let (first, second) = tokio::join!(
            one.call("get_project", get_project()),
            two.call("get_project", get_project())
        );
        assert_eq!(first.item()["id"], 1, "round {round}");
        assert_eq!(second.item()["id"], 1, "round {round}");
        assert_eq!(desk.renewals(), 1, "round {round}");
        let renewed = desk.written();
        assert_ne!(renewed, pair, "round {round}");
        pair = renewed;
    }
    assert_eq!(desk.members()["generation"], ROUNDS);
    tokio::join!(one.stop(), two.stop());
    assert_eq!(desk.names(), ["token.json", "token.json.lock"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_start_with_an_expired_token_renew_it_once() {
    let (desk, _) = Desk::with_life(LIFE).await;
    let variables = desk.variables();
    for round in 1..=STARTS {
        let pair = desk.written();
        // From the life that is left on, a token is due; 0 is past its end.
        desk.write(&pair, if round % 2 == 0 { 0 } else { 250 });
        desk.gitlab.log().clear();
        let both = [0, 1].map(|_| async {
            let mut process = desk::process(&variables).await;
            let result = process.call("get_project", get_project()).await;
            process.stop().await;
            result
        });
        let [first, second] = both;
        let (first, second) = tokio::join!(first, second);
        assert_eq!(
            (&first.item()["id"], &second.item()["id"]),
            (&1.into(), &1.into())
        );
        assert_eq!(desk.renewals(), 1, "round {round}");
        assert_ne!(desk.written(), pair, "round {round}");
    }
}
