use gitlab_mcp_core::tool::Endpoint;

struct Set;

#[derive(Endpoint)]
#[endpoint(GET, "/api/v4/projects", toolset = Set)]
struct Broken {
    project_id: u64,
}

fn main() {}
