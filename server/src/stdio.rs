//! One client over standard input and output: a front between the lines and rmcp that survives
//! what rmcp would not. MCP 2026-07-28, basic/transports, stdio.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_core::auth::Caller;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

mod front;
mod lines;

use crate::app::App;
use crate::http::Metrics;
use crate::mcp::{Lines, Outgoing, Shared, run_local};
use front::{Front, Step};
use lines::{Line, LineReader};

/// Longest wait for calls in flight once the input has ended.
const DRAIN: Duration = Duration::from_secs(30);
/// Messages on their way in either direction.
const QUEUE: usize = 64;

/// Serves one client until its input ends or `shutdown`.
///
/// # Errors
/// When the auth mode knows no local caller, or the output cannot be written.
pub async fn serve_stdio<I, O>(
    app: App,
    input: I,
    output: O,
    shutdown: CancellationToken,
) -> io::Result<()>
where
    I: AsyncRead + Unpin + Send,
    O: AsyncWrite + Unpin + Send,
{
    let caller: Caller = app.auth.local().ok_or_else(no_caller)?;
    let stopping = shutdown.child_token();
    let shared = Shared::new(app, Arc::new(Metrics::default()), stopping);
    let (to_server, incoming) = channel(QUEUE);
    let (outgoing, from_server) = channel(QUEUE);
    let hard_stop = CancellationToken::new();
    let server = tokio::spawn(run_local(
        shared,
        caller,
        Lines { incoming, outgoing },
        hard_stop.clone(),
    ));
    let mut link = Link {
        reader: LineReader::new(BufReader::new(input)),
        output,
        to_server: Some(to_server),
        from_server,
        front: Front::default(),
        in_flight: HashSet::new(),
    };
    let ended = link.run(&shutdown).await;
    drop(link);
    hard_stop.cancel();
    drop(server.await);
    ended
}

fn no_caller() -> io::Error {
    let text = "this auth mode cannot serve stdio: choose one whose credential the server holds";
    io::Error::new(io::ErrorKind::Unsupported, text)
}

/// Both directions of one client.
struct Link<I, O> {
    reader: LineReader<BufReader<I>>,
    output: O,
    to_server: Option<Sender<Vec<u8>>>,
    from_server: Receiver<Outgoing>,
    front: Front,
    in_flight: HashSet<String>,
}

impl<I: AsyncRead + Unpin, O: AsyncWrite + Unpin> Link<I, O> {
    async fn run(&mut self, shutdown: &CancellationToken) -> io::Result<()> {
        loop {
            tokio::select! {
                biased;
                outgoing = self.from_server.recv() => match outgoing {
                    Some(outgoing) => self.write(outgoing).await?,
                    None => return Ok(()),
                },
                line = self.reader.next() => match line {
                    Ok(Some(line)) => self.take(&line).await?,
                    Ok(None) | Err(_) => break,
                },
                () = shutdown.cancelled() => break,
            }
        }
        // What is running may finish; idle clients end at once.
        let drained = tokio::time::timeout(DRAIN, async {
            while self.in_flight.iter().any(|id| !self.front.is_standing(id)) {
                match self.from_server.recv().await {
                    Some(outgoing) => self.write(outgoing).await?,
                    None => break,
                }
            }
            Ok(())
        });
        let ended = drained.await.unwrap_or(Ok(()));
        self.to_server = None;
        ended
    }

    async fn take(&mut self, line: &Line) -> io::Result<()> {
        let steps = match line {
            Line::Whole(text) => self.front.take(text, &self.in_flight),
            Line::TooLong => self.front.too_long(),
        };
        for step in steps {
            match step {
                Step::Answer(text) => self.print(&text).await?,
                Step::Forget(id) => {
                    self.in_flight.remove(&id);
                }
                Step::Forward { text, id } => {
                    self.in_flight.extend(id);
                    self.forward(text).await?;
                }
            }
        }
        Ok(())
    }

    /// Hands a message on. While the server is busy its own messages still go out.
    async fn forward(&mut self, text: Vec<u8>) -> io::Result<()> {
        let Some(to_server) = self.to_server.clone() else {
            return Ok(());
        };
        loop {
            tokio::select! {
                permit = to_server.reserve() => {
                    // A closed server has ended the process anyway.
                    if let Ok(permit) = permit {
                        permit.send(text);
                    }
                    return Ok(());
                }
                outgoing = self.from_server.recv() => match outgoing {
                    Some(outgoing) => self.write(outgoing).await?,
                    None => return Ok(()),
                },
            }
        }
    }

    async fn write(&mut self, outgoing: Outgoing) -> io::Result<()> {
        if let Some(id) = &outgoing.answers {
            self.in_flight.remove(id);
            if self.front.swallows(id) {
                return Ok(());
            }
        }
        self.front.sent(&outgoing.text);
        self.print(&outgoing.text).await
    }

    async fn print(&mut self, text: &str) -> io::Result<()> {
        self.output.write_all(text.as_bytes()).await?;
        self.output.write_all(b"\n").await?;
        self.output.flush().await?;
        Ok(())
    }
}
