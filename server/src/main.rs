//! The `gitlab-mcp` binary: the server library with the built-in plugins.

use std::process::ExitCode;

fn main() -> ExitCode {
    gitlab_mcp::main(&[])
}
