//! Many who ask at the same time.

use futures_util::future::join_all;

use super::*;

#[tokio::test]
async fn all_who_ask_for_one_document_at_once_cause_one_fetch() {
    let host = Host::playing([Reply::json(&document())]).await;
    let bench = bench(&host, Rules::default()).await;
    let asking = (0..200).map(|_| bench.server.client(ID));
    assert!(join_all(asking).await.iter().all(Result::is_ok));
    assert_eq!(host.heads().len(), 1);
}

#[tokio::test]
async fn whoever_gives_up_leaves_the_fetch_to_the_next() {
    let host = Host::playing([Reply::Hold, Reply::json(&document())]).await;
    let bench = bench(&host, Rules::default()).await;
    tokio::select! {
        _ = bench.server.client(ID) => panic!("the answer is held back"),
        () = host.until_asked(1) => {}
    }
    assert!(bench.server.client(ID).await.is_ok());
}

#[tokio::test]
async fn a_thousand_silent_hosts_hold_eight_fetches_and_no_honest_client() {
    let host = Host::playing([Reply::json(&document()), Reply::Hold]).await;
    let bench = bench(&host, Rules::default()).await;
    assert!(bench.server.client(ID).await.is_ok());
    let ids: Vec<String> = (0..1_000)
        .map(|number| match number % 2 {
            0 => format!("https://one.many.example/{number}"),
            _ => format!("https://a{number}.many.example/c"),
        })
        .collect();
    let asking = join_all(ids.iter().map(|id| bench.server.client(id)));
    let honest = async {
        // The first request was the honest one.
        host.until_asked(9).await;
        assert!(bench.server.client(ID).await.is_ok());
        host.let_go();
    };
    let (found, ()) = tokio::join!(asking, honest);
    assert!(found.iter().all(|one| *one == Err(NoClient::Unavailable)));
    assert_eq!(host.most_open(), (2, 8));
    // Eight at once and the 56 that waited for them were asked, nobody else.
    let asked = host.heads().len();
    assert!((9..=65).contains(&asked), "{asked}");
    // What failed is not asked again.
    let again = join_all(ids.iter().take(2).map(|id| bench.server.client(id))).await;
    assert!(again.iter().all(|one| *one == Err(NoClient::Unavailable)));
    assert_eq!(host.heads().len(), asked);
}
