//! The page of supported endpoints says what the router does.

#[test]
fn the_page_lists_every_route() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/endpoints.md");
    let page = std::fs::read_to_string(path).unwrap();
    assert!(
        page == mock_gitlab::routes_as_markdown(),
        "docs/endpoints.md is not what the router has; write it again:\n\
         cargo run -p mock-gitlab -- --print-routes > mock-gitlab/docs/endpoints.md"
    );
}
