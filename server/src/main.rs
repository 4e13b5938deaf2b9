//! The `gitlab-mcp` binary.

fn main() {}
