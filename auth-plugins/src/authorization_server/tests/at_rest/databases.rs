//! The same of a Redis and a PostgreSQL: of every file they write, and of what their own tools take out
//! of them. A value that was planted is found in each of these, so that a secret would be.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use gitlab_mcp_core::secret::{ConnectionString, Secret};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;

use super::*;
use crate::authorization_server::bench::secret;
use crate::authorization_server::bench::stores::{said, told};

const LOGINS: usize = 100;
/// Stands in the store as a secret would that somebody forgot to seal.
const PLANTED: &str = "planted-0f2b7c9e-where-a-secret-would-stand";

/// Something that was written or taken out, and its name.
type Dump = (String, Vec<u8>);

/// Fills a database with logins in every state; what nobody may find there.
async fn filled(backend: Backend) -> Vec<String> {
    let bench = bench_with(rules()).await;
    let patience = Duration::from_secs(20);
    let store = open(&backend, "rest_", patience, bench.clock.clone()).await;
    let store = store.unwrap();
    let server = bench.replica(Arc::clone(&store), bench.clock.clone());
    let bench = Bench { server, ..bench };
    let turn = Turn::of(vec![Arc::clone(&bench.server)]);
    // What was revoked is still to be told to GitLab.
    bench.gitlab.faults().add(Fault::status(503).on(REVOKE));
    let secrets = Box::pin(busy(&bench, &turn, LOGINS)).await;
    assert!(secrets.len() > 1_000, "{}", secrets.len());
    let clear = format!(r#"{{"sid":"x","access":"{PLANTED}","refresh":null}}"#);
    let place = Place::new(Namespace::Login, "planted");
    let value = Value::new(clear.into_bytes());
    let life = Duration::from_hours(1);
    assert!(store.put_new(&place, value, life).await.unwrap());
    secrets
}

/// A text as the databases write it: as it is, and in hexadecimal digits.
fn forms(text: &str) -> [String; 2] {
    let digits = text.bytes().fold(String::new(), |mut digits, byte| {
        // Writing to a String cannot fail.
        write!(digits, "{byte:02x}").ok();
        digits
    });
    [text.to_owned(), digits]
}

/// The planted value is in a dump of each of these names, and no secret is in any.
fn judge(dumps: &[Dump], secrets: &[String], names: &[&str]) {
    let all: Vec<String> = std::iter::once(PLANTED)
        .chain(secrets.iter().map(String::as_str))
        .flat_map(forms)
        .collect();
    let search = AhoCorasick::new(&all).unwrap();
    let mut planted = BTreeSet::new();
    for (name, bytes) in dumps {
        for found in search.find_iter(bytes) {
            // The first two are the forms of the planted value.
            let index = found.pattern().as_usize();
            assert!(index < 2, "{name}: {}", all[index]);
            planted.insert(name.as_str());
        }
    }
    for name in names {
        let found = planted.iter().any(|dump| dump.contains(name));
        assert!(found, "the planted value is not in {name}: {planted:?}");
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<Dump> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = fs::read(&path) {
                // What is gone by then was temporary.
                all.push((path.display().to_string(), bytes));
            }
        }
    }
    all
}

/// Takes a snapshot, as an operator's backup does.
async fn snapshot(url: &Secret<ConnectionString>) {
    let url = Url::parse(url.expose()).unwrap();
    let address = (url.host_str().unwrap(), url.port().unwrap());
    let mut redis = TcpStream::connect(address).await.unwrap();
    let asked = format!("AUTH {}\r\nSAVE\r\nQUIT\r\n", url.password().unwrap());
    redis.write_all(asked.as_bytes()).await.unwrap();
    let mut answer = String::new();
    redis.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "+OK\r\n+OK\r\n+OK\r\n");
}

#[tokio::test]
async fn whoever_reads_the_files_of_redis_finds_nothing_to_use() {
    let url = || told("GITLAB_MCP_TEST_REDIS_URL");
    let secrets = filled(Backend::Redis { url: url() }).await;
    snapshot(&url()).await;
    let dumps = files(Path::new(&said("GITLAB_MCP_TEST_REDIS_FILES")));
    judge(&dumps, &secrets, &["dump.rdb", ".incr.aof"]);
}

/// What a program of PostgreSQL says.
async fn ran(program: &str, arguments: &[&str]) -> Vec<u8> {
    let programs = PathBuf::from(said("GITLAB_MCP_TEST_POSTGRESQL_PROGRAMS"));
    let mut command = Command::new(programs.join(program));
    let done = command.args(arguments).output().await.unwrap();
    assert!(done.status.success(), "{program}: {done:?}");
    done.stdout
}

#[tokio::test]
async fn whoever_reads_a_dump_or_the_files_of_postgresql_finds_nothing_to_use() {
    let url: Secret<ConnectionString> = told("GITLAB_MCP_TEST_POSTGRESQL_URL");
    let copy = secret(url.expose());
    let secrets = filled(Backend::Postgresql { url: copy }).await;
    ran("psql", &["--command=CHECKPOINT", url.expose()]).await;
    let mut dumps = files(Path::new(&said("GITLAB_MCP_TEST_POSTGRESQL_FILES")));
    let dump = ran("pg_dump", &[url.expose()]).await;
    dumps.push(("what pg_dump says".to_owned(), dump));
    judge(&dumps, &secrets, &["pg_dump", "/base/", "/pg_wal/"]);
}
