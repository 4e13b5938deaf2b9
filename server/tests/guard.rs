//! The guard and both protocols through a real socket: every refusal, and that the process serves
//! the next request.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail like tests"
)]
#![expect(
    clippy::needless_pass_by_value,
    reason = "JSON literals read better by value"
)]

#[path = "guard/answers.rs"]
mod answers;
#[path = "guard/client.rs"]
mod client;
#[path = "guard/edge.rs"]
mod edge;
#[path = "guard/legacy.rs"]
mod legacy;
#[path = "guard/modern.rs"]
mod modern;
#[path = "guard/rest.rs"]
mod rest;
#[path = "guard/scope.rs"]
mod scope;
#[path = "guard/server.rs"]
mod server;
#[path = "guard/stdio.rs"]
mod stdio;
#[path = "guard/tools.rs"]
mod tools;
