//! Bodies that are not what their headers say.

use std::io::Write;
use std::sync::OnceLock;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::answer::Answer;
use crate::faults::Payload;

/// Size of a gzip bomb when unpacked.
const BOMB: usize = 100 * 1024 * 1024;
/// What is added to a body that is too big.
const HUGE: usize = 2 * 1024 * 1024;
/// Depth of the nested lists.
const DEPTH: usize = 100_000;

/// Spoils the body of an answer; its status stays.
pub(super) fn spoil(payload: Payload, answer: Answer) -> Answer {
    let body = match payload {
        Payload::WrongContentType => {
            return Answer {
                content_type: "text/plain",
                ..answer
            };
        }
        Payload::WrongEncoding => return answer.header("Content-Encoding", "gzip"),
        Payload::GzipBomb => {
            let answer = answer.header("Content-Encoding", "gzip");
            return as_json(answer).with_body(bomb());
        }
        Payload::Huge => return grown(answer),
        Payload::Empty => Bytes::new(),
        Payload::InvalidUtf8 => Bytes::from_static(b"{\"id\":1,\"name\":\"caf\xe9\"}"),
        Payload::InvalidJson => Bytes::from_static(b"{\"id\":1,\"name\":"),
        Payload::NotANumber => Bytes::from_static(b"{\"id\":NaN,\"iid\":Infinity}"),
        Payload::Deep => Bytes::from(["[".repeat(DEPTH), "]".repeat(DEPTH)].concat()),
        Payload::DuplicateKeys => {
            Bytes::from_static(b"{\"id\":1,\"id\":2,\"name\":\"a\",\"name\":\"b\"}")
        }
    };
    as_json(answer).with_body(body)
}

fn grown(answer: Answer) -> Answer {
    let body = match serde_json::from_slice(&answer.body) {
        Ok(Value::Object(mut all)) => {
            all.insert("padding".to_owned(), "x".repeat(HUGE).into());
            Value::Object(all).to_string().into_bytes()
        }
        _ => [&answer.body, " ".repeat(HUGE).as_bytes()].concat(),
    };
    answer.with_body(Bytes::from(body))
}

fn as_json(answer: Answer) -> Answer {
    Answer {
        content_type: "application/json",
        ..answer
    }
}

/// Made once per process: packing takes longer than a request should.
fn bomb() -> Bytes {
    static BOMB_PACKED: OnceLock<Bytes> = OnceLock::new();
    let pack = || {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        let zeros = vec![b'0'; 1024 * 1024];
        for _ in 0..BOMB / zeros.len() {
            // Writing to a Vec cannot fail.
            packer.write_all(&zeros).ok();
        }
        Bytes::from(packer.finish().unwrap_or_default())
    };
    BOMB_PACKED.get_or_init(pack).clone()
}
