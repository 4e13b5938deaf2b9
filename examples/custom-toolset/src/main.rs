//! The server with the release notes tool set linked in.

fn main() -> std::process::ExitCode {
    gitlab_mcp::main(&[example_custom_toolset::PLUGIN])
}
