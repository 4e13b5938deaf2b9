//! Everything that is logged while a test listens.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, LazyLock, Mutex};

use gitlab_mcp_core::audit::TARGET;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Metadata, Subscriber};

/// What was heard; clones share it.
#[derive(Clone)]
pub(crate) struct Heard(Arc<Mutex<Vec<Line>>>);

/// Never the default of any thread. While there is one subscriber only, `tracing` asks the thread that
/// first comes by whether an event is wanted, and a thread of another test says no for all.
static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Heard(Arc::default())));

impl Default for Heard {
    fn default() -> Self {
        LazyLock::force(&ANOTHER);
        Self(Arc::default())
    }
}

#[derive(Default)]
struct Line {
    is_audit: bool,
    /// Event, outcome and reason of an audit event.
    story: Vec<String>,
    /// Auth mode and host of its GitLab.
    place: Vec<String>,
    /// Every field.
    text: String,
}

impl Heard {
    /// The audit events in their order: name, outcome, and reason where there is one. Each of them
    /// names the auth mode and the GitLab.
    pub(crate) fn events(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap();
        let audit: Vec<_> = lines.iter().filter(|line| line.is_audit).collect();
        for line in &audit {
            assert_eq!(line.place.len(), 2, "{}", line.text);
        }
        audit.iter().map(|line| line.story.join(" ")).collect()
    }

    /// Everything.
    pub(crate) fn text(&self) -> String {
        let lines = self.0.lock().unwrap();
        lines.iter().map(|line| line.text.as_str()).collect()
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if matches!(field.name(), "event" | "outcome" | "reason") && !value.is_empty() {
            self.story.push(value.to_owned());
        }
        if matches!(field.name(), "mode" | "instance") {
            self.place.push(value.to_owned());
        }
        self.record_debug(field, &value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.text, "{}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Heard {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line::default();
        span.record(&mut line);
        self.0.lock().unwrap().push(line);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line::default();
        values.record(&mut line);
        self.0.lock().unwrap().push(line);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line {
            is_audit: event.metadata().target() == TARGET,
            ..Line::default()
        };
        writeln!(line.text, "level={}", event.metadata().level()).unwrap();
        event.record(&mut line);
        self.0.lock().unwrap().push(line);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
