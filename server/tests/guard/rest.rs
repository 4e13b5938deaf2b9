//! Requests that are refused before their body has arrived.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::server::Server;

const HEAD: &str = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n";
/// The pause of a client that sends head and body in two pieces.
const PAUSE: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(10);

async fn answer(socket: &mut TcpStream) -> String {
    let mut bytes = [0; 4096];
    let read = tokio::time::timeout(PATIENCE, socket.read(&mut bytes)).await;
    let read = read.expect("an answer within 10 s").unwrap();
    String::from_utf8_lossy(&bytes[..read]).to_ascii_lowercase()
}

#[tokio::test]
async fn a_body_that_comes_behind_its_refusal_does_not_end_the_connection() {
    let server = Server::start().await;
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    for turn in 0..3 {
        socket.write_all(HEAD.as_bytes()).await.unwrap();
        socket.write_all(b"\r\n").await.unwrap();
        tokio::time::sleep(PAUSE).await;
        socket.write_all(b"{}").await.unwrap();
        let said = answer(&mut socket).await;
        assert!(said.starts_with("http/1.1 401"), "{turn}: {said:?}");
        assert!(!said.contains("connection: close"), "{turn}: {said:?}");
    }
}

#[tokio::test]
async fn where_a_body_is_not_read_the_answer_says_that_the_connection_ends() {
    let server = Server::start().await;
    for more in ["\r\n", "Expect: 100-continue\r\n\r\n"] {
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        socket.write_all(HEAD.as_bytes()).await.unwrap();
        socket.write_all(more.as_bytes()).await.unwrap();
        let mut said = answer(&mut socket).await;
        assert!(said.starts_with("http/1.1 401"), "{more:?}: {said:?}");
        assert!(said.contains("connection: close"), "{more:?}: {said:?}");
        while !said.is_empty() {
            said = answer(&mut socket).await;
        }
    }
}
