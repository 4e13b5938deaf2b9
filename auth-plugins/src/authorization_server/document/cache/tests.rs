//! Bounds, and how long what is known is used.

use super::*;
use crate::authorization_server::client::Origin;
use crate::authorization_server::rules::Rules;

const NOW: Duration = Duration::from_hours(1);

fn client(id: &str) -> Client {
    Client {
        id: id.to_owned(),
        name: "App".to_owned(),
        redirect_uris: Vec::new(),
        origin: Origin::Document {
            host: "app.example".to_owned(),
        },
    }
}

fn queue<'a>(documents: &'a Documents, id: &str) -> Option<Ticket<'a>> {
    documents.queue(&Address::of(id, &Rules::default()).unwrap())
}

#[test]
fn what_is_remembered_is_bounded_and_failures_go_first() {
    let documents = Documents::default();
    for number in 0..MOST / 2 {
        let id = format!("https://good.example/{number}");
        documents.keep(&id, client(&id), Duration::from_mins(5), NOW);
    }
    for number in 0..5 * MOST {
        documents.refuse(&format!("https://bad.example/{number}"), NOW);
        documents.unreachable(&format!("https://gone.example/{number}"), NOW);
        assert!(documents.state().known.len() <= MOST);
    }
    for number in 0..MOST / 2 {
        let id = format!("https://good.example/{number}");
        assert!(documents.fresh(&id, NOW).is_some(), "{id}");
    }
}

#[test]
fn a_silent_host_does_not_end_a_good_document_before_a_day_is_over() {
    let documents = Documents::default();
    let id = "https://app.example/c";
    let good = documents.keep(id, client(id), Duration::from_mins(5), NOW);
    for step in 1..48 {
        let now = NOW + Duration::from_mins(30 * step);
        assert_eq!(documents.fresh(id, now), None);
        assert_eq!(documents.unreachable(id, now), good);
        assert_eq!(documents.fresh(id, now), Some(good.clone()));
    }
    let end = NOW + LONGEST;
    assert_eq!(documents.fresh(id, end), None);
    assert_eq!(documents.unreachable(id, end), Verdict::Unreachable);
    // A refusal ends it at once.
    documents.keep(id, client(id), Duration::from_mins(5), end);
    assert_eq!(documents.refuse(id, end), Verdict::Refused);
    assert_eq!(documents.fresh(id, end), Some(Verdict::Refused));
    assert_eq!(documents.fresh(id, end + FAILURE), None);
}

#[test]
fn the_queue_is_bounded_for_each_host_and_for_all() {
    let documents = Documents::default();
    let first = queue(&documents, "https://app.example/1").unwrap();
    let _second = queue(&documents, "https://app.example/2").unwrap();
    assert!(queue(&documents, "https://app.example/3").is_none());
    let same = queue(&documents, "https://app.example/1").unwrap();
    drop(first);
    assert!(queue(&documents, "https://app.example/3").is_none());
    drop(same);
    let _third = queue(&documents, "https://app.example/3").unwrap();
    let others: Vec<Option<Ticket<'_>>> = (0..200)
        .map(|number| queue(&documents, &format!("https://a{number}.example/c")))
        .collect();
    assert_eq!(others.iter().flatten().count(), WAITED_FOR - 2);
    drop(others);
    assert_eq!(documents.state().queues.len(), 2);
}
