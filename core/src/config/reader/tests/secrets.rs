//! Secrets: where they may come from, and that nothing shows them.

use super::*;

#[test]
fn secrets_come_from_files() {
    for content in [
        CANARY.to_owned(),
        format!("{CANARY}\n"),
        format!("{CANARY}\r\n"),
    ] {
        let path = temporary(&content);
        let mut reader = open(&variables(&[("GITLAB_TOKEN_FILE", path.to_str().unwrap())]));
        let secret: Secret<GitLabToken> = reader.secret(&TOKEN).unwrap();
        assert_eq!(secret.expose(), CANARY);
        assert_eq!(reader.secret_file(&TOKEN), Some(path.clone()));
        assert_eq!(reader.name_used(&TOKEN), "GITLAB_TOKEN_FILE");
        assert_eq!(warnings(reader), [""; 0]);
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn secret_files_that_are_of_no_use_are_named() {
    let missing = "/nonexistent/gitlab-mcp/token".to_owned();
    let cases = [
        (missing, "cannot be read (entity not found)"),
        (temporary("").display().to_string(), "is empty"),
        (temporary("\n").display().to_string(), "is empty"),
        (
            temporary(&"x".repeat(65 * 1024)).display().to_string(),
            "is larger than 64 KiB",
        ),
    ];
    for (path, expected) in cases {
        let mut reader = open(&variables(&[("GITLAB_TOKEN_FILE", path.as_str())]));
        assert!(reader.secret::<GitLabToken>(&TOKEN).is_none());
        let expected = format!("GITLAB_TOKEN_FILE (environment): {path} {expected}");
        assert_eq!(problems(reader), [expected]);
        drop(fs::remove_file(path));
    }
}

#[test]
fn a_secret_and_its_file_cannot_both_be_set() {
    for (value, file) in [
        ("GITLAB_TOKEN", "GITLAB_TOKEN_FILE"),
        ("GITLAB_TOKEN", "GITLAB_PERSONAL_ACCESS_TOKEN_FILE"),
    ] {
        let reader = open(&variables(&[(value, CANARY), (file, "/x")]));
        let text = format!("is set together with {file}; only one of the two may be set");
        assert_eq!(problems(reader), [format!("{value} (environment): {text}")]);
    }
}

#[cfg(unix)]
#[test]
fn a_secret_file_that_others_may_read_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let path = temporary(CANARY);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let mut reader = open(&variables(&[("GITLAB_TOKEN_FILE", path.to_str().unwrap())]));
    assert!(reader.secret::<GitLabToken>(&TOKEN).is_some());
    let text = format!(
        "{} can be read by every user of this machine",
        path.display()
    );
    assert_eq!(warnings(reader), [format!("GITLAB_TOKEN_FILE: {text}")]);
    let config = temporary("token = \"canary-Zq7-secret\"");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o644)).unwrap();
    let reader = open(&variables(&[(
        "GITLAB_MCP_CONFIG",
        config.to_str().unwrap(),
    )]));
    assert_eq!(warnings(reader).len(), 1);
    fs::remove_file(path).unwrap();
    fs::remove_file(config).unwrap();
}

#[test]
fn numbers_quotes_and_zeros_survive_the_environment() {
    for text in [
        "12345678",
        "0012345678",
        "truetrue",
        "\"quoted\"",
        "[a,b,c,d]",
        "{a=b,c=1}",
    ] {
        let mut reader = open(&variables(&[("GITLAB_TOKEN", text)]));
        assert_eq!(reader.secret::<GitLabToken>(&TOKEN).unwrap().expose(), text);
    }
}

#[test]
fn a_secret_flag_works_and_is_warned_about() {
    let mut reader = open(&Sources::new().arguments(["--token", CANARY]));
    assert_eq!(
        reader.secret::<GitLabToken>(&TOKEN).unwrap().expose(),
        CANARY
    );
    let text = "--token puts a secret where the process list shows it";
    assert_eq!(
        warnings(reader),
        [format!("GITLAB_PERSONAL_ACCESS_TOKEN: {text}")]
    );
}

#[test]
fn print_shows_values_with_sources_and_no_secret() {
    let sources = variables(&[("GITLAB_TOKEN", CANARY), ("GITLAB_URL", "https://u:p@h")]);
    let rows = print::effective(&open(&sources));
    let text = print::as_text(&rows);
    for line in [
        "GITLAB_PERSONAL_ACCESS_TOKEN = set (environment)",
        "GITLAB_API_URL = https://***@h (environment)",
        "PORT = 3002 (default)",
        "GITLAB_TOOLS = unset (default)",
    ] {
        assert!(text.lines().any(|own| own == line), "{line}\n{text}");
    }
    let json = print::as_json(&rows);
    assert_eq!(
        json["PORT"],
        serde_json::json!({ "value": "3002", "source": "default" })
    );
    assert!(json["GITLAB_TOOLS"]["value"].is_null());
    assert!(!text.contains(CANARY) && !json.to_string().contains(CANARY));
}

#[test]
fn sources_and_readers_never_show_their_content() {
    let sources = variables(&[("GITLAB_TOKEN", CANARY)]).arguments(["--token", CANARY]);
    let sources = sources.file("/c.toml", format!("token = \"{CANARY}\""));
    assert!(!format!("{sources:?}").contains(CANARY));
    let mut reader = open(&sources);
    let secret = reader.secret::<GitLabToken>(&TOKEN);
    assert!(!format!("{reader:?} {secret:?}").contains(CANARY));
}
