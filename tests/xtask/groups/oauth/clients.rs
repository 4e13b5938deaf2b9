//! The clients, and what each needs to be started.

use crate::groups::clients::Language::{self, Node, Python, Rust};

/// A client that can sign in by itself.
#[derive(Debug)]
pub(super) struct Client {
    /// As its users know it.
    pub(super) title: &'static str,
    pub(super) language: Language,
    /// A script of `tests/clients`.
    pub(super) script: &'static str,
    /// The words of the script.
    pub(super) words: &'static str,
    /// Its redirect URI; `PORT` stands for a port that is chosen for it.
    pub(super) redirect: &'static str,
}

/// All of them, the most used first.
pub(super) const CLIENTS: [Client; 8] = [
    Client {
        title: "Python `mcp` 2.3.0",
        language: Python,
        script: "oauth_python_mcp.py",
        words: "",
        redirect: "http://127.0.0.1:PORT/callback",
    },
    Client {
        title: "TypeScript `@modelcontextprotocol/sdk` 1.32.2",
        language: Node,
        script: "oauth_ts_sdk_v1.mjs",
        words: "",
        redirect: "http://127.0.0.1:PORT/callback",
    },
    Client {
        title: "`mcp-remote` 0.15.1",
        language: Node,
        script: "oauth_mcp_remote.mjs",
        words: "legacy",
        redirect: "http://localhost:PORT/oauth/callback",
    },
    Client {
        title: "TypeScript `@modelcontextprotocol/client` 2.4.0, 2025-11-25",
        language: Node,
        script: "oauth_ts_client_v2.mjs",
        words: "legacy",
        redirect: "http://127.0.0.1:PORT/callback",
    },
    Client {
        title: "TypeScript `@modelcontextprotocol/client` 2.4.0, 2026-07-28",
        language: Node,
        script: "oauth_ts_client_v2.mjs",
        words: "modern",
        redirect: "http://127.0.0.1:PORT/callback",
    },
    Client {
        title: "`fastmcp` 4.1.0",
        language: Python,
        script: "oauth_fastmcp.py",
        words: "",
        redirect: "http://localhost:PORT/callback",
    },
    Client {
        title: "`@modelcontextprotocol/inspector` 2.12.0, command line",
        language: Node,
        script: "oauth_inspector.mjs",
        words: "modern",
        redirect: "http://127.0.0.1:PORT/oauth/callback",
    },
    Client {
        title: "Rust `rmcp` 3.9, feature `auth`",
        language: Rust,
        script: "oauth-rmcp",
        words: "",
        redirect: "http://127.0.0.1:PORT/callback",
    },
];

/// Not a client, but it needs the same.
pub(super) const SUITE: Client = Client {
    title: "",
    language: Node,
    script: "oauth_conformance.mjs",
    words: "",
    redirect: "http://127.0.0.1:PORT/callback",
};

/// The one that a person with a real browser uses.
pub(super) const OF_BROWSER: &Client = &CLIENTS[1];

impl Client {
    /// For the names of cases and folders.
    pub(super) fn name(&self) -> String {
        let script = self.script.replace('_', "-");
        let stem = script.split('.').next().unwrap_or_default();
        let stem = stem.trim_start_matches("oauth-");
        let words = self.words.split_whitespace();
        let all: Vec<&str> = std::iter::once(stem).chain(words).collect();
        all.join("-")
    }

    /// Its redirect URI with this port.
    pub(super) fn redirect(&self, port: u16) -> String {
        self.redirect.replace("PORT", &port.to_string())
    }
}
