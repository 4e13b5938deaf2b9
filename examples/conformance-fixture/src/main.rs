//! The server with the conformance fixtures linked in.

fn main() -> std::process::ExitCode {
    gitlab_mcp::main(&[example_conformance_fixture::PLUGIN])
}
