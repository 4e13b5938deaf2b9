//! Which hosts are connected to: public ones, and those the operator calls internal.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Waker};

use gitlab_mcp_core::config::{Kind, Reader, Setting, Sources};
use gitlab_mcp_core::gitlab::{EgressConfig, FetchError};
use gitlab_mcp_core::secret::Secret;
use gitlab_mcp_core::tool::ErrorCode;
use tokio::net::TcpListener;

use crate::bench::{Bench, CANARY, told};
use crate::names::{Names, egress, get, get_for_a_stranger, internal};
use crate::reply::Reply;
use crate::upstream::Upstream;

static INTERNAL_HOSTS: Setting = Setting::new("GITLAB_INTERNAL_HOSTS", Kind::Hosts, "");

/// Whether anybody has connected to `listener`.
fn was_connected_to(listener: &TcpListener) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    pin!(listener.accept()).poll(&mut context).is_ready()
}

#[tokio::test]
async fn a_name_that_points_inside_is_not_connected_to() {
    for answer in [
        &["127.0.0.1"][..],
        &["::ffff:127.0.0.1"],
        &["8.8.8.8", "127.0.0.1"],
        &["127.0.0.1", "8.8.8.8"],
        &["64:ff9b::7f00:1", "2606:4700::1"],
        &["0.0.0.0"],
    ] {
        let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = canary.local_addr().unwrap().port();
        let names = Names::of(&[("gitlab.example", answer)]);
        let closed = egress(&internal(&["other.example", "127.0.0.1"]), &names);
        for host in ["gitlab.example", "GITLAB.example", "gitlab.example."] {
            let refused = get(&closed, &format!("http://{host}:{port}/")).await;
            let refusal = refused.unwrap_err();
            assert_eq!(refusal, FetchError::NotAllowed, "{host} at {answer:?}");
        }
        assert!(!was_connected_to(&canary), "{answer:?}");
        assert_eq!(names.asked(), ["gitlab.example"; 3]);
    }
}

#[tokio::test]
async fn a_host_the_operator_calls_internal_is_connected_to_wherever_it_is() {
    let upstream = Upstream::playing(vec![Reply::json(200, "{}"); 2]).await;
    let port = upstream.address.port();
    let names = Names::of(&[("gitlab.example", &["127.0.0.1"])]);
    let open = egress(&internal(&["GitLab.Example."]), &names);
    for host in ["gitlab.example", "GITLAB.EXAMPLE."] {
        let answer = get(&open, &format!("http://{host}:{port}/")).await;
        assert_eq!(answer.unwrap().status(), 200, "{host}");
    }
    assert_eq!(upstream.count(), 2);
}

#[tokio::test]
async fn an_address_in_the_url_is_refused_without_asking_anybody() {
    let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = canary.local_addr().unwrap().port();
    let names = Names::of(&[]);
    let closed = egress(&internal(&["gitlab.example"]), &names);
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0",
        "[::ffff:127.0.0.1]",
        "[::1]",
        "[64:ff9b::127.0.0.1]",
        "169.254.169.254",
    ] {
        let refused = get(&closed, &format!("http://{host}:{port}/")).await;
        assert_eq!(refused.unwrap_err(), FetchError::NotAllowed, "{host}");
    }
    assert!(!was_connected_to(&canary));
    assert!(names.asked().is_empty());
}

#[tokio::test]
async fn a_caller_reads_that_the_host_is_not_allowed_and_not_where_it_is() {
    let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = canary.local_addr().unwrap().port();
    let names = Names::of(&[("gitlab.example", &["127.0.0.1"])]);
    for host in ["gitlab.example", "127.0.0.1"] {
        let way_out = egress(&internal(&[]), &names);
        let bench = Bench::at(&format!("http://{host}:{port}")).through(way_out);
        for result in [bench.get().await, bench.post().await] {
            let error = result.unwrap_err();
            assert_eq!(error.code, ErrorCode::Forbidden, "{host}");
            assert!(
                error.message.contains("may not be connected to"),
                "{error:?}"
            );
            assert!(
                error.next_step.contains("GITLAB_INTERNAL_HOSTS"),
                "{error:?}"
            );
            for hidden in ["127.0.0.1", "gitlab.example", CANARY] {
                assert!(!told(&error).contains(hidden), "{error:?}");
            }
        }
    }
    assert!(!was_connected_to(&canary));
    // Trying again would not help, and nobody does.
    assert_eq!(names.asked().len(), 2);
}

#[test]
fn internal_hosts_are_names_and_addresses_without_ports() {
    let sources =
        Sources::new().variables([("GITLAB_INTERNAL_HOSTS", "LAN:8443, https://[fd00::1]")]);
    let mut reader = Reader::open(&sources, &[&INTERNAL_HOSTS]).unwrap();
    let hosts = reader.internal_hosts(&INTERNAL_HOSTS).unwrap();
    reader.finish().unwrap();
    assert_eq!(hosts.into_iter().collect::<Vec<_>>(), ["fd00::1", "lan"]);
    let mut reader = Reader::open(&Sources::new(), &[&INTERNAL_HOSTS]).unwrap();
    assert_eq!(reader.internal_hosts(&INTERNAL_HOSTS), None);
}

#[tokio::test]
async fn a_name_nobody_knows_is_no_refusal() {
    let way_out = egress(&internal(&[]), &Names::of(&[]));
    let unknown = get(&way_out, "http://gitlab.example/").await;
    assert_eq!(unknown.unwrap_err(), FetchError::NotSent);
}

#[tokio::test]
async fn a_strangers_url_reaches_no_internal_host() {
    let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = canary.local_addr().unwrap().port();
    let names = Names::of(&[("gitlab.example", &["127.0.0.1"]), ("in", &["127.0.0.1"])]);
    let way_out = egress(&internal(&["gitlab.example", "127.0.0.1", "::1"]), &names);
    for host in [
        "gitlab.example",
        "GITLAB.example.",
        "127.0.0.1",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "in",
    ] {
        let url = format!("http://{host}:{port}/");
        let refused = get_for_a_stranger(&way_out, &url).await;
        assert_eq!(refused.unwrap_err(), FetchError::NotAllowed, "{host}");
    }
    assert!(!was_connected_to(&canary));
}

#[tokio::test]
async fn a_strangers_url_is_judged_here_although_a_proxy_resolves_its_name() {
    let proxy = Upstream::playing(vec![Reply::json(200, "{}"); 2]).await;
    let names = Names::of(&[
        ("public.example", &["8.8.8.8"]),
        ("inside.example", &["10.0.0.5"]),
        ("mixed.example", &["8.8.8.8", "10.0.0.5"]),
        ("proxy.example", &["127.0.0.1"]),
    ]);
    let url = format!("http://proxy.example:{}", proxy.address.port());
    let config = EgressConfig {
        http_proxy: Some(Secret::parse(url.clone(), 1).unwrap()),
        ..internal(&[])
    };
    let way_out = egress(&config, &names);
    // What nobody here knows, the proxy may.
    for host in ["public.example", "unknown.example"] {
        let answer = get_for_a_stranger(&way_out, &format!("http://{host}/")).await;
        assert_eq!(answer.unwrap().status(), 200, "{host}");
    }
    for url in ["http://inside.example/", "http://mixed.example/", &url] {
        let refused = get_for_a_stranger(&way_out, url).await;
        assert_eq!(refused.unwrap_err(), FetchError::NotAllowed, "{url}");
    }
    assert_eq!(proxy.count(), 2);
}
