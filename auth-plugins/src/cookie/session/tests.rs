//! The file over time. Nothing here reaches a network: there is no GitLab at the address.

use std::fs;
use std::path::PathBuf;

use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::gitlab::EgressConfig;
use gitlab_mcp_core::random::{OsRandom, token};

use super::*;

const HOME: &str = "https://gitlab.example/api/v4/user";

/// A session over a file in a folder of its own.
struct Scene {
    folder: PathBuf,
    clock: Arc<ManualClock>,
    session: Arc<Session>,
}

impl Scene {
    fn new(text: Option<&str>) -> Self {
        let folder = std::env::temp_dir().join(format!("gitlab-mcp-jar-{}", token(&OsRandom, 12)));
        fs::create_dir(&folder).unwrap();
        if let Some(text) = text {
            fs::write(folder.join("cookies"), text).unwrap();
        }
        let clock = Arc::new(ManualClock::default());
        let context = BuildContext {
            instance: Instance::parse("https://gitlab.example").unwrap(),
            instances: Vec::new(),
            egress: Egress::new(&EgressConfig::default()).unwrap(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            random: Arc::new(OsRandom),
        };
        let file = CookieFile::new(folder.join("cookies"));
        let session = Arc::new(Session::new((file, None), false, &context));
        session.look();
        Self {
            folder,
            clock,
            session,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.join("cookies")
    }

    fn write(&self, content: &str) {
        fs::write(self.path(), content).unwrap();
    }

    /// What is sent after the next look.
    fn next(&self) -> String {
        self.clock.advance(LOOK_AGAIN);
        self.sent()
    }

    fn sent(&self) -> String {
        self.session.look();
        let header = self.session.cookies_for(&Url::parse(HOME).unwrap());
        header.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

fn line(name: &str) -> String {
    format!("gitlab.example\tFALSE\t/\tFALSE\t0\t{name}\tv\n")
}

#[tokio::test]
async fn a_changed_file_is_read_after_a_second_and_not_before() {
    let scene = Scene::new(Some(&line("a")));
    scene.write(&line("bb"));
    scene.clock.advance(Duration::from_millis(999));
    assert_eq!(scene.sent(), "a=v");
    scene.clock.advance(Duration::from_millis(1));
    assert_eq!(scene.sent(), "bb=v");
    assert_eq!(scene.session.attachment().1, 2);
    scene.next();
    assert_eq!(
        scene.session.attachment().1,
        2,
        "an unchanged file is not read"
    );
}

#[tokio::test]
async fn a_file_that_appears_later_is_read() {
    let scene = Scene::new(None);
    assert_eq!(scene.next(), "");
    assert_eq!(scene.next(), "");
    scene.write(&line("a"));
    assert_eq!(scene.next(), "a=v");
}

#[tokio::test]
async fn at_the_start_usable_lines_are_used_whatever_stands_beside_them() {
    let content = format!("{}bad line\n{}gitlab.exam", line("a"), line("b"));
    let scene = Scene::new(Some(&content));
    assert_eq!(scene.sent(), "a=v; b=v");
}

#[tokio::test]
async fn a_file_written_in_two_steps_is_taken_when_it_is_whole() {
    let scene = Scene::new(Some(&line("old")));
    let whole = format!("# Netscape\n{}{}", line("new1"), line("new2"));
    let (start, _) = whole.split_at(40);
    let (nearly, _) = whole.split_at(whole.len() - 5);
    for half in ["", "# Netscape\n", start, nearly] {
        scene.write(half);
        assert_eq!(scene.next(), "old=v", "{half:?}");
        scene.write(&whole);
        assert_eq!(scene.next(), "new1=v; new2=v");
        scene.write(&line("old"));
        assert_eq!(scene.next(), "old=v");
    }
    scene.write(start);
    for _ in 0..10 {
        assert_eq!(
            scene.next(),
            "old=v",
            "a line that breaks off is never taken"
        );
    }
}

#[tokio::test]
async fn a_flaw_that_stays_is_no_half_written_file() {
    let scene = Scene::new(Some(&line("old")));
    scene.write(&format!("bad line\n{}", line("new")));
    assert_eq!(scene.next(), "old=v");
    assert_eq!(scene.next(), "new=v");

    let scene = Scene::new(Some(&line("old")));
    scene.write(line("new").trim_end());
    for second in 0..10 {
        assert_eq!(scene.next(), "old=v", "{second}");
    }
    assert_eq!(scene.next(), "new=v");

    let scene = Scene::new(Some(&line("old")));
    scene.write("# Netscape HTTP Cookie File\n");
    assert_eq!(scene.next(), "old=v");
    assert_eq!(scene.next(), "", "a jar that was emptied on purpose");
}

#[tokio::test]
async fn a_file_that_is_no_use_leaves_the_cookies_in_force() {
    let scene = Scene::new(Some(&line("old")));
    scene.write(&"#".repeat(2 * 1024 * 1024));
    assert_eq!(scene.next(), "old=v");
    assert_eq!(scene.next(), "old=v");
    fs::remove_file(scene.path()).unwrap();
    fs::create_dir(scene.path()).unwrap();
    for _ in 0..3 {
        assert_eq!(scene.next(), "old=v");
    }
    fs::remove_dir(scene.path()).unwrap();
    scene.write(&line("new"));
    assert_eq!(scene.next(), "new=v");
}

#[tokio::test]
async fn a_removed_file_ends_the_session_at_the_second_look() {
    let scene = Scene::new(Some(&line("old")));
    fs::remove_file(scene.path()).unwrap();
    assert_eq!(scene.next(), "old=v");
    scene.write(&line("old"));
    assert_eq!(scene.next(), "old=v", "replaced, not removed");
    fs::remove_file(scene.path()).unwrap();
    assert_eq!(scene.next(), "old=v", "the count begins again");
    assert_eq!(scene.next(), "");
    let number = scene.session.attachment().1;
    assert_eq!(scene.next(), "");
    assert_eq!(scene.session.attachment().1, number, "given up once");
    scene.write(&line("new"));
    assert_eq!(scene.next(), "new=v");
}

#[tokio::test]
async fn an_answer_to_an_earlier_jar_does_not_touch_this_one() {
    let scene = Scene::new(Some(&line("n")));
    let (earlier, _) = scene.session.attachment();
    scene.write(&line("n").replace("\tv", "\tsecond"));
    assert_eq!(scene.next(), "n=second");
    let mut answer = HeaderMap::new();
    answer.insert(
        "set-cookie",
        HeaderValue::from_static("n=anonymous; Path=/"),
    );
    let home = Url::parse(HOME).unwrap();
    earlier.learn(&home, &answer);
    assert_eq!(scene.sent(), "n=second");
    let (present, _) = scene.session.attachment();
    present.learn(&home, &answer);
    assert_eq!(scene.sent(), "n=anonymous", "the honest twin");
}

#[tokio::test]
async fn only_writes_without_a_token_are_refused_for_their_csrf_token() {
    let scene = Scene::new(Some(&line("n")));
    let (attached, _) = scene.session.attachment();
    for (method, status, expected) in [
        (Method::POST, 401, true),
        (Method::DELETE, 422, true),
        (Method::PUT, 403, false),
        (Method::POST, 500, false),
        (Method::GET, 401, false),
        (Method::HEAD, 422, false),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(
            attached.refused(&method, status),
            expected,
            "{method} {status}"
        );
    }
}
