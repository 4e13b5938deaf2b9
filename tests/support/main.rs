//! The command line as a process of its own, for tests of exit codes and standard streams: as
//! `server/src/main.rs`, but with a clock that a test can move.

mod moved;

use std::process::ExitCode;
use std::sync::Arc;

use gitlab_mcp::Outside;

use moved::MovedClock;

fn main() -> ExitCode {
    let mut outside = Outside::real();
    if let Some(clock) = MovedClock::from_environment() {
        outside.clock = Arc::new(clock);
    }
    gitlab_mcp::run_in(outside, std::env::args_os(), &[])
}
