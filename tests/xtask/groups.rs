//! The groups, in the order in which they run: the quickest answers first.

mod browser;
mod cargo;
mod clients;
mod conformance;
mod demo;
mod examples;
mod memory;
mod mock_clients;
mod modes;
mod network;
mod oauth;
mod replicas;
mod second_upstream;
mod secrets;
mod stores;

use crate::workbench::Workbench;

/// A part of the tests.
#[derive(Debug)]
pub(crate) struct Group {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// One line about it.
    pub(crate) about: &'static str,
    /// Runs its cases.
    pub(crate) run: fn(&mut Workbench),
}

/// All of them.
pub(crate) const ALL: [Group; 18] = [
    Group {
        name: "format",
        about: "cargo fmt --check",
        run: cargo::format,
    },
    Group {
        name: "lint",
        about: "clippy over everything, warnings are errors",
        run: cargo::lint,
    },
    Group {
        name: "hermetic",
        about: "cargo test --workspace: needs Rust alone",
        run: cargo::hermetic,
    },
    Group {
        name: "docs",
        about: "rustdoc, warnings are errors",
        run: cargo::docs,
    },
    Group {
        name: "stores",
        about: "the state store's suite with real servers (Redis, PostgreSQL), and what they write",
        run: stores::run,
    },
    Group {
        name: "replicas",
        about: "one state for several servers: races, kill -9, a store that sleeps, is slow or goes away",
        run: replicas::run,
    },
    Group {
        name: "memory",
        about: "what logins, sessions and floods leave in a server's memory",
        run: memory::run,
    },
    Group {
        name: "network",
        about: "no address inside is connected to for a stranger (Linux namespaces, Debian's iproute2)",
        run: network::run,
    },
    Group {
        name: "demo",
        about: "gitlab-mcp demo --once shows real work",
        run: demo::run,
    },
    Group {
        name: "conformance",
        about: "the official conformance suite, both requirement sets (Node)",
        run: conformance::run,
    },
    Group {
        name: "clients",
        about: "real clients over HTTP and stdio, in both eras (Node, Python)",
        run: clients::run,
    },
    Group {
        name: "mock-clients",
        about: "python-gitlab's own functional tests against the mock (Python)",
        run: mock_clients::run,
    },
    Group {
        name: "browser",
        about: "a person signs in with Chromium; our pages (Node, Debian's chromium)",
        run: browser::run,
    },
    Group {
        name: "modes",
        about: "every way to sign in, with a real client as the right user (Python)",
        run: modes::run,
    },
    Group {
        name: "oauth",
        about: "clients that sign in by themselves, in each setting (Node, Python)",
        run: oauth::run,
    },
    Group {
        name: "second-upstream",
        about: "the sign-in with other OAuth servers in GitLab's place (Node, Debian's Doorkeeper)",
        run: second_upstream::run,
    },
    Group {
        name: "examples",
        about: "the example servers start and their additions work (Node)",
        run: examples::run,
    },
    Group {
        name: "secrets",
        about: "no planted secret in anything the other groups logged",
        run: secrets::run,
    },
];
