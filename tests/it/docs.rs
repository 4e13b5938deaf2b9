//! The generated reference is what the binary says.

use gitlab_mcp_tests::{Process, root};

const PROGRAM: &str = env!("CARGO_BIN_EXE_under-test");
const HOW: &str =
    "regenerate it: cargo run -p gitlab-mcp -- config markdown > docs/configuration.md";

#[tokio::test]
async fn the_reference_of_the_settings_is_up_to_date() {
    let path = root().join("docs/configuration.md");
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    for arguments in [["config", "markdown"], ["config", "--markdown"]] {
        let printed = Process::new(PROGRAM, &arguments).run().await;
        assert_eq!(printed.code, Some(0), "{printed:?}");
        assert!(
            printed.stdout.contains("`GITLAB_API_URL`, `GITLAB_URL`"),
            "{printed:?}"
        );
        let first = written
            .lines()
            .zip(printed.stdout.lines())
            .find(|(old, new)| old != new);
        assert!(
            written == printed.stdout,
            "docs/configuration.md differs from the declarations; {HOW}\nfirst difference: {first:#?}"
        );
    }
}
