//! Which requests a fault hits.

use std::time::Duration;

use mock_gitlab::{Fault, FaultPlan, MockGitlab, Timestamp, World};
use serde_json::json;

use crate::client::Client;
use crate::company;

/// The statuses of so many requests for `/user`.
async fn statuses(client: &Client<'_>, count: usize) -> Vec<u16> {
    let mut seen = Vec::new();
    for _ in 0..count {
        seen.push(client.get("/user").await.status);
    }
    seen
}

#[tokio::test]
async fn the_nth_and_every_kth_request_are_hit() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    gl.faults().add(Fault::status(500).on("GET /user").nth(3));
    assert_eq!(statuses(&bob, 4).await, [200, 200, 500, 200]);
    assert_eq!(gl.faults().count(), 0);
    gl.faults().add(Fault::status(500).on("GET /user").every(2));
    assert_eq!(statuses(&bob, 4).await, [200, 500, 200, 500]);
}

#[tokio::test]
async fn query_header_and_user_narrow_it_down() {
    let gl = company().await;
    let (alice, bob) = (Client::of(&gl, "alice"), Client::of(&gl, "bob"));
    gl.faults().add(Fault::status(501).query("search", "mu*"));
    gl.faults()
        .add(Fault::status(502).header("X-Shift", "night"));
    gl.faults().add(Fault::status(503).by_user("alice"));
    alice.get("/user").await.expect(503);
    bob.get("/user").await.expect(200);
    bob.get("/projects?search=music").await.expect(501);
    bob.get("/projects?search=box").await.expect(200);
    let night = Client::of(&gl, "bob").with("X-Shift", "night");
    night.get("/user").await.expect(502);
}

#[tokio::test]
async fn a_fault_lasts_as_long_as_its_window() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let at = |text: &str| Timestamp::parse(text).unwrap();
    let (from, until) = (at("2026-11-01T09:10:00Z"), at("2026-11-01T09:20:00Z"));
    gl.faults().add(Fault::status(500).between(from, until));
    bob.get("/user").await.expect(200);
    gl.clock().advance(Duration::from_mins(12));
    bob.get("/user").await.expect(500);
    gl.clock().advance(Duration::from_mins(12));
    bob.get("/user").await.expect(200);
}

#[tokio::test]
async fn one_fault_follows_the_other() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let chain = Fault::status(500)
        .times(2)
        .then(Fault::rate_limit_endpoint(1).times(1))
        .then(Fault::status(502).times(1));
    gl.faults().add(chain);
    assert_eq!(statuses(&bob, 5).await, [500, 500, 429, 502, 200]);
}

#[tokio::test]
async fn a_probability_depends_on_the_seed_alone() {
    let run = |seed: u64| async move {
        let gl = MockGitlab::builder()
            .seed(seed)
            .world(World::company())
            .start()
            .await
            .unwrap();
        gl.faults().add(Fault::status(500).probability(0.5));
        let bob = Client::of(&gl, "bob");
        statuses(&bob, 40).await
    };
    let (one, again, other) = (run(1).await, run(1).await, run(2).await);
    assert_eq!(one, again);
    assert_ne!(one, other);
    let hits = one.iter().filter(|status| **status == 500).count();
    assert!((8..=32).contains(&hits), "{hits}");
}

#[tokio::test]
async fn a_graphql_operation_is_named() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    gl.faults()
        .add(Fault::graphql_error("Timeout on Project.issues").operation("getWorkItem"));
    let ask = |name: &str| {
        json!({ "query": format!("query {name} {{ echo(text: \"x\") }}") }).to_string()
    };
    for (name, hit) in [("getWorkItem", true), ("listWorkItems", false)] {
        let reply = bob
            .raw("POST", "/api/graphql", "application/json", &ask(name))
            .await
            .unwrap();
        assert_eq!(
            reply.expect(200).json().get("errors").is_some(),
            hit,
            "{name}"
        );
    }
}

/// Whatever can be built in Rust can be written down, and is the same thing then.
#[test]
fn every_fault_of_the_library_can_be_written_and_read() {
    use mock_gitlab::{Drift, LimitHeaders, Page, Paging, Payload, Place};
    let ms = Duration::from_millis(5);
    let faults = [
        Fault::latency(ms),
        Fault::latency_between(ms, ms * 2).at(Place::PerChunk),
        Fault::hold(ms),
        Fault::status(503).retry_after("-1").as_json(),
        Fault::rate_limit_edge(1).limit_headers(LimitHeaders::Contradictory),
        Fault::rate_limit_endpoint(1).without_retry_after(),
        Fault::truncated_body(),
        Fault::cut_chunk(),
        Fault::cut_json(),
        Fault::reset_before_headers(),
        Fault::reset_after_headers(),
        Fault::reset_mid_body(),
        Fault::reset_before_end(),
        Fault::slow_drip(1, ms),
        Fault::silence(),
        Fault::silence_after_headers(),
        Fault::accept_latency(ms),
        Fault::accept_reset(),
        Fault::accept_silence(),
        Fault::page(Page::Challenge).with_status(200),
        Fault::redirect(301, "{url}"),
        Fault::bad_payload(Payload::GzipBomb),
        Fault::drift(Drift::Retype).field("id").share(0.5),
        Fault::paging(Paging::ForeignNext),
        Fault::expire_token(),
        Fault::revoke_token(),
        Fault::reduce_scopes(&["read_api"]),
        Fault::block_user(),
        Fault::lose_token(),
        Fault::clock_skew(-60),
        Fault::graphql_error("no"),
        Fault::graphql_partial("half").field("project"),
        Fault::graphql_complexity(),
        Fault::graphql_timeout(),
        Fault::graphql_unknown_field("widgets", "WorkItem"),
    ];
    let plan = FaultPlan::new();
    for fault in faults {
        let narrowed = fault
            .on("GET /a/**")
            .query("b", "c")
            .header("d", "e*")
            .by_user("alice");
        let narrowed = narrowed
            .operation("op")
            .skip(1)
            .nth(2)
            .every(3)
            .probability(0.25)
            .times(4);
        let at = Timestamp::parse("2026-11-01").unwrap();
        plan.add(
            narrowed
                .between(at, at)
                .after_commit()
                .then(Fault::silence()),
        );
    }
    let written = plan.to_json();
    let lines = written
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| format!("[[fault]]\n{}", toml(fault)));
    let read = FaultPlan::from_toml(&lines.collect::<String>()).unwrap();
    assert_eq!(read.to_json(), written);
}

/// An object as TOML, nulls left out.
fn toml(fault: &serde_json::Value) -> String {
    fn value(own: &serde_json::Value) -> String {
        match own {
            serde_json::Value::Object(all) => {
                let inside = all.iter().filter(|(_, own)| !own.is_null());
                let inside: Vec<String> = inside
                    .map(|(name, own)| format!("{name} = {}", value(own)))
                    .collect();
                format!("{{ {} }}", inside.join(", "))
            }
            other => other.to_string(),
        }
    }
    let all = fault
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, value)| !value.is_null());
    let lines = all.map(|(name, own)| format!("{name} = {}\n", value(own)));
    lines.collect::<Vec<_>>().concat()
}
