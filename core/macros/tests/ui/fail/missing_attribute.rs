use gitlab_mcp_core::tool::Endpoint;

struct Set;

#[derive(Endpoint)]
struct Broken {
    project_id: u64,
}

fn main() {}
