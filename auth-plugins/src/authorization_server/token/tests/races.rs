//! One token, one code, and many at once who want to use it.

use std::collections::BTreeSet;

use super::*;
use crate::authorization_server::bench::replicas::{Answered, LIFE};

const ROUNDS: usize = 10;

/// Nobody is told to slow down.
fn unlimited() -> Rules {
    Rules {
        requests_per_minute: 1_000_000,
        ..Rules::default()
    }
}

/// The same form, so many times at once, at one replica after the other.
async fn posted_at_once(replicas: &Replicas, times: usize, form: &[(&str, &str)]) -> Vec<Answered> {
    let calls: Vec<_> = (0..times)
        .map(|number| {
            let server = Arc::clone(&replicas.servers[number % replicas.servers.len()]);
            let request = posted("/token", form);
            tokio::spawn(async move { answered(server.token(request).await).await })
        })
        .collect();
    let mut all = Vec::new();
    for call in calls {
        all.push(call.await.unwrap());
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_redemptions_at_three_replicas_one_succeeds() {
    for (state, replicas) in Replicas::everywhere(&unlimited(), 3).await {
        for round in 0..ROUNDS {
            let (code, sid) = replicas.code().await;
            let all = posted_at_once(&replicas, 100, &redemption(&code)).await;
            let mut words: Vec<String> = all.iter().map(Answered::word).collect();
            words.sort();
            assert_eq!(words[0], "200", "{state} {round}");
            let lost = |word: &String| word == "400 invalid_grant";
            assert!(words[1..].iter().all(lost), "{state} {round}: {words:?}");
            assert!(replicas.stored(&sid).await.is_some(), "{state} {round}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_refreshes_of_one_token_at_three_replicas_give_one_successor() {
    for (state, replicas) in Replicas::everywhere(&unlimited(), 3).await {
        for round in 0..ROUNDS {
            let (first, sid) = replicas.signed_in().await;
            // In every other round the pair of GitLab is due as well.
            let is_due = round % 2 == 1;
            replicas.pass(if is_due { LIFE } else { 1 });
            let all = posted_at_once(&replicas, 8, &refreshing(&first.refresh)).await;
            let pairs: Vec<_> = all.iter().map(Answered::pair).collect();
            let successors: BTreeSet<_> = pairs.iter().map(|pair| &pair.refresh).collect();
            let accesses: BTreeSet<_> = pairs.iter().map(|pair| &pair.access).collect();
            let told = (successors.len(), accesses.len());
            assert_eq!(told, (1, 8), "{state} {round}");
            let stored = replicas.stored(&sid).await.unwrap();
            assert_eq!(stored.rgen, 2, "{state} {round}");
            assert_eq!(replicas.renewals(), usize::from(is_due), "{state} {round}");
            for pair in &pairs {
                let verified = replicas.verify(round % 3, &pair.access).await;
                assert_eq!(verified.as_ref(), Ok(&stored.subject), "{state} {round}");
            }
        }
    }
}
