//! Which message goes out where, and what a client that resumes still gets.

use gitlab_mcp_core::clock::ManualClock;
use rmcp::model::{ClientJsonRpcMessage, GetExtensions as _};
use serde_json::{Value, json};

use super::*;

/// A session's streams, and a clock for them.
struct Bench {
    clock: Arc<ManualClock>,
    streams: Arc<Streams>,
}

impl Bench {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        Self {
            streams: Streams::new(Arc::clone(&clock) as Arc<dyn Clock>),
            clock,
        }
    }

    /// The stream of the call `id`; its progress token is `p<id>`.
    fn call(&self, id: u32) -> Reader {
        let message = json!({
            "jsonrpc": "2.0", "id": id, "method": "tools/call",
            "params": { "name": "t", "_meta": { "progressToken": format!("p{id}") } },
        });
        let ClientJsonRpcMessage::Request(request) = serde_json::from_value(message).unwrap()
        else {
            panic!("a request");
        };
        self.streams.open(&request)
    }

    fn says(&self, message: Value) {
        self.streams
            .deliver(serde_json::from_value(message).unwrap());
    }

    fn answers(&self, id: u32) {
        self.says(json!({ "jsonrpc": "2.0", "id": id, "result": { "content": [], "n": id } }));
    }

    fn progresses(&self, id: u32, step: u32) {
        let params = json!({ "progressToken": format!("p{id}"), "progress": step });
        self.says(
            json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params }),
        );
    }

    fn tells(&self, number: usize) {
        let params = json!({ "level": "info", "data": number });
        self.says(json!({ "jsonrpc": "2.0", "method": "notifications/message", "params": params }));
    }

    /// The handler of the call `asker` asks its client.
    fn asks(&self, id: u32, asker: Option<i64>) {
        let mut message: ServerJsonRpcMessage = serde_json::from_value(json!({
            "jsonrpc": "2.0", "id": id, "method": "ping"
        }))
        .unwrap();
        if let (ServerJsonRpcMessage::Request(request), Some(asker)) = (&mut message, asker) {
            let asker = OriginatingRequestId(RequestId::Number(asker));
            request.request.extensions_mut().insert(asker);
        }
        self.streams.deliver(message);
    }
}

/// Short forms of all events that are there.
async fn read(reader: &mut Reader) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let next = tokio::select! {
            biased;
            next = reader.next() => next,
            () = tokio::task::yield_now() => break,
        };
        let Some(event) = next else {
            seen.push("end".to_owned());
            break;
        };
        seen.push(short(&event));
    }
    seen
}

fn short(event: &Event) -> String {
    let Some(message) = event.message.as_deref() else {
        return "primed".to_owned();
    };
    let message = serde_json::to_value(message).unwrap();
    let params = &message["params"];
    match message["method"].as_str() {
        None => format!("answer {}", message["id"]),
        Some("notifications/progress") => {
            format!(
                "progress {:.0}",
                params["progress"].as_f64().unwrap_or(-1.0)
            )
        }
        Some("notifications/message") => format!("log {}", params["data"]),
        Some("notifications/cancelled") => format!("cancelled {}", params["requestId"]),
        Some(_) => format!("question {}", message["id"]),
    }
}

fn last(stream: u64, index: u64) -> EventId {
    EventId {
        stream: Some(stream),
        index,
    }
}

#[tokio::test]
async fn every_message_goes_to_the_stream_it_belongs_to() {
    let bench = Bench::new();
    let (mut one, mut two) = (bench.call(1), bench.call(2));
    let mut rest = bench.streams.listen();
    bench.progresses(2, 5);
    bench.asks(1, Some(1));
    bench.asks(2, None);
    bench.asks(3, Some(99));
    bench.tells(7);
    bench.progresses(99, 6);
    let cancelled = json!({ "requestId": 1 });
    bench.says(
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancelled }),
    );
    bench.answers(2);
    bench.answers(1);
    assert_eq!(
        read(&mut one).await,
        ["primed", "question 1", "cancelled 1", "answer 1", "end"]
    );
    assert_eq!(
        read(&mut two).await,
        ["primed", "progress 5", "answer 2", "end"]
    );
    assert_eq!(
        read(&mut rest).await,
        ["question 2", "question 3", "log 7", "progress 6"]
    );
}

