//! A GitLab that does what a script says: each connection brings one request and gets the next
//! reply. What no HTTP library would send can be sent here.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::reply::{End, Reply};

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Request line and headers.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Seen {
    /// Method and target, exactly as sent: `GET /api/v4/user`.
    pub(crate) fn line(&self) -> &str {
        let line = self.head.lines().next().unwrap_or_default();
        line.trim_end_matches(" HTTP/1.1")
    }

    /// A header by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A listener that plays a script. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    serving: JoinHandle<()>,
}

impl Upstream {
    /// Listens on a free port of 127.0.0.1.
    pub(crate) async fn playing(script: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, script)
    }

    /// Plays on a listener that is open already.
    pub(crate) fn on(listener: TcpListener, script: impl IntoIterator<Item = Reply>) -> Self {
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script = script.into_iter().collect();
        let serving = tokio::spawn(play(listener, script, Arc::clone(&seen)));
        Self {
            address,
            seen,
            serving,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far, in order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn play(listener: TcpListener, mut script: VecDeque<Reply>, seen: Arc<Mutex<Vec<Seen>>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let Some(request) = read_request(&mut stream).await else {
            continue;
        };
        seen.lock().unwrap().push(request);
        let reply = script.pop_front();
        let reply = reply.unwrap_or_else(|| Reply::json(418, r#"{"message":"script is over"}"#));
        // A client that gives up early is what some of the tests are about.
        tokio::spawn(async move { send(stream, reply).await.ok() });
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    };
    let mut body = bytes.split_off(end);
    let mut request = Seen {
        head: String::from_utf8(bytes).unwrap(),
        body: String::new(),
    };
    let length = request.header("content-length").unwrap_or("0");
    let length: usize = length.parse().unwrap();
    while body.len() < length {
        let count = stream.read(&mut buffer).await.ok()?;
        body.extend_from_slice(&buffer[..count]);
    }
    request.body = String::from_utf8(body).unwrap();
    Some(request)
}

async fn send(mut stream: TcpStream, reply: Reply) -> std::io::Result<()> {
    stream.write_all(reply.head().as_bytes()).await?;
    if let Some(pause) = reply.drip {
        for byte in &reply.body {
            stream.write_all(&[*byte]).await?;
            tokio::time::sleep(pause).await;
        }
    } else {
        stream.write_all(&reply.body).await?;
    }
    stream.flush().await?;
    match reply.end {
        End::Close => stream.shutdown().await,
        End::Reset => {
            stream.set_zero_linger()?;
            Ok(())
        }
        End::Silence => {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.map(drop)
        }
    }
}
