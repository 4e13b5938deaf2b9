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

/// The fields of a row, where `URI` stands for a good redirect URI; and the field, the line and the
/// text of what is told.
type Case = (&'static str, &'static str, usize, &'static str);

const IDS: &[Case] = &[
    ("URI", "client_id", 1, "is required"),
    ("client_id = \"\"\nURI", "client_id", 1, "is required"),
    (
        "client_id = \"https://a.example/client.json\"\nURI",
        "client_id",
        2,
        "begins with https://, which names a client by its metadata document: take another id",
    ),
    (
        "client_id = \"HTTPS://a.example\"\nURI",
        "client_id",
        2,
        "begins with https://, which names a client by its metadata document: take another id",
    ),
    (
        "client_id = \"v1.cid.eyJ9.sig\"\nURI",
        "client_id",
        2,
        "begins with v1.cid., as the ids of registered clients may: take another id",
    ),
    (
        "client_id = \"two words\"\nURI",
        "client_id",
        2,
        "expected visible ASCII characters other than : + %",
    ),
    (
        "client_id = \"a:b\"\nURI",
        "client_id",
        2,
        "expected visible ASCII characters other than : + %",
    ),
    (
        "client_id = \"köln\"\nURI",
        "client_id",
        2,
        "expected visible ASCII characters other than : + %",
    ),
    (
        "client_id = [\"a\", \"b\"]\nURI",
        "client_id",
        2,
        "expected one value, not a list",
    ),
];

const OTHER_FIELDS: &[Case] = &[
    (
        "client_id = \"a\"",
        "redirect_uris",
        1,
        "is required: where codes of this client may go",
    ),
    (
        "client_id = \"a\"\nredirect_uris = []",
        "redirect_uris",
        3,
        "is required: where codes of this client may go",
    ),
    (
        "client_id = \"a\"\nredirect_uris = \"a.b:/0,a.b:/1,a.b:/2,a.b:/3,a.b:/4,a.b:/5,a.b:/6,a.b:/7,a.b:/8,a.b:/9,a.b:/10\"",
        "redirect_uris",
        3,
        "holds more than 10 URIs",
    ),
    (
        "client_id = \"a\"\nredirect_uris = [\"https://a.example/cb\", \"http://b.example/cb\"]",
        "redirect_uris",
        3,
        "number 2 uses http for a host that is not loopback",
    ),
    (
        "client_id = \"a\"\nredirect_uris = [\"javascript://x/%0aalert(1)\"]",
        "redirect_uris",
        3,
        "number 1 has a scheme that is never accepted",
    ),
    (
        "client_id = \"a\"\nskip_consent = \"perhaps\"\nURI",
        "skip_consent",
        3,
        "expected true/1/yes/on or false/0/no/off (got \"perhaps\")",
    ),
    (
        "client_id = \"a\"\nclient_secret = \"canary-0123456789\"\nURI",
        "client_secret",
        3,
        "a secret does not stand here: client_secret_file names the file that holds it",
    ),
    (
        "client_id = \"a\"\nclient_secret_file = \"/nonexistent/x\"\nURI",
        "client_secret_file",
        3,
        "/nonexistent/x cannot be read (entity not found)",
    ),
    (
        "client_id = \"a\"\nredirect_uri = \"https://a.example\"\nURI",
        "redirect_uri",
        3,
        "unknown field, did you mean redirect_uris?",
    ),
];

#[test]
fn every_mistake_is_told_with_its_row_and_field() {
    for (row, field, line, text) in IDS.iter().chain(OTHER_FIELDS) {
        let expected = format!("oauth_clients[1].{field} (file /c.toml:{line}): {text}");
        let row = row.replace("URI", URI);
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
