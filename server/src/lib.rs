//! The server: wiring, transports and the MCP layer. A binary is a `main` that names its plugin
//! crates and calls [`main`].

pub mod app;
pub mod http;
mod mcp;
pub mod stdio;
