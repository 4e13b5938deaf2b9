//! What was ever written is read for ever: records, tokens, and all else that is sealed or signed.
//! Servers of two releases share a state while one replaces the other, and a roll-out may be taken
//! back, so this holds in both directions.
//!
//! `written/records.txt` has a line for each form a record ever had, `written/sealed.txt` one for
//! each form of what is sealed or signed, oldest first. A line is never changed and never removed;
//! when a form gains a member, its text is added as another line.

use std::collections::BTreeMap;
use std::time::Duration;

use gitlab_mcp_store::{Change, Namespace, Place, Updated, Value};
use serde_json::Value as Json;

use super::*;
use crate::authorization_server::client::Registration;
use crate::authorization_server::device::DeviceFlow;
use crate::authorization_server::gitlab_tokens::Vouched;
use crate::authorization_server::grant::{Code, Login, Unrevoked};
use crate::authorization_server::groups::by_token::Note;
use crate::authorization_server::handles::Used;
use crate::authorization_server::keys::Purpose;
use crate::authorization_server::records::{Record, TakenRecord};
use crate::authorization_server::renewal::once::Pair;
use crate::authorization_server::tokens::self_contained::Carried;
use crate::authorization_server::verify::RevokedAccess;

mod sealed;

const RECORDS: &str = include_str!("written/records.txt");

/// Members that name a variant: what stands in such an object is the variant and nothing else.
const VARIANTS: [&str; 6] = ["stored", "here", "page", "exchanged", "approved", "failed"];

/// Reads a form, and writes it as it is written today.
type Again = fn(&str) -> serde_json::Result<String>;

fn again<R: serde::Serialize + serde::de::DeserializeOwned>(
    text: &str,
) -> serde_json::Result<String> {
    serde_json::to_string(&serde_json::from_str::<R>(text)?)
}

/// Everything with a written form.
const KINDS: [(&str, Again); 11] = [
    ("client", again::<Registration>),
    ("pending", again::<Pending>),
    ("code", again::<Code>),
    ("login", again::<Login>),
    ("outbox", again::<Unrevoked>),
    ("device", again::<DeviceFlow>),
    ("used", again::<Used>),
    ("revoked", again::<RevokedAccess>),
    ("note", again::<Note>),
    ("pair", again::<Pair>),
    ("vouched", again::<Vouched>),
];

/// The lines of a file: the name, and what stands behind it.
fn lines(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once(' ').expect("a name and a form"))
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

/// Whether every member of `less` is in `more` with the same value.
fn holds_all(more: &Json, less: &Json) -> bool {
    match (more, less) {
        (Json::Object(more), Json::Object(less)) => less
            .iter()
            .all(|(name, value)| more.get(name).is_some_and(|own| holds_all(own, value))),
        _ => more == less,
    }
}

#[test]
fn every_form_of_a_record_is_read_and_nothing_of_it_is_lost() {
    let mut latest = BTreeMap::new();
    for (name, form) in lines(RECORDS) {
        let (_, again) = KINDS.iter().find(|kind| kind.0 == name).unwrap();
        let written = again(form).unwrap_or_else(|error| panic!("{name}: {error}\n{form}"));
        // An earlier release wants every member it ever wrote.
        assert!(holds_all(&json(&written), &json(form)), "{name}\n{written}");
        latest.insert(name, (form, written));
    }
    for (name, _) in KINDS {
        let (form, written) = &latest[name];
        assert_eq!(form, written, "a form that has no line: {name}");
    }
}

/// The same with something in every object that no release knows.
fn extended(mut form: Json) -> Json {
    if let Json::Object(members) = &mut form {
        for value in members.values_mut() {
            *value = extended(value.take());
        }
        let names_a_variant =
            members.len() == 1 && members.keys().any(|name| VARIANTS.contains(&name.as_str()));
        if !names_a_variant {
            let more = serde_json::json!({ "of": ["a", "later", "release"] });
            members.insert("beyond".to_owned(), more);
        }
    }
    form
}

