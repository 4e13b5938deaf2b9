use gitlab_mcp_core::tool::Endpoint;

struct Set;

#[derive(Endpoint)]
#[endpoint(GET, "projects", toolset = Set)]
#[endpoint(GET, "projects", toolset = Set)]
struct Broken {
    project_id: u64,
}

fn main() {}
