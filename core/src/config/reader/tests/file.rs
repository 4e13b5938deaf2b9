//! The configuration file: forms, lines and where it is looked for.

use super::*;

#[test]
fn a_file_takes_native_and_text_forms() {
    let text = "api_url = [\"https://a\", \"https://b\"] # two\nread_only = true\nport = 80\n\
                token = 12345678\n\n[plugin.vault]\nvault_role = \"reader\"\n";
    let mut reader = open(&Sources::new().file("/c.toml", text));
    assert_eq!(reader.urls(&API).len(), 2);
    assert!(reader.flag(&READ_ONLY));
    assert_eq!(reader.integer(&PORT), 80);
    assert_eq!(
        reader.secret::<GitLabToken>(&TOKEN).unwrap().expose(),
        "12345678"
    );
    assert_eq!(reader.text(&VAULT).as_deref(), Some("reader"));
    assert_eq!(reader.source(&VAULT).to_string(), "file /c.toml:7");
    assert_eq!(problems(reader), [""; 0]);
    let mut reader = open(&Sources::new().file("/c.toml", "port = \"80\"\nread_only = \"Yes\""));
    assert_eq!((reader.integer(&PORT), reader.flag(&READ_ONLY)), (80, true));
}

#[test]
fn a_file_that_cannot_be_used_is_told_with_its_line() {
    let cases = [
        ("\nprot = 1", "prot (file /c.toml:2): unknown key"),
        ("api_ulr = 1", "api_ulr (file /c.toml:1): unknown key"),
        (
            "use_wikis = 1",
            "use_wikis (file /c.toml:1): unknown key, did you mean use_wiki?",
        ),
        ("PORT = 1", "PORT (file /c.toml:1): unknown key"),
        (
            "[plugin.vault]\nport = 1",
            "plugin.vault.port (file /c.toml:2): unknown key",
        ),
        (
            "[plugin.other]\nx = 1",
            "plugin.other.x (file /c.toml:2): unknown key",
        ),
        ("[servers]\nx = 1", "servers (file /c.toml:1): unknown key"),
        (
            "[profiles.a]\nx = 1",
            "profiles (file /c.toml:1): is known but not supported by this build",
        ),
        (
            "port = 1.5",
            "PORT (file /c.toml:1): expected text, a whole number, true, false or a list of these",
        ),
        (
            "\n\nport = [80]",
            "PORT (file /c.toml:3): expected one value, not a list",
        ),
        (
            "port = 0",
            "PORT (file /c.toml:1): expected a whole number from 1 to 65535 (got \"0\")",
        ),
        (
            "port = 1\ntoken = canary-Zq7-secret",
            "GITLAB_MCP_CONFIG (file /c.toml:2): is not valid TOML",
        ),
        (
            "port = 1\nport = 2",
            "GITLAB_MCP_CONFIG (file /c.toml:2): is not valid TOML",
        ),
        (
            "default_project = \"x\"",
            "default_project (file /c.toml:1): unknown key",
        ),
    ];
    for (text, expected) in cases {
        let mut reader = open(&Sources::new().file("/c.toml", text));
        read_all(&mut reader);
        let found = problems(reader);
        let matches = found.len() == 1 && found[0].starts_with(expected);
        assert!(matches, "{text:?}: {found:?}");
    }
}

#[test]
fn the_file_is_named_by_flag_then_environment_then_search_list() {
    let (first, second) = (temporary("port = 1"), temporary("port = 2"));
    let (first, second) = (first.to_str().unwrap(), second.to_str().unwrap());
    let mut reader =
        open(&variables(&[("GITLAB_MCP_CONFIG", second)]).arguments(["--config", first]));
    assert_eq!(reader.integer(&PORT), 1);
    let mut reader = open(&variables(&[("GITLAB_MCP_CONFIG", second)]));
    assert_eq!(reader.integer(&PORT), 2);
    let reader = open(&variables(&[("GITLAB_MCP_CONFIG", "/nonexistent/c.toml")]));
    let text = "/nonexistent/c.toml: cannot be read (entity not found)";
    assert_eq!(
        problems(reader),
        [format!("GITLAB_MCP_CONFIG (environment): {text}")]
    );

    let home = std::env::temp_dir().join(format!("gitlab-mcp-home-{}", token(&OsRandom, 12)));
    fs::create_dir_all(home.join(".config/gitlab-mcp")).unwrap();
    fs::write(home.join(".config/gitlab-mcp/config.toml"), "port = 3").unwrap();
    let mut sources = variables(&[("HOME", home.to_str().unwrap())]);
    sources.file = crate::config::sources::FileChoice::Search;
    assert_eq!(open(&sources).integer(&PORT), 3);
    fs::remove_dir_all(home).unwrap();
    fs::remove_file(first).unwrap();
    fs::remove_file(second).unwrap();
}

#[test]
fn a_file_over_its_limit_is_refused() {
    let path = temporary(&"#".repeat(256 * 1024 + 1));
    let reader = open(&variables(&[("GITLAB_MCP_CONFIG", path.to_str().unwrap())]));
    assert!(problems(reader)[0].ends_with("larger than 256 KiB"));
    fs::remove_file(path).unwrap();
}
