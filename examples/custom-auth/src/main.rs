//! The server with the gateway mode linked in.

fn main() -> std::process::ExitCode {
    gitlab_mcp::main(&[example_custom_auth::PLUGIN])
}
