//! Answers that bring too much or take too long.

use super::*;

#[tokio::test]
async fn a_bomb_in_gzip_stops_at_five_kib() {
    let reply = Reply::gzip_bomb();
    let host = Host::playing([reply]).await;
    assert_eq!(asked(&host).await, Err(NoClient::Unknown));
}

#[tokio::test]
async fn a_slow_answer_ends_after_five_seconds() {
    let start = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    for reply in [Reply::Stall(Vec::new()), Reply::Stall(start.to_vec())] {
        let host = Host::playing([reply]).await;
        let bench = bench(&host, Rules::default()).await;
        let asking = bench.server.client(ID);
        let stopped = async {
            host.until_asked(1).await;
            // Nothing moves any more but time.
            tokio::time::pause();
        };
        let (found, ()) = tokio::join!(asking, stopped);
        assert_eq!(found, Err(NoClient::Unavailable));
        tokio::time::resume();
    }
}

#[tokio::test]
async fn a_head_without_end_is_not_read_to_its_end() {
    let many = "x-padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(20_000);
    let long = format!("x-padding: {}\r\n", "a".repeat(2 * 1024 * 1024));
    for headers in [many, long] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{headers}");
        let host = Host::playing([Reply::Stall(head.into_bytes())]).await;
        let bench = bench(&host, Rules::default()).await;
        assert!(bench.server.client(ID).await.is_err());
    }
}

#[tokio::test]
async fn a_byte_a_second_buys_no_more_than_five_seconds() {
    let document = document().to_string();
    let whole = Reply::text("application/json", &document);
    let Reply::Raw(whole) = whole else {
        unreachable!("a text is sent as it is");
    };
    let head = whole.len() - document.len();
    // From the first byte on, and once only the document is missing.
    for at_once in [0, head, head + 20] {
        let (start, rest) = whole.split_at(at_once);
        let host = Host::playing([Reply::Drip(start.to_vec(), rest.to_vec())]).await;
        let bench = bench(&host, Rules::default()).await;
        let stopped = async {
            host.until_asked(1).await;
            tokio::time::pause();
        };
        let (found, ()) = tokio::join!(bench.server.client(ID), stopped);
        tokio::time::resume();
        assert_eq!(found, Err(NoClient::Unavailable), "{at_once}");
        // Something came every second: no wait for a single byte was long.
        let dripped = host.dripped();
        assert!((3..=6).contains(&dripped), "{at_once}: {dripped}");
    }
}
