//! Small GETs over kept connections: requests per second, and CPU per request.
//! `cargo bench -p mock-gitlab --bench small_gets`

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints its figures and needs the real time"
)]

use std::time::{Duration, Instant};

use mock_gitlab::{MockGitlab, World};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CONNECTIONS: usize = 16;
const TIME: Duration = Duration::from_secs(5);

fn main() {
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let gl = MockGitlab::builder()
            .world(World::company())
            .start()
            .await
            .unwrap();
        println!("start: {:?}", started.elapsed());
        for path in [
            "/api/v4/user",
            "/api/v4/projects/1",
            "/api/v4/projects/1/issues/3",
        ] {
            measure(&gl, path).await;
        }
        gl.shutdown().await;
    });
}

async fn measure(gl: &MockGitlab, path: &str) {
    let token = gl.user("alice").pat(&["api"]);
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: {token}\r\n\r\n");
    let (cpu, start) = (cpu_time(), Instant::now());
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| tokio::spawn(client(gl.address(), request.clone(), start + TIME)))
        .collect();
    let mut count = 0;
    for client in clients {
        count += client.await.unwrap();
    }
    let (elapsed, cpu) = (start.elapsed(), cpu_time().saturating_sub(cpu));
    let count = u32::try_from(count).unwrap().max(1);
    println!(
        "{path}: {:.0} requests/s, {:?} CPU per request (client included)",
        f64::from(count) / elapsed.as_secs_f64(),
        cpu / count
    );
}

/// Asks again and again over one connection until the time is over.
async fn client(address: std::net::SocketAddr, request: String, end: Instant) -> usize {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut buffer = vec![0; 64 * 1024];
    let mut count = 0;
    while Instant::now() < end {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut read = 0;
        loop {
            read += stream.read(&mut buffer[read..]).await.unwrap();
            if is_whole(&buffer[..read]) {
                break;
            }
        }
        assert!(buffer.starts_with(b"HTTP/1.1 200"), "not a 200");
        count += 1;
    }
    count
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let length = head
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.lines().next());
    let length: usize = length.unwrap().parse().unwrap();
    answer.len() >= end + 4 + length
}

/// CPU time of this process: user and system, from `/proc/self/stat`.
fn cpu_time() -> Duration {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else {
        return Duration::ZERO;
    };
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<u64> = after
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    // The state is a letter and drops out: user and system time are the 11th and 12th number.
    let sum = ticks.get(10).unwrap_or(&0) + ticks.get(11).unwrap_or(&0);
    Duration::from_millis(sum * 10)
}
