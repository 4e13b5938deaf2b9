//! The entries that the official MCP conformance suite asks for.

fn main() {}
