//! The whole process under load: CPU per call, start, memory and size, beside a bare axum handler in
//! the same run. `cargo bench -p gitlab-mcp --bench whole_process`
//!
//! CPU time of the server process is what counts: it hardly depends on what else the machine does.
//! Nothing here fails on a slow machine; the budgets are printed beside what was measured.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::string_slice,
    reason = "a benchmark that cannot run stops"
)]

mod load;
mod process;
mod report;
mod stdio;
mod upstream;

use std::net::SocketAddr;
use std::time::Duration;

use load::{Call, Load};
use process::Server;
use report::{Figure, Report};

const CALLS: u32 = 20_000;
const CONNECTIONS: u32 = 32;

fn main() {
    // The bare handler runs in a process of its own, so that its CPU time is its own.
    if std::env::args().any(|argument| argument == "--bare") {
        return upstream::bare_handler();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let upstream = upstream::start().await;
    let mut report = Report::default();
    over_http(&upstream, &mut report).await;
    let starts: Vec<Duration> = (0..10)
        .map(|_| stdio::start_to_tool_list(&upstream))
        .collect();
    let best = starts
        .iter()
        .min()
        .copied()
        .unwrap_or_default()
        .as_secs_f64()
        * 1e3;
    report.add(Figure::new("stdio: start to the tools/list answer", best, "ms").at_most(50.0));
    report.add(Figure::new("release binary", process::binary_mib(), "MiB").at_most(25.0));
    report.print();
}

async fn over_http(upstream: &SocketAddr, report: &mut Report) {
    let load = Load {
        calls: CALLS,
        connections: CONNECTIONS,
    };
    let bare = Server::bare();
    let floor = load.cpu_per_call(&bare, &Call::bare()).await;
    report.add(Figure::new("bare axum handler, CPU per call", floor, "µs"));
    drop(bare);

    let server = Server::over_http(upstream);
    report.add(Figure::new("idle RSS", server.rss_mib(), "MiB").at_most(20.0));
    let session = load.open_session(&server).await;
    for (name, call, budget) in [
        (
            "tools/call get_project, JSON",
            Call::get_project(),
            Some(120.0),
        ),
        ("tools/list", Call::tools_list(), None),
        ("server/discover", Call::discover(), None),
        (
            "tools/call get_project, legacy session",
            Call::get_project_in(&session),
            None,
        ),
    ] {
        let cpu = load.cpu_per_call(&server, &call).await;
        let figure = Figure::new(format!("{name}, CPU per call"), cpu, "µs").beside(floor);
        report.add(match budget {
            Some(most) => figure.at_most(most),
            None => figure,
        });
    }
    report.add(Figure::new("RSS after the load", server.rss_mib(), "MiB"));
}
