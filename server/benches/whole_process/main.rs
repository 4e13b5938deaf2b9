//! The whole process under load: CPU per call, start, memory and size, beside a bare axum handler in
//! the same run. `cargo bench -p gitlab-mcp --bench whole_process`
//!
//! CPU time of the server process is what counts: it hardly depends on what else the machine does.
//! Nothing here fails on a slow machine; the budgets are printed beside what was measured.

mod load;
mod process;
mod report;
mod stdio;
mod upstream;

use std::time::Duration;

use load::{Call, Load};
use process::Server;
use report::Report;

const CALLS: u32 = 20_000;
const CONNECTIONS: u32 = 8;

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
    let load = Load {
        calls: CALLS,
        connections: CONNECTIONS,
    };
    let mut report = Report::default();

    let bare = Server::bare();
    let floor = load.cpu_per_call(&bare, &Call::bare()).await;
    report.row("bare axum handler, CPU per call", floor, "µs", None, None);
    drop(bare);

    let server = Server::over_http(&upstream);
    report.row("idle RSS", server.rss_mib(), "MiB", Some(20.0), None);
    for (name, call, budget) in [
        (
            "tools/call get_project, JSON",
            Call::get_project(),
            Some(120.0),
        ),
        ("tools/list", Call::tools_list(), None),
        ("ping-like: server/discover", Call::discover(), None),
    ] {
        let cpu = load.cpu_per_call(&server, &call).await;
        report.row(
            &format!("{name}, CPU per call"),
            cpu,
            "µs",
            budget,
            Some(cpu / floor),
        );
    }
    let session = load.open_session(&server).await;
    let cpu = load
        .cpu_per_call(&server, &Call::get_project_in(&session))
        .await;
    report.row(
        "tools/call get_project, legacy session, CPU per call",
        cpu,
        "µs",
        None,
        Some(cpu / floor),
    );
    report.row("RSS after the load", server.rss_mib(), "MiB", None, None);
    drop(server);

    let starts: Vec<Duration> = (0..10)
        .map(|_| stdio::start_to_tool_list(&upstream))
        .collect();
    let best = starts.iter().min().copied().unwrap_or_default();
    report.row(
        "stdio: start to the tools/list answer",
        best.as_secs_f64() * 1e3,
        "ms",
        Some(50.0),
        None,
    );
    report.row(
        "release binary",
        process::binary_mib(),
        "MiB",
        Some(25.0),
        None,
    );
    report.print();
}
