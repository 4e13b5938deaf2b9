//! A process that saves tokens without end is killed at a random moment, again and again: whoever
//! reads the file afterwards finds the tokens of one save, complete.
//!
//! Without the usual harness, because this program is also the process that is killed.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should say so loudly"
)]

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use gitlab_mcp_auth_plugins::local_oauth::token_file::{Expected, StoredTokens, TokenFile};
use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::random::{OsRandom, Random as _, token};
use gitlab_mcp_core::secret::Secret;

const NAME: &str = "a_killed_saver_leaves_the_old_tokens_or_the_new_ones";
const SAVER: &str = "--save-without-end";
const ROUNDS: u64 = 200;

/// Long enough for a write to be cut in two.
const LENGTH: usize = 12_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    if let [first, path] = arguments.as_slice()
        && first == SAVER
    {
        return runtime.block_on(save_without_end(Path::new(path)));
    }
    let filters: Vec<_> = arguments
        .iter()
        .filter(|one| !one.starts_with('-'))
        .collect();
    let lists = arguments.iter().any(|one| one == "--list");
    if lists || !(filters.is_empty() || filters.iter().any(|one| NAME.contains(one.as_str()))) {
        say(if lists {
            "a_killed_saver_leaves_the_old_tokens_or_the_new_ones: test"
        } else {
            "filtered out"
        });
        return;
    }
    runtime.block_on(kill_and_look());
}

fn say(text: &str) {
    use std::io::Write as _;
    writeln!(std::io::stdout().lock(), "{text}").unwrap();
}

fn open(path: &Path) -> TokenFile {
    let expected = Expected {
        instance: Instance::parse("https://gitlab.example").unwrap(),
        client_id: "app".to_owned(),
    };
    TokenFile::open(path, &expected)
}

/// Each save is told from the others by one letter, which fills both tokens.
async fn save_without_end(path: &Path) {
    let file = open(path);
    for letter in ('a'..='z').cycle() {
        let text = || letter.to_string().repeat(LENGTH);
        let tokens = StoredTokens {
            access: Arc::new(Secret::parse(text(), 1).unwrap()),
            refresh: Some(Arc::new(Secret::parse(text(), 1).unwrap())),
            expires_in: Some(Duration::from_hours(2)),
            created_at: UNIX_EPOCH,
            scope: Some(letter.to_string()),
            generation: 0,
        };
        file.lock().await.unwrap().save(&tokens).unwrap();
    }
}

async fn kill_and_look() {
    let folder = std::env::temp_dir().join(format!("gitlab-mcp-crash-{}", token(&OsRandom, 12)));
    let path = folder.join("token.json");
    let file = open(&path);
    let (mut last, mut in_the_middle) = (0, 0);
    for round in 1..=ROUNDS {
        let mut saver = tokio::process::Command::new(std::env::current_exe().unwrap())
            .arg(SAVER)
            .arg(&path)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        // Until it has saved at least once, and then for a random while.
        let began = tokio::time::Instant::now();
        while number(&file) == last {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "nothing is saved"
            );
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        let mut random = [0; 2];
        OsRandom.fill(&mut random);
        let pause = Duration::from_micros(u64::from(u16::from_le_bytes(random)) / 8);
        tokio::time::sleep(pause).await;
        saver.kill().await.unwrap();

        let tokens = file.load().unwrap().expect("a file");
        let letter = tokens.scope.clone().expect("a scope");
        let text = letter.repeat(LENGTH);
        assert!(tokens.access.matches(&text), "round {round}");
        assert!(
            tokens
                .refresh
                .as_ref()
                .is_some_and(|one| one.matches(&text)),
            "round {round}"
        );
        assert!(tokens.generation > last, "round {round}");
        last = tokens.generation;
        check_folder(&folder);
        in_the_middle += u64::from(folder.join("token.json.tmp").exists());
        // The lock of the dead is free at once.
        let locked = tokio::time::timeout(Duration::from_secs(1), file.lock()).await;
        drop(locked.expect("a free lock").unwrap());
    }
    std::fs::remove_dir_all(&folder).unwrap();
    say(&format!(
        "{NAME}: {ROUNDS} of {ROUNDS} readable, {last} saves, {in_the_middle} kills in the middle of a save"
    ));
}

fn number(file: &TokenFile) -> u64 {
    file.load().unwrap().map_or(0, |tokens| tokens.generation)
}

/// Nothing accumulates, and all of it is for its owner alone.
fn check_folder(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let known = ["token.json", "token.json.lock", "token.json.tmp"];
        assert!(known.contains(&name.as_str()), "{name}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            assert_eq!(entry.metadata().unwrap().mode() & 0o777, 0o600, "{name}");
        }
    }
}
