//! `requestState` of a suspended call: answers so far, bound to the call and its caller by a MAC.
//! MCP 2026-07-28, basic/utilities/mrtr.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gitlab_mcp_core::auth::Principal;
use gitlab_mcp_core::random::Random;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// How long a client may take to answer.
const LIFE: Duration = Duration::from_mins(10);
/// Longest accepted state in bytes.
const LONGEST: usize = 64 * 1024;
const BLOCK: usize = 64;

/// Which call a state belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Binding<'a> {
    pub(super) principal: &'a Principal,
    pub(super) method: &'static str,
    pub(super) name: &'a str,
    pub(super) arguments: &'a Map<String, Value>,
}

/// What is carried from one run of a call to the next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Carried {
    /// Answers of the client so far, as it sent them.
    pub(super) answers: BTreeMap<String, Value>,
    /// What the tool asked to see again.
    pub(super) state: Option<Value>,
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    expires: u64,
    carried: Carried,
}

/// The key of this process.
pub(super) struct RequestState {
    key: [u8; 32],
}

impl std::fmt::Debug for RequestState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RequestState")
    }
}

impl RequestState {
    /// A fresh key: states do not outlive the process.
    pub(super) fn new(random: &dyn Random) -> Self {
        let mut key = [0; 32];
        random.fill(&mut key);
        Self { key }
    }

    /// Seals `carried` for the call that `binding` names. `now` is the monotonic time.
    pub(super) fn seal(&self, binding: Binding<'_>, carried: Carried, now: Duration) -> String {
        let envelope = Envelope {
            expires: (now + LIFE).as_secs(),
            carried,
        };
        let body = serde_json::to_vec(&envelope).unwrap_or_default();
        let tag = self.tag(binding, &body);
        format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(body),
            URL_SAFE_NO_PAD.encode(tag)
        )
    }

    /// Opens a state; `None` when it is altered, expired or of another call.
    pub(super) fn open(&self, binding: Binding<'_>, state: &str, now: Duration) -> Option<Carried> {
        if state.len() > LONGEST {
            return None;
        }
        let (body, tag) = state.split_once('.')?;
        let body = URL_SAFE_NO_PAD.decode(body).ok()?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        if !bool::from(self.tag(binding, &body).ct_eq(tag.as_slice())) {
            return None;
        }
        let envelope: Envelope = serde_json::from_slice(&body).ok()?;
        (envelope.expires >= now.as_secs()).then_some(envelope.carried)
    }

    /// HMAC-SHA-256 (RFC 2104) over every bound part, each with its length in front.
    fn tag(&self, binding: Binding<'_>, body: &[u8]) -> [u8; 32] {
        let principal = binding.principal;
        let arguments = serde_json::to_vec(&sorted(binding.arguments)).unwrap_or_default();
        let parts: [&[u8]; 7] = [
            principal.instance().base().as_bytes(),
            principal.subject().as_bytes(),
            principal.client().unwrap_or_default().as_bytes(),
            binding.method.as_bytes(),
            binding.name.as_bytes(),
            &arguments,
            body,
        ];
        let mut inner = Sha256::new();
        inner.update(self.padded(0x36));
        for part in parts {
            inner.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            inner.update(part);
        }
        let mut outer = Sha256::new();
        outer.update(self.padded(0x5c));
        outer.update(inner.finalize());
        outer.finalize().into()
    }

    fn padded(&self, with: u8) -> [u8; BLOCK] {
        let mut block = [with; BLOCK];
        for (target, byte) in block.iter_mut().zip(self.key) {
            *target ^= byte;
        }
        block
    }
}

/// The same members whatever order the client sent them in.
fn sorted(arguments: &Map<String, Value>) -> BTreeMap<&String, &Value> {
    arguments.iter().collect()
}

#[cfg(test)]
mod tests {
    use gitlab_mcp_core::gitlab::Instance;
    use gitlab_mcp_core::random::SeededRandom;
    use serde_json::json;

    use super::*;

    fn principal(subject: &str) -> Principal {
        let instance = Instance::parse("https://gitlab.example").unwrap();
        Principal::new(instance, subject)
    }

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    fn carried() -> Carried {
        Carried {
            answers: BTreeMap::from([("name".to_owned(), json!({ "action": "accept" }))]),
            state: Some(json!({ "step": 2 })),
        }
    }

    #[test]
    fn a_state_comes_back_for_the_same_call_only() {
        let seal = RequestState::new(&SeededRandom::new(1));
        let (ann, bob) = (principal("1"), principal("2"));
        let (same, other) = (object(&json!({"a": 1, "b": 2})), object(&json!({"a": 2})));
        let binding = Binding {
            principal: &ann,
            method: "tools/call",
            name: "delete_branch",
            arguments: &same,
        };
        let now = Duration::from_secs(100);
        let state = seal.seal(binding, carried(), now);
        assert_eq!(seal.open(binding, &state, now), Some(carried()));
        let reordered = object(&json!({"b": 2, "a": 1}));
        let again = Binding {
            arguments: &reordered,
            ..binding
        };
        assert_eq!(seal.open(again, &state, now), Some(carried()));
        for wrong in [
            Binding {
                principal: &bob,
                ..binding
            },
            Binding {
                method: "prompts/get",
                ..binding
            },
            Binding {
                name: "get_branch",
                ..binding
            },
            Binding {
                arguments: &other,
                ..binding
            },
        ] {
            assert_eq!(seal.open(wrong, &state, now), None, "{wrong:?}");
        }
    }

    #[test]
    fn an_altered_or_old_state_is_refused() {
        let seal = RequestState::new(&SeededRandom::new(1));
        let ann = principal("1");
        let arguments = Map::new();
        let binding = Binding {
            principal: &ann,
            method: "tools/call",
            name: "x",
            arguments: &arguments,
        };
        let now = Duration::ZERO;
        let state = seal.seal(binding, carried(), now);
        assert_eq!(
            seal.open(binding, &state, now + LIFE + Duration::from_secs(1)),
            None
        );
        let other = RequestState::new(&SeededRandom::new(2));
        assert_eq!(other.open(binding, &state, now), None);
        for bad in [
            "",
            ".",
            "x.y",
            &state.replace('.', ""),
            &format!("{state}A"),
            &format!("A{state}"),
        ] {
            assert_eq!(seal.open(binding, bad, now), None, "{bad}");
        }
    }
}
