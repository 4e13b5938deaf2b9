//! Rows of the configuration file: good ones, and every mistake.

use std::fs;
use std::path::PathBuf;

use gitlab_mcp_core::config::{Section, Sources, load};
use gitlab_mcp_core::random::{OsRandom, token};

use super::super::super::rules::Rules;
use super::*;

/// The clients alone, under the usual rules for redirect URIs.
struct Clients(Vec<Configured>);

impl Section for Clients {
    const SETTINGS: &'static [&'static Setting] = &[];
    const TABLES: &'static [&'static Table] = &[&CLIENTS];

    fn read(reader: &mut Reader) -> Self {
        Self(read(reader, &Rules::default().redirects))
    }
}

/// A file with a secret. It goes with the test.
struct SecretFile(PathBuf);

impl SecretFile {
    fn holding(text: &str) -> Self {
        let name = format!("gitlab-mcp-client-{}", token(&OsRandom, 12));
        let path = std::env::temp_dir().join(name);
        fs::write(&path, text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        Self(path)
    }
}

impl Drop for SecretFile {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

fn loaded(file: &str) -> Result<(Vec<Configured>, Vec<String>), Vec<String>> {
    match load::<Clients>(&Sources::new().file("/c.toml", file), &[]) {
        Ok((clients, warnings)) => Ok((
            clients.0,
            warnings.iter().map(ToString::to_string).collect(),
        )),
        Err(gitlab_mcp_core::config::LoadError::Config(error)) => {
            Err(error.problems.iter().map(ToString::to_string).collect())
        }
        Err(error) => unreachable!("{error}"),
    }
}

#[test]
fn public_and_confidential_clients_are_read() {
    let secret = SecretFile::holding("canary-0123456789-0123456789-0123\n");
    let file = format!(
        "[[oauth_clients]]\nclient_id = \"dashboard\"\nclient_name = \" Team \\u202edashboard \"\n\
         redirect_uris = [\"https://dash.example/cb?a=1,2\", \"http://127.0.0.1/cb\"]\n\
         client_secret_file = '{}'\nskip_consent = true\n\n\
         [[oauth_clients]]\nclient_id = \"cli\"\nredirect_uris = \"cursor://app/cb\"\n",
        secret.0.display()
    );
    let (clients, warnings) = loaded(&file).unwrap();
    assert_eq!(warnings, [""; 0]);
    let [dashboard, cli] = <[Configured; 2]>::try_from(clients).unwrap();
    assert_eq!(
        (&*dashboard.id, &*dashboard.name),
        ("dashboard", "Team dashboard")
    );
    let uris = dashboard.redirect_uris.iter().map(RedirectUri::as_str);
    assert!(uris.eq(["https://dash.example/cb?a=1,2", "http://127.0.0.1/cb"]));
    assert!(dashboard.skips_consent);
    let own = dashboard.secret.unwrap();
    assert!(own.matches("canary-0123456789-0123456789-0123"));
    assert_eq!((&*cli.id, &*cli.name), ("cli", "cli"));
    assert!(
        cli.redirect_uris
            .iter()
            .map(RedirectUri::as_str)
            .eq(["cursor://app/cb"])
    );
    assert!(!cli.skips_consent && cli.secret.is_none());
    assert!(loaded("").unwrap().0.is_empty());
}

const URI: &str = "redirect_uris = [\"https://a.example/cb\"]";

#[test]
fn every_mistake_is_told_with_its_row_and_field() {
    let eleven = format!(
        "redirect_uris = {:?}",
        (0..11)
            .map(|n| format!("https://{n}.example/"))
            .collect::<Vec<_>>()
    );
    let reserved_url = "begins with https://, which names a client by its metadata document: take \
                        another id";
    let reserved_id = "begins with v1.cid., as the ids of registered clients may: take another id";
    let characters = "expected visible ASCII characters other than : + %";
    for (row, line, expected) in [
        (URI, 1, "client_id: is required"),
        (
            &format!("client_id = \"\"\n{URI}"),
            1,
            "client_id: is required",
        ),
        (
            &format!("client_id = \"https://a.example/client.json\"\n{URI}"),
            2,
            &format!("client_id: {reserved_url}"),
        ),
        (
            &format!("client_id = \"HTTPS://a.example\"\n{URI}"),
            2,
            &format!("client_id: {reserved_url}"),
        ),
        (
            &format!("client_id = \"v1.cid.eyJ9.sig\"\n{URI}"),
            2,
            &format!("client_id: {reserved_id}"),
        ),
        (
            &format!("client_id = \"two words\"\n{URI}"),
            2,
            &format!("client_id: {characters}"),
        ),
        (
            &format!("client_id = \"a:b\"\n{URI}"),
            2,
            &format!("client_id: {characters}"),
        ),
        (
            &format!("client_id = \"köln\"\n{URI}"),
            2,
            &format!("client_id: {characters}"),
        ),
        (
            &format!("client_id = [\"a\", \"b\"]\n{URI}"),
            2,
            "client_id: expected one value, not a list",
        ),
        (
            "client_id = \"a\"",
            1,
            "redirect_uris: is required: where codes of this client may go",
        ),
        (
            "client_id = \"a\"\nredirect_uris = []",
            3,
            "redirect_uris: is required: where codes of this client may go",
        ),
        (
            &format!("client_id = \"a\"\n{eleven}"),
            3,
            "redirect_uris: holds more than 10 URIs",
        ),
        (
            "client_id = \"a\"\nredirect_uris = [\"https://a.example/cb\", \"http://b.example/cb\"]",
            3,
            "redirect_uris: number 2 uses http for a host that is not loopback",
        ),
        (
            "client_id = \"a\"\nredirect_uris = [\"javascript://x/%0aalert(1)\"]",
            3,
            "redirect_uris: number 1 has a scheme that is never accepted",
        ),
        (
            &format!("client_id = \"a\"\nskip_consent = \"perhaps\"\n{URI}"),
            3,
            "skip_consent: expected true/1/yes/on or false/0/no/off (got \"perhaps\")",
        ),
        (
            &format!("client_id = \"a\"\nclient_secret = \"canary-0123456789\"\n{URI}"),
            3,
            "client_secret: a secret does not stand here: client_secret_file names the file that \
             holds it",
        ),
        (
            &format!("client_id = \"a\"\nclient_secret_file = \"/nonexistent/x\"\n{URI}"),
            3,
            "client_secret_file: /nonexistent/x cannot be read (entity not found)",
        ),
        (
            &format!("client_id = \"a\"\nredirect_uri = \"https://a.example\"\n{URI}"),
            3,
            "redirect_uri: unknown field, did you mean redirect_uris?",
        ),
    ] {
        let (field, text) = expected.split_once(": ").unwrap();
        let expected = format!("oauth_clients[1].{field} (file /c.toml:{line}): {text}");
        let told = loaded(&format!("[[oauth_clients]]\n{row}\n")).unwrap_err();
        assert_eq!(told, [expected], "{row}");
    }
}

#[test]
fn the_mistakes_of_all_rows_are_told_together() {
    let short = SecretFile::holding("canary\n");
    let file = format!(
        "[[oauth_clients]]\nclient_id = \"a\"\n{URI}\n\n[[oauth_clients]]\nclient_id = \"a\"\n\
         client_secret_file = '{}'\n",
        short.0.display()
    );
    assert_eq!(
        loaded(&file).unwrap_err(),
        [
            "oauth_clients[2].client_id (file /c.toml:6): is the id of an earlier client; each needs \
             its own",
            "oauth_clients[2].redirect_uris (file /c.toml:5): is required: where codes of this client \
             may go",
            "oauth_clients[2].client_secret_file (file /c.toml:7): too short, needs at least 8 \
             characters",
        ]
    );
}

#[test]
fn what_proves_little_is_warned_about() {
    let secret = SecretFile::holding("canary-0123456789");
    let with_secret = format!("client_secret_file = '{}'\n{URI}", secret.0.display());
    let unasked = "oauth_clients[1].skip_consent: lets every program on a user's computer sign in as \
                   this client unasked: a redirect URI there proves nothing without a \
                   client_secret_file";
    let loopback = "redirect_uris = [\"https://a.example/cb\", \"http://127.0.0.1/cb\"]";
    for (row, expected) in [
        (
            with_secret.as_str(),
            &[
                "oauth_clients[1].client_secret_file: the secret is shorter than 32 characters; take a \
               longer one",
            ][..],
        ),
        (&format!("skip_consent = true\n{loopback}"), &[unasked]),
        (&format!("skip_consent = false\n{loopback}"), &[]),
        (&format!("skip_consent = true\n{URI}"), &[]),
    ] {
        let file = format!("[[oauth_clients]]\nclient_id = \"a\"\n{row}\n");
        assert_eq!(loaded(&file).unwrap().1, expected, "{row}");
    }
}
