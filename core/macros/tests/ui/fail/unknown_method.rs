use gitlab_mcp_core::tool::Endpoint;

struct Set;

#[derive(Endpoint)]
#[endpoint(FETCH, "projects/{project_id}", toolset = Set)]
struct Broken {
    project_id: u64,
}

fn main() {}