#[test]
fn a_member_of_a_later_release_is_no_obstacle() {
    for (name, form) in lines(RECORDS) {
        let (_, again) = KINDS.iter().find(|kind| kind.0 == name).unwrap();
        let more = extended(json(form)).to_string();
        assert!(more.contains("beyond"), "{more}");
        let written = again(&more).unwrap_or_else(|error| panic!("{name}: {error}\n{more}"));
        assert_eq!(written, again(form).unwrap(), "{name}");
    }
}

#[test]
fn a_login_that_began_in_an_unknown_way_is_a_login() {
    let (_, form) = lines(RECORDS).find(|line| line.0 == "login").unwrap();
    let mut form = json(form);
    form["method"] = "by_a_letter".into();
    let written = json(&again::<Login>(&form.to_string()).unwrap());
    assert_eq!(written["method"], "other");
    assert!(again::<Login>(&written.to_string()).is_ok());
}

/// Kinds of records, a place in the latest form, and what no release writes there.
const UNKNOWN: [(&str, &str, &str); 7] = [
    ("code", "/opens", r#"{"elsewhere":"x"}"#),
    ("code", "/opens", r#""nowhere""#),
    ("device", "/kind", r#""letter""#),
    ("device", "/status", r#""sleeping""#),
    ("device", "/status", r#"{"failed":"boredom"}"#),
    ("device", "/code", r#""a\nb""#),
    ("login", "/access", r#""a token with blanks""#),
];

#[tokio::test]
async fn what_this_release_cannot_read_is_no_record_and_stays_where_it_is() {
    for (name, place, value) in UNKNOWN {
        let (_, form) = lines(RECORDS).filter(|line| line.0 == name).last().unwrap();
        let mut form = json(form);
        *form.pointer_mut(place).unwrap() = json(value);
        let form = form.to_string();
        match name {
            "code" => is_no_record::<Code>(&form).await,
            "device" => is_no_record::<DeviceFlow>(&form).await,
            _ => is_no_record::<Login>(&form).await,
        }
    }
}

/// How long such a record lives.
const LIFE: Duration = Duration::from_mins(1);

/// Puts `form` where the record `x` is.
async fn put<R: Record>(server: &AuthorizationServer, form: &str) -> (Place, Vec<u8>) {
    let namespace = R::NAMESPACE.name();
    let key = server.keys.look_up(namespace, "x").swap_remove(0);
    let place = Place::new(R::NAMESPACE, key);
    let context = [namespace.as_bytes(), place.key.as_bytes()];
    let random = &*server.random;
    let sealed = server
        .keys
        .seal(Purpose::AtRest, &context, form.as_bytes(), random);
    let value = Value::new(sealed.clone());
    let store = server.records.store();
    assert!(store.put_new(&place, value, LIFE).await.unwrap());
    (place, sealed)
}

/// Asks in every way for a record that holds `form`.
async fn is_no_record<R: Record + std::fmt::Debug>(form: &str) {
    let server = sealed::server(Rules::default());
    let (place, sealed) = put::<R>(&server, form).await;
    let records = &server.records;
    assert!(records.get::<R>("x").await.unwrap().is_none(), "{form}");
    assert!(records.lowest::<R>(i64::MAX, 9).await.unwrap().is_empty());
    // Whoever knows what it is can still change it.
    let held = records.store().get(&place).await.unwrap().unwrap();
    assert_eq!(held.value.bytes, sealed, "{form}");
    let change = Change {
        expected: held.version,
        fence: None,
        value: held.value,
        life: LIFE,
    };
    let changed = records.store().update(&place, change).await.unwrap();
    assert_eq!(changed, Updated::Done(2));
    let taken = records.take::<R>("x", LIFE).await.unwrap();
    assert!(matches!(taken, TakenRecord::Absent), "{form}: {taken:?}");
}

#[test]
fn the_names_of_namespaces_stay() {
    let names = Namespace::ALL.map(Namespace::name).join(" ");
    let written = "client pending consent_used code login device revoked approval outbox";
    assert!(names.starts_with(written), "{names}");
}
