//! The mock through its front door: raw HTTP in, raw HTTP out.

mod authentication;
mod client;
