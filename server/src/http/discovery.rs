//! What somebody without a credential may send where the auth mode allows discovery: the messages
//! that tell what this server is, and nothing that acts.

use super::message::{Seen, is_batch, read_batch};

/// Methods whose answer depends on the configuration of the server alone.
const METHODS: [&str; 5] = [
    "initialize",
    "notifications/initialized",
    "ping",
    "server/discover",
    "tools/list",
];

/// True when `body`, or every message of the batch in it, only discovers.
pub(super) fn only_discovers(body: &[u8]) -> bool {
    let may = |seen: &Seen<'_>| METHODS.contains(&seen.method());
    if is_batch(body) {
        read_batch(body).is_ok_and(|items| items.iter().all(|(_, seen)| may(seen)))
    } else {
        Seen::read(body).is_ok_and(|seen| may(&seen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(method: &str) -> String {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#)
    }

    #[test]
    fn only_the_listed_methods_discover() {
        for method in METHODS {
            assert!(only_discovers(message(method).as_bytes()), "{method}");
        }
        for method in [
            "tools/call",
            "tools/listen",
            "resources/list",
            "prompts/list",
            "completion/complete",
            "logging/setLevel",
            "notifications/cancelled",
            "Tools/List",
            "",
        ] {
            assert!(!only_discovers(message(method).as_bytes()), "{method}");
        }
    }

    #[test]
    fn a_batch_discovers_when_all_of_it_does() {
        let list = message("tools/list");
        let call = message("tools/call");
        assert!(only_discovers(format!("[{list},{list}]").as_bytes()));
        for body in [
            format!("[{list},{call}]"),
            format!("[{call}]"),
            "[]".to_owned(),
            r#"{"jsonrpc":"2.0","id":1,"result":{"method":"tools/list"}}"#.to_owned(),
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}"#.to_owned(),
            "tools/list".to_owned(),
            String::new(),
        ] {
            assert!(!only_discovers(body.as_bytes()), "{body}");
        }
    }
}
