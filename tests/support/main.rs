//! The command line as a process of its own, for tests of exit codes and standard streams: the same
//! few lines as `server/src/main.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gitlab_mcp::main(&[])
}
