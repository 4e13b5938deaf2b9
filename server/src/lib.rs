//! The server: configuration, wiring, transports and the MCP layer.
//!
//! A binary is a `main` that names its plugin crates and calls [`main`]:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     gitlab_mcp::main(&[])
//! }
//! ```

#![cfg_attr(not(test), deny(unused_crate_dependencies))]

pub mod app;
mod audit;
mod build;
mod cli;
pub mod config;
#[cfg(feature = "demo")]
mod demo;
pub mod http;
mod logging;
mod mcp;
mod plugins;
pub mod stdio;

use std::ffi::OsString;
use std::process::ExitCode;

use gitlab_mcp_core::plugin::Plugin;

pub use build::{Outside, StartError, Started, start, start_in};

/// Runs the command line of this process with the built-in plugins and `plugins`.
///
/// Exit codes: 0 done, 1 configuration or run failed, 2 the command line cannot be understood.
pub fn main(plugins: &[Plugin]) -> ExitCode {
    run(std::env::args_os(), plugins)
}

/// As [`main`], with the arguments given (the program's name first).
pub fn run(arguments: impl IntoIterator<Item = OsString>, plugins: &[Plugin]) -> ExitCode {
    run_in(Outside::real(), arguments, plugins)
}

/// As [`run`], serving in an outside of the caller's choice, for tests.
pub fn run_in(
    outside: Outside,
    arguments: impl IntoIterator<Item = OsString>,
    plugins: &[Plugin],
) -> ExitCode {
    let mut expected = plugins::BUILT_IN.to_vec();
    expected.extend_from_slice(plugins);
    cli::run(outside, arguments.into_iter().collect(), &expected)
}
