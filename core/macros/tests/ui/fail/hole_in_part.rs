use gitlab_mcp_core::tool::Endpoint;

struct Set;

#[derive(Endpoint)]
#[endpoint(GET, "projects/{project_id}.json", toolset = Set)]
struct Broken {
    project_id: u64,
}

fn main() {}
