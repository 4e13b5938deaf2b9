//! Records come back as they were, once where that is asked, and never from another place.

use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::random::SeededRandom;
use gitlab_mcp_core::secret::{MasterSecret, Secret};
use gitlab_mcp_store::Memory;
use serde::{Deserialize, Serialize};

use super::*;
use crate::authorization_server::bench::heard::Heard;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    text: String,
}

impl Record for Note {
    const NAMESPACE: Namespace = Namespace::Approval;
}

const LIFE: Duration = Duration::from_mins(1);

fn note(text: &str) -> Note {
    Note {
        text: text.to_owned(),
    }
}

fn records() -> Records {
    let random = Arc::new(SeededRandom::new(1));
    let keys = Keys::of_this_process(&*random);
    Records::new(store(), Arc::new(keys), random)
}

fn store() -> Arc<Memory> {
    let clock = Arc::new(gitlab_mcp_core::clock::SystemClock::new());
    Arc::new(Memory::new(clock, 100))
}

#[tokio::test]
async fn a_record_is_put_once_changed_by_the_first_and_forgotten() {
    let records = records();
    assert!(records.put_new("a", &note("one"), LIFE).await.unwrap());
    assert!(!records.put_new("a", &note("two"), LIFE).await.unwrap());
    let found = records.get::<Note>("a").await.unwrap().unwrap();
    assert_eq!(found.record, note("one"));
    let changed = records.update(&found, &note("three"), LIFE, None).await;
    assert!(matches!(changed.unwrap(), Updated::Done(_)));
    let late = records.update(&found, &note("four"), LIFE, None).await;
    assert_eq!(late.unwrap(), Updated::Moved);
    assert!(records.delete::<Note>("a").await.unwrap());
    assert!(records.get::<Note>("a").await.unwrap().is_none());
}

#[tokio::test]
async fn one_caller_takes_a_record_and_the_others_learn_what_it_was() {
    let records = records();
    records.put_new("a", &note("one"), LIFE).await.unwrap();
    let first = records.take::<Note>("a", LIFE).await.unwrap();
    assert!(matches!(first, TakenRecord::First(record) if record == note("one")));
    let second = records.take::<Note>("a", LIFE).await.unwrap();
    assert!(matches!(second, TakenRecord::Before { record, .. } if record == note("one")));
    let none = records.take::<Note>("b", LIFE).await.unwrap();
    assert!(matches!(none, TakenRecord::Absent));
}

#[tokio::test]
async fn a_row_that_was_moved_to_another_place_is_no_record() {
    let records = records();
    records.put_new("a", &note("one"), LIFE).await.unwrap();
    let from = records.place(Namespace::Approval, "a");
    let to = records.place(Namespace::Approval, "b");
    let stolen = records.store.get(&from).await.unwrap().unwrap().value;
    records.store.put_new(&to, stolen, LIFE).await.unwrap();
    assert!(records.get::<Note>("b").await.unwrap().is_none());
    assert!(records.get::<Note>("a").await.unwrap().is_some());
}

#[tokio::test]
async fn a_record_that_only_the_previous_secret_finds_is_a_use_of_it() {
    let heard = Heard::default();
    let _listening = tracing::subscriber::set_default(heard.clone());
    let secret = |text: &str| Secret::<MasterSecret>::parse(text.to_owned(), 1).unwrap();
    let clock = Arc::new(ManualClock::default());
    let store = store();
    let with = |present, previous: Option<&str>| {
        let previous = previous.map(secret);
        let keys = Keys::new(&secret(present), previous.as_ref());
        let instance = Instance::parse("https://gitlab.example").unwrap();
        let keys = keys.recording(Arc::clone(&clock) as _, "mcp-oauth", instance);
        let random = Arc::new(SeededRandom::new(1));
        Records::new(Arc::clone(&store) as _, Arc::new(keys), random)
    };
    let old = with("old", None);
    old.put_new("a", &note("one"), LIFE).await.unwrap();
    let records = with("new", Some("old"));
    let found = records.get::<Note>("a").await.unwrap().unwrap();
    let changed = records.update(&found, &note("two"), LIFE, None).await;
    assert!(matches!(changed.unwrap(), Updated::Done(_)));
    let (found, opened) = (
        "key_previous_used ok look_up",
        "key_previous_used ok at_rest",
    );
    assert_eq!(heard.events(), [found, opened]);
    // Sealed with the present secret, and lost with the previous one all the same.
    clock.advance(Duration::from_mins(1));
    let taken = records.take::<Note>("a", LIFE).await.unwrap();
    assert!(matches!(taken, TakenRecord::First(record) if record == note("two")));
    assert_eq!(heard.events()[2..], [found]);
    assert!(with("new", None).get::<Note>("a").await.unwrap().is_none());
    // What is written here needs it in no way.
    clock.advance(Duration::from_mins(1));
    records.put_new("b", &note("three"), LIFE).await.unwrap();
    assert!(records.get::<Note>("b").await.unwrap().is_some());
    assert_eq!(heard.events().len(), 3);
}
