use gitlab_mcp_core::tool::Endpoint;

struct Set;

#[derive(Endpoint)]
#[endpoint(GET, "projects?page=2", toolset = Set)]
struct Broken {
    project_id: u64,
}

fn main() {}
