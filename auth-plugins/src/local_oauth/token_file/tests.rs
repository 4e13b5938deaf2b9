//! What a token file may be, what it may hold, and how it is replaced.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::time::UNIX_EPOCH;

use gitlab_mcp_core::random::{OsRandom, token};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};

use super::*;

const ACCESS: &str = "canary-access-0123456789";
const REFRESH: &str = "canary-refresh-0123456789";

/// A directory of one test; removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("gitlab-mcp-token-file-{}", token(&OsRandom, 12));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        Self(path)
    }

    fn path(&self) -> PathBuf {
        self.0.join("token.json")
    }

    /// A token file with this content and mode.
    fn with(content: impl AsRef<[u8]>, mode: u32) -> (Self, TokenFile) {
        let folder = Self::new();
        let path = folder.path();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let file = TokenFile::open(&path, &expected());
        (folder, file)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn expected() -> Expected {
    Expected {
        instance: Instance::parse("https://gitlab.example/prefix").unwrap(),
        client_id: "the-application".to_owned(),
    }
}

fn tokens() -> StoredTokens {
    StoredTokens {
        access: Arc::new(Secret::parse(ACCESS.to_owned(), 1).unwrap()),
        refresh: Some(Arc::new(Secret::parse(REFRESH.to_owned(), 1).unwrap())),
        expires_in: Some(Duration::from_hours(2)),
        created_at: UNIX_EPOCH + Duration::from_millis(1_790_000_000_123),
        scope: Some("api".to_owned()),
        generation: 0,
    }
}

/// As another server for MCP writes it.
fn foreign_server() -> Value {
    json!({
        "access_token": ACCESS, "refresh_token": REFRESH, "expires_in": 7200,
        "created_at": 1_790_000_000_123_u64, "token_type": "Bearer",
    })
}

fn problem(file: &TokenFile) -> TokenFileProblem {
    file.load().unwrap_err().problem()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[tokio::test]
async fn what_is_saved_is_read_again_and_each_save_has_the_next_number() {
    let folder = Folder::new();
    let file = TokenFile::open(&folder.path(), &expected());
    assert!(file.load().unwrap().is_none());
    let locked = file.lock().await.unwrap();
    for number in 1..=3 {
        let saved = locked.save(&tokens()).unwrap();
        assert_eq!(saved.generation, number);
        let loaded = file.load().unwrap().unwrap();
        assert!(loaded.is(&saved));
        assert_eq!(loaded.created_at, tokens().created_at);
        assert_eq!(loaded.expires_in, tokens().expires_in);
        assert_eq!(loaded.scope, tokens().scope);
    }
    assert_eq!(folder.names(), ["token.json", "token.json.lock"]);
    assert_eq!((mode(&folder.path()), mode(&folder.0)), (0o600, 0o700));
    let text = fs::read_to_string(folder.path()).unwrap();
    let written: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(written["instance"], "https://gitlab.example/prefix");
    assert_eq!(written["client_id"], "the-application");
    assert_eq!(written["token_type"], "Bearer");
    locked.remove().unwrap();
    locked.remove().unwrap();
    assert!(file.load().unwrap().is_none());
}

#[tokio::test]
async fn a_missing_directory_is_made_for_its_owner_alone() {
    let folder = Folder::new();
    let path = folder.0.join("deep/deeper/token.json");
    let file = TokenFile::open(&path, &expected());
    assert!(file.load().unwrap().is_none());
    file.lock().await.unwrap().save(&tokens()).unwrap();
    assert_eq!(mode(&folder.0.join("deep")), 0o700);
    assert_eq!(mode(&folder.0.join("deep/deeper")), 0o700);
}

#[tokio::test]
async fn a_file_of_another_server_is_used_and_completed_by_the_next_save() {
    let (_folder, file) = Folder::with(foreign_server().to_string(), 0o600);
    let loaded = file.load().unwrap().unwrap();
    assert_eq!((loaded.access.expose(), loaded.generation), (ACCESS, 0));
    assert!(loaded.refresh.as_ref().unwrap().matches(REFRESH));
    assert_eq!(loaded.created_at, tokens().created_at);
    let saved = file.lock().await.unwrap().save(&loaded).unwrap();
    assert_eq!(saved.generation, 1);
    let members: Value = serde_json::from_slice(&fs::read(file.path()).unwrap()).unwrap();
    for (name, value) in foreign_server().as_object().unwrap() {
        assert_eq!(&members[name], value, "{name}");
    }
    assert_eq!(members["generation"], 1);
    // Only the access token is a must.
    let (_folder, file) = Folder::with(json!({ "access_token": ACCESS }).to_string(), 0o600);
    let bare = file.load().unwrap().unwrap();
    assert!(bare.refresh.is_none() && bare.remaining(UNIX_EPOCH).is_none());
}

#[test]
fn tokens_of_somebody_else_are_not_used() {
    let with = |name: &str, value: &str| {
        let mut members = foreign_server();
        members[name] = value.into();
        let (_folder, file) = Folder::with(members.to_string(), 0o600);
        file.load().map(|loaded| loaded.is_some())
    };
    let fine = [
        ("instance", "https://gitlab.example/prefix"),
        ("instance", "https://GitLab.example/prefix/api/v4/"),
        ("client_id", "the-application"),
    ];
    for (name, value) in fine {
        assert_eq!(with(name, value), Ok(true), "{name}: {value}");
    }
    let other = [
        (
            "instance",
            "https://gitlab.example",
            TokenFileProblem::OtherInstance,
        ),
        (
            "instance",
            "http://gitlab.example/prefix",
            TokenFileProblem::OtherInstance,
        ),
        ("instance", "", TokenFileProblem::OtherInstance),
        ("client_id", "the-other", TokenFileProblem::OtherClient),
        ("client_id", "", TokenFileProblem::OtherClient),
    ];
    for (name, value, problem) in other {
        let error = with(name, value).unwrap_err();
        assert_eq!(error.problem(), problem, "{name}: {value}");
        assert!(
            error.to_string().contains("GITLAB_OAUTH_TOKEN_PATH"),
            "{error}"
        );
        assert!(error.remedy().contains("GITLAB_OAUTH_TOKEN_PATH"));
    }
}

#[test]
fn content_that_is_no_tokens_is_unreadable_and_says_nothing_of_itself() {
    let good = foreign_server().to_string();
    let with = |name: &str, value: Value| {
        let mut members = foreign_server();
        members[name] = value;
        members.to_string().into_bytes()
    };
    let contents: [Vec<u8>; 14] = [
        Vec::new(),
        b"hello".to_vec(),
        b"{}".to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        vec![0; 4096],
        vec![0xff; 4096],
        format!("\u{feff}{good}").into_bytes(),
        format!("{good}{ACCESS}").into_bytes(),
        good.as_bytes()[..good.len() / 2].to_vec(),
        with("access_token", json!(7)),
        with("access_token", json!("")),
        with("access_token", json!("two\nlines")),
        with("refresh_token", json!("with blank")),
    ];
    for content in contents {
        let (folder, file) = Folder::with(&content, 0o600);
        let shown = String::from_utf8_lossy(&content).into_owned();
        let error = file.load().unwrap_err();
        assert!(error.is_unreadable(), "{shown}: {error}");
        let told = format!("{error} {error:?} {}", error.remedy());
        assert!(!told.contains("canary"), "{told}");
        assert_eq!(fs::read(folder.path()).unwrap(), content, "left as it was");
    }
    let odd = [
        ("expires_in", json!(u64::MAX)),
        ("expires_in", json!(-1)),
        ("expires_in", json!("7200")),
        ("created_at", json!(u64::MAX)),
        ("created_at", json!(null)),
        ("generation", json!(u64::MAX)),
        ("scope", json!(["api"])),
    ];
    for (name, value) in odd {
        let (_folder, file) = Folder::with(with(name, value), 0o600);
        let loaded = file.load().unwrap().unwrap();
        loaded.remaining(UNIX_EPOCH + Duration::from_secs(1 << 40));
    }
}

#[test]
fn a_huge_file_is_refused_without_being_read() {
    let (folder, file) = Folder::with("{", 0o600);
    let huge = fs::OpenOptions::new()
        .write(true)
        .open(folder.path())
        .unwrap();
    for length in [LONGEST + 1, 1 << 30] {
        huge.set_len(length).unwrap();
        assert_eq!(problem(&file), TokenFileProblem::TooLarge);
    }
    // As long as allowed: blanks behind the object do not hurt.
    let good = foreign_server().to_string();
    let padded = format!("{good}{}", " ".repeat(64 * 1024 - good.len()));
    let (_folder, file) = Folder::with(padded, 0o600);
    assert!(file.load().unwrap().is_some());
}

/// Each refusal comes at once; a file that is none is never waited for.
#[test]
fn only_a_regular_file_of_our_own_with_one_name_is_opened() {
    let folder = Folder::new();
    let at = |name: &str| folder.0.join(name);
    let good = foreign_server().to_string();
    fs::write(at("good"), &good).unwrap();
    fs::write(at("twice"), &good).unwrap();
    fs::hard_link(at("twice"), at("second-name")).unwrap();
    symlink(at("good"), at("link")).unwrap();
    symlink(at("nothing"), at("dangling")).unwrap();
    fs::create_dir(at("directory")).unwrap();
    mknodat(CWD, at("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    let cases = [
        (at("link"), TokenFileProblem::Link),
        (at("dangling"), TokenFileProblem::Link),
        (at("second-name"), TokenFileProblem::SecondName),
        (at("directory"), TokenFileProblem::NotAFile),
        (at("pipe"), TokenFileProblem::NotAFile),
        (at("socket"), TokenFileProblem::NotAFile),
        (PathBuf::from("/dev/null"), TokenFileProblem::NotAFile),
        (PathBuf::from("/dev/zero"), TokenFileProblem::NotAFile),
        (PathBuf::from("/dev/stdin"), TokenFileProblem::Link),
        (PathBuf::from("/dev/fd/0"), TokenFileProblem::NotAFile),
        (
            PathBuf::from("/proc/self/environ"),
            TokenFileProblem::NotAFile,
        ),
        (PathBuf::from("/proc/self/fd/0"), TokenFileProblem::NotAFile),
        (
            PathBuf::from(format!("/proc/self/root{}", at("good").display())),
            TokenFileProblem::NotAFile,
        ),
        (
            at("good").join("below"),
            TokenFileProblem::Reading(io::ErrorKind::NotADirectory),
        ),
    ];
    for (path, expected_problem) in cases {
        let file = TokenFile::open(&path, &expected());
        let error = file.load().unwrap_err();
        assert_eq!(error.problem(), expected_problem, "{}", path.display());
        assert!(
            error.remedy().contains("GITLAB_OAUTH_TOKEN_PATH"),
            "{error}"
        );
    }
    let good = TokenFile::open(&at("good"), &expected());
    assert!(good.load().unwrap().is_some());
}

#[tokio::test]
async fn what_is_no_token_file_of_ours_is_not_replaced_either() {
    let folder = Folder::new();
    let at = |name: &str| folder.0.join(name);
    fs::write(at("good"), foreign_server().to_string()).unwrap();
    symlink(at("good"), at("link")).unwrap();
    fs::create_dir(at("directory")).unwrap();
    mknodat(CWD, at("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    for (name, problem) in [
        ("link", TokenFileProblem::Link),
        ("directory", TokenFileProblem::NotAFile),
        ("pipe", TokenFileProblem::NotAFile),
    ] {
        let file = TokenFile::open(&at(name), &expected());
        let error = file.lock().await.unwrap().save(&tokens()).unwrap_err();
        assert_eq!(error.problem(), problem, "{name}");
    }
    assert!(fs::symlink_metadata(at("link")).unwrap().is_symlink());
    // A lock that is a link would let somebody choose which file of ours is made.
    symlink(at("victim"), at("good.lock")).unwrap();
    let good = TokenFile::open(&at("good"), &expected());
    let error = good.lock().await.unwrap_err();
    assert_eq!(error.problem(), TokenFileProblem::Link);
    assert!(!at("victim").exists());
}

#[test]
fn a_file_of_another_user_is_refused() {
    let folder = Folder::new();
    let path = if rustix::process::geteuid().is_root() {
        fs::write(folder.path(), foreign_server().to_string()).unwrap();
        std::os::unix::fs::chown(folder.path(), Some(65_534), None).unwrap();
        folder.path()
    } else {
        PathBuf::from("/etc/passwd")
    };
    let file = TokenFile::open(&path, &expected());
    assert_eq!(problem(&file), TokenFileProblem::Foreign);
}

#[test]
fn a_file_of_ours_that_others_may_read_is_closed_to_them() {
    for open in [0o644, 0o666, 0o640, 0o604, 0o777] {
        let (folder, file) = Folder::with(foreign_server().to_string(), open);
        assert!(file.load().unwrap().is_some());
        assert_eq!(mode(&folder.path()), 0o600, "{open:o}");
    }
}

#[tokio::test]
async fn a_directory_everybody_may_write_to_is_refused_unless_it_is_sticky() {
    let (folder, file) = Folder::with(foreign_server().to_string(), 0o600);
    for (open, refused) in [
        (0o777, true),
        (0o702, true),
        (0o1777, false),
        (0o770, false),
    ] {
        fs::set_permissions(&folder.0, fs::Permissions::from_mode(open)).unwrap();
        let found = file.load().map_err(|error| error.problem());
        let locked = file.lock().await.map_err(|error| error.problem());
        if refused {
            assert_eq!(
                found.unwrap_err(),
                TokenFileProblem::OpenDirectory,
                "{open:o}"
            );
            assert_eq!(
                locked.unwrap_err(),
                TokenFileProblem::OpenDirectory,
                "{open:o}"
            );
        } else {
            assert!(found.unwrap().is_some() && locked.is_ok(), "{open:o}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_under_another_name() {
    let (folder, file) = Folder::with("garbage", 0o600);
    let locked = file.lock().await.unwrap();
    assert!(locked.set_aside_unreadable().unwrap());
    assert_eq!(folder.names(), ["token.json.bad", "token.json.lock"]);
    assert!(!locked.set_aside_unreadable().unwrap());
    // Somebody has signed in meanwhile: that file stays.
    locked.save(&tokens()).unwrap();
    assert!(!locked.set_aside_unreadable().unwrap());
    locked.set_aside_stale().unwrap();
    locked.set_aside_stale().unwrap();
    let kept = ["token.json.bad", "token.json.lock", "token.json.stale"];
    assert_eq!(folder.names(), kept);
    assert_eq!(
        fs::read(folder.0.join("token.json.bad")).unwrap(),
        b"garbage"
    );
}

#[tokio::test]
async fn what_a_dead_saver_left_behind_goes_with_the_next_save() {
    let (folder, file) = Folder::with(foreign_server().to_string(), 0o600);
    fs::write(folder.0.join("token.json.tmp"), "half a fi").unwrap();
    file.lock().await.unwrap().save(&tokens()).unwrap();
    assert_eq!(folder.names(), ["token.json", "token.json.lock"]);
    // A directory of that name cannot be swept away: the old tokens stay.
    fs::create_dir(folder.0.join("token.json.tmp")).unwrap();
    let before = fs::read(folder.path()).unwrap();
    let error = file.lock().await.unwrap().save(&tokens()).unwrap_err();
    assert!(
        matches!(error.problem(), TokenFileProblem::Writing(_)),
        "{error}"
    );
    assert_eq!(fs::read(folder.path()).unwrap(), before);
}

#[tokio::test(start_paused = true)]
async fn a_lock_is_waited_for_and_not_for_ever() {
    let folder = Folder::new();
    let file = TokenFile::open(&folder.path(), &expected());
    let first = file.lock().await.unwrap();
    let began = tokio::time::Instant::now();
    let error = file.lock().await.unwrap_err();
    assert_eq!(error.problem(), TokenFileProblem::Busy);
    assert_eq!(began.elapsed().as_secs(), 30);
    let again = file.clone();
    let waiting = tokio::spawn(async move { again.lock().await.map(drop) });
    tokio::time::sleep(Duration::from_secs(10)).await;
    drop(first);
    waiting.await.unwrap().unwrap();
}

#[test]
fn nothing_shows_a_token() {
    let shown = format!("{:?} {:#?}", tokens(), tokens());
    assert!(!shown.contains("canary"), "{shown}");
}