#[tokio::test]
async fn an_answer_waits_for_a_client_that_resumes_late_but_not_for_ever() {
    for (later, expected) in [(59, Some("answer 1")), (61, None)] {
        let bench = Bench::new();
        let mut reader = bench.call(1);
        reader.can_be_resumed();
        reader.handle().interrupt();
        assert_eq!(read(&mut reader).await, ["primed", "primed", "end"]);
        drop(reader);
        bench.answers(1);
        bench.clock.advance(Duration::from_secs(later));
        bench.streams.expire();
        let resumed = bench.streams.resume(last(1, 1));
        assert_eq!(resumed.is_some(), expected.is_some(), "{later} s");
        if let (Some(mut resumed), Some(expected)) = (resumed, expected) {
            assert_eq!(read(&mut resumed).await, [expected, "end"]);
            drop(resumed);
            assert!(bench.streams.resume(last(1, 1)).is_none(), "it was fetched");
        }
    }
}

#[tokio::test]
async fn only_some_answers_wait_and_none_of_a_client_that_cannot_resume() {
    let bench = Bench::new();
    for id in 1..=12 {
        let reader = bench.call(id);
        if id != 12 {
            reader.can_be_resumed();
        }
        drop(reader);
        bench.answers(id);
    }
    bench.streams.expire();
    let state = bench.streams.state();
    let kept: Vec<u64> = state.requests.iter().map(|one| one.number).collect();
    assert_eq!(kept, [4, 5, 6, 7, 8, 9, 10, 11]);
}

#[tokio::test]
async fn whoever_resumes_takes_the_stream_over() {
    let bench = Bench::new();
    let mut first = bench.call(1);
    first.can_be_resumed();
    bench.progresses(1, 1);
    bench.progresses(1, 2);
    assert_eq!(
        read(&mut first).await,
        ["primed", "progress 1", "progress 2"]
    );
    let mut second = bench.streams.resume(last(1, 1)).expect("the stream");
    assert_eq!(read(&mut first).await, ["end"]);
    drop(first);
    bench.answers(1);
    assert_eq!(read(&mut second).await, ["progress 2", "answer 1", "end"]);
}

#[tokio::test]
async fn what_belongs_to_no_request_is_read_once_by_whoever_is_there() {
    let bench = Bench::new();
    bench.tells(1);
    let mut first = bench.streams.listen();
    let mut second = bench.streams.listen();
    assert_eq!(read(&mut first).await, ["log 1"]);
    bench.tells(2);
    assert!(read(&mut second).await.is_empty(), "the first one reads");
    assert_eq!(read(&mut first).await, ["log 2"]);
    bench.tells(3);
    drop(first);
    assert_eq!(read(&mut second).await, ["log 3"]);
    let id = EventId {
        stream: None,
        index: 1,
    };
    let mut resumed = bench.streams.resume(id).expect("the stream");
    assert_eq!(read(&mut resumed).await, ["log 2", "log 3"]);
    bench.tells(4);
    assert!(
        read(&mut second).await.is_empty(),
        "its connection may be dead"
    );
    assert_eq!(read(&mut resumed).await, ["log 4"]);
}

#[tokio::test]
async fn a_slow_reader_misses_news_but_no_question_and_no_answer() {
    let bench = Bench::new();
    let mut reader = bench.call(1);
    bench.asks(1, Some(1));
    for step in 0..500 {
        bench.progresses(1, step);
    }
    bench.answers(1);
    let seen = read(&mut reader).await;
    assert_eq!(seen.len(), 65, "64 and the end: {seen:?}");
    for expected in ["question 1", "progress 499", "answer 1"] {
        assert!(
            seen.iter().any(|one| one == expected),
            "{expected}: {seen:?}"
        );
    }
}

#[tokio::test]
async fn events_that_were_read_are_not_kept_for_long() {
    let bench = Bench::new();
    let mut reader = bench.streams.listen();
    for number in 1..=100 {
        bench.tells(number);
        assert_eq!(read(&mut reader).await, [format!("log {number}")]);
    }
    drop(reader);
    let id = EventId {
        stream: None,
        index: 1,
    };
    let mut resumed = bench.streams.resume(id).expect("the stream");
    assert_eq!(read(&mut resumed).await.len(), 17);
}

#[tokio::test]
async fn a_cancelled_request_is_not_answered_and_an_ended_session_has_no_streams() {
    let bench = Bench::new();
    let (mut one, mut two) = (bench.call(1), bench.call(2));
    bench.streams.cancel(&RequestId::Number(1));
    bench.answers(1);
    assert_eq!(read(&mut one).await, ["primed", "end"]);
    bench.streams.close();
    assert_eq!(read(&mut two).await, ["end"]);
}
