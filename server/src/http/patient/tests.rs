//! Clients that begin and do not go on, and readers that do not read.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::timeout;

use super::*;

const HEAD: Duration = Duration::from_secs(10);
const LONG: Duration = Duration::from_mins(10);

fn connection(plain_stall: Duration) -> (Patient<DuplexStream>, DuplexStream, Arc<Pace>) {
    let (server, client) = duplex(64);
    let pace = Pace::new(plain_stall);
    (Patient::new(server, Arc::clone(&pace), HEAD), client, pace)
}

async fn read(connection: &mut Patient<DuplexStream>) -> io::Result<usize> {
    connection.read(&mut [0; 64]).await
}

/// Serves one request whose answer has this body.
fn serve(pace: &Arc<Pace>, is_stream: bool) -> Watched<String> {
    pace.request();
    pace.answer(String::new(), is_stream)
}

fn timed_out<T>(result: io::Result<T>) -> bool {
    result.is_err_and(|error| error.kind() == io::ErrorKind::TimedOut)
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_end_is_not_waited_for() {
    let (mut connection, mut client, _) = connection(HEAD);
    client.write_all(b"GET ").await.unwrap();
    assert_eq!(read(&mut connection).await.unwrap(), 4);
    // A byte now and then does not buy more time.
    for _ in 0..2 {
        assert!(
            timeout(Duration::from_secs(4), read(&mut connection))
                .await
                .is_err()
        );
        client.write_all(b"/").await.unwrap();
        assert_eq!(read(&mut connection).await.unwrap(), 1);
    }
    let last = timeout(Duration::from_secs(3), read(&mut connection)).await;
    assert!(timed_out(last.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn a_connection_may_stand_idle_between_two_requests() {
    let (mut connection, mut client, pace) = connection(HEAD);
    for _ in 0..3 {
        client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert_eq!(read(&mut connection).await.unwrap(), 18);
        drop(serve(&pace, false));
        assert!(timeout(LONG, read(&mut connection)).await.is_err());
    }
    client.write_all(b"GET").await.unwrap();
    assert_eq!(read(&mut connection).await.unwrap(), 3);
    let last = timeout(HEAD + Duration::from_secs(1), read(&mut connection)).await;
    assert!(timed_out(last.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_expected_of_a_client_that_waits_for_an_answer() {
    let (mut connection, mut client, pace) = connection(HEAD);
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert_eq!(read(&mut connection).await.unwrap(), 18);
    let body = serve(&pace, true);
    assert!(timeout(LONG, read(&mut connection)).await.is_err());
    drop(body);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_reads_is_given_up() {
    let seconds = Duration::from_secs;
    for (plain, is_stream, after) in [
        (10, false, Some(10)),
        (10, true, Some(30)),
        (0, false, None),
        (0, true, Some(30)),
    ] {
        let (mut connection, client, pace) = connection(seconds(plain));
        let body = serve(&pace, is_stream);
        let writing = connection.write_all(&[0; 1000]);
        tokio::pin!(writing);
        let almost = after.unwrap_or(600) - 1;
        let early = timeout(seconds(almost), writing.as_mut()).await;
        assert!(early.is_err(), "{plain} {is_stream}");
        let late = timeout(seconds(2), writing).await;
        match after {
            Some(_) => assert!(timed_out(late.unwrap()), "{plain} {is_stream}"),
            None => assert!(late.is_err()),
        }
        drop((body, client));
    }
}
