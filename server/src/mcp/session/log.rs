//! What was sent on one stream: kept for its reader, and for a while for one that resumes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{RequestId, ServerJsonRpcMessage};

use super::event::{Event, EventId};

/// Most events that wait for a reader.
const WAITING: usize = 64;
/// Events kept behind the reader: what it has read may be lost on the way.
const BEHIND: u64 = 16;

/// The events of a stream.
#[derive(Debug)]
pub(super) struct Log {
    stream: Option<u64>,
    events: VecDeque<Event>,
    next: u64,
    read: u64,
    reader: Option<u64>,
    cut: Option<Cut>,
    over: bool,
}

/// Where one reader is made to stop.
#[derive(Debug, Clone, Copy)]
struct Cut {
    reader: u64,
    index: u64,
}

/// What a reader finds.
#[derive(Debug)]
pub(super) enum Next {
    /// An event.
    Event(Event),
    /// Nothing yet.
    Wait,
    /// Nothing any more.
    End,
}

/// Whether an event may be missed.
fn is_news(event: &Event) -> bool {
    let message = event.message.as_deref();
    message.is_none_or(|one| matches!(one, ServerJsonRpcMessage::Notification(_)))
}

impl Log {
    /// An empty stream; `stream` is the number of the request's stream.
    pub(super) fn new(stream: Option<u64>) -> Self {
        // The client of the stream without a request may name 0 as what it has seen last.
        let next = u64::from(stream.is_none());
        Self {
            stream,
            events: VecDeque::new(),
            next,
            read: next,
            reader: None,
            cut: None,
            over: false,
        }
    }

    /// Adds a message.
    pub(super) fn push(&mut self, message: ServerJsonRpcMessage) {
        self.add(None, Some(Arc::new(message)));
    }

    /// Adds an event without a message.
    pub(super) fn prime(&mut self, retry: Duration) {
        self.add(Some(retry), None);
    }

    fn add(&mut self, retry: Option<Duration>, message: Option<Arc<ServerJsonRpcMessage>>) {
        let id = EventId {
            stream: self.stream,
            index: self.next,
        };
        self.next += 1;
        self.events.push_back(Event { id, retry, message });
        self.forget();
    }

    /// What a reader has long passed goes; so does the oldest notification a slow reader lags
    /// behind with: questions and answers are waited for, notifications are news.
    fn forget(&mut self) {
        while let Some(oldest) = self.events.front() {
            if oldest.id.index + BEHIND >= self.read {
                break;
            }
            self.events.pop_front();
        }
        if self.unread() > WAITING {
            let unread = self.events.iter().enumerate();
            let mut unread = unread.filter(|(_, event)| event.id.index >= self.read);
            let oldest = unread.clone().next();
            let place = unread.find(|(_, event)| is_news(event)).or(oldest);
            if let Some((place, _)) = place {
                self.events.remove(place);
            }
        }
    }

    fn unread(&self) -> usize {
        let read = self.read;
        self.events
            .iter()
            .filter(|event| event.id.index >= read)
            .count()
    }

    /// Nothing follows.
    pub(super) fn end(&mut self) {
        self.over = true;
    }

    /// True when nothing follows and everything was read.
    pub(super) fn is_done(&self) -> bool {
        self.over && self.unread() == 0
    }

    /// True when nothing follows.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// True when `reader` has the stream, or nobody has.
    pub(super) fn is_free_for(&self, reader: u64) -> bool {
        self.reader.is_none_or(|one| one == reader)
    }

    /// Index behind the last event that was read.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    /// Gives the stream to `reader`; false when it has it.
    pub(super) fn take(&mut self, reader: u64) -> bool {
        self.reader.replace(reader) != Some(reader)
    }

    /// `reader` has gone.
    pub(super) fn leave(&mut self, reader: u64) {
        if self.reader == Some(reader) {
            self.reader = None;
        }
    }

    /// Makes the reader stop behind what there is.
    pub(super) fn cut(&mut self) {
        let index = self.next;
        self.cut = self.reader.map(|reader| Cut { reader, index });
    }

    /// The event of this index or the next one there is.
    pub(super) fn at(&mut self, reader: u64, index: u64) -> Next {
        let mut rest = self.events.iter();
        if let Some(event) = rest.find(|event| event.id.index >= index) {
            let event = event.clone();
            self.read = self.read.max(event.id.index + 1);
            return Next::Event(event);
        }
        let is_cut = |cut: Cut| cut.reader == reader && index >= cut.index;
        if self.over || self.cut.is_some_and(is_cut) {
            return Next::End;
        }
        Next::Wait
    }

    /// True when the question `id` went out here.
    pub(super) fn asked(&self, id: &RequestId) -> bool {
        let messages = self
            .events
            .iter()
            .filter_map(|event| event.message.as_deref());
        let mut questions = messages.filter_map(|message| match message {
            ServerJsonRpcMessage::Request(request) => Some(&request.id),
            _ => None,
        });
        questions.any(|asked| asked == id)
    }
}
