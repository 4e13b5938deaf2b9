//! What a running tool says to its client, over the revision the client speaks.
#![expect(
    deprecated,
    reason = "logging, sampling and roots are deprecated in MCP; legacy clients still use them"
)]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_core::auth::Principal;
use gitlab_mcp_core::conversation::{
    AskError, Conversation, ListKind, LogLevel, Question, Reply, Suspension,
};
use rmcp::model::{
    ClientCapabilities, LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam,
    ProgressToken, ResourceUpdatedNotificationParam,
};
use rmcp::service::{Peer, RoleServer, ServiceError};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::request_state::Carried;
use super::session::OpenStream;
use super::standing::{Standing, rank};
use super::{LEGACY, Shared, questions};

/// Notices of progress that are sent without spacing them out.
const FREE_NOTICES: u32 = 10;
/// Least time between further ones.
const SPACING: Duration = Duration::from_millis(100);

/// One call's client.
pub(super) struct Dialogue {
    pub(super) shared: Arc<Shared>,
    pub(super) principal: Principal,
    pub(super) peer: Peer<RoleServer>,
    pub(super) manner: Manner,
    pub(super) client: ClientCapabilities,
    pub(super) token: Option<ProgressToken>,
    /// Least severity to send; `None` sends nothing.
    pub(super) level: Option<u8>,
    pub(super) cancel: CancellationToken,
    pub(super) carried: Carried,
    pub(super) progress: Mutex<Progress>,
}

/// How questions reach the client.
pub(super) enum Manner {
    /// As requests on the open stream; the negotiated revision decides which kinds exist.
    Requests {
        version: String,
        standing: Arc<Standing>,
        stream: Option<OpenStream>,
    },
    /// By ending the call, which is then run again.
    Suspension,
    /// Not at all: a legacy client without a session.
    Nothing,
}

/// What has been reported so far.
#[derive(Debug, Default)]
pub(super) struct Progress {
    last: Option<f64>,
    sent: u32,
    at: Duration,
}

impl Progress {
    /// True when a notice of `progress` grows and is not too soon.
    fn admits(&mut self, progress: f64, done: bool, now: Duration) -> bool {
        if !progress.is_finite() || self.last.is_some_and(|last| progress <= last) {
            return false;
        }
        let soon = self.sent >= FREE_NOTICES && now.saturating_sub(self.at) < SPACING;
        if soon && !done {
            return false;
        }
        self.last = Some(progress);
        self.sent = self.sent.saturating_add(1);
        self.at = now;
        true
    }
}

impl fmt::Debug for Dialogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialogue")
            .field("principal", &self.principal)
            .finish_non_exhaustive()
    }
}

impl Dialogue {
    /// True when `question` exists in the client's revision and the client declared its kind.
    fn can_ask(&self, question: &Question) -> bool {
        let in_revision = match (&self.manner, question) {
            (Manner::Nothing, _) => false,
            (Manner::Requests { version, .. }, Question::Form { .. }) => {
                LEGACY.iter().skip(1).any(|known| known == version)
            }
            (Manner::Requests { version, .. }, Question::Page { .. }) => {
                LEGACY.last().is_some_and(|last| last == version)
            }
            _ => true,
        };
        in_revision && questions::can_ask(&self.client, question)
    }

    /// The answers that came with this run, or the questions still open.
    fn carried_answers(
        &self,
        questions: BTreeMap<String, Question>,
    ) -> Result<BTreeMap<String, Reply>, AskError> {
        let mut replies = BTreeMap::new();
        let mut open = BTreeMap::new();
        for (key, question) in questions {
            let answer = self.carried.answers.get(&key);
            match answer.and_then(|answer| questions::reply(&question, answer)) {
                Some(reply) => drop(replies.insert(key, reply)),
                None => drop(open.insert(key, question)),
            }
        }
        if open.is_empty() {
            return Ok(replies);
        }
        Err(AskError::Suspended(Suspension {
            questions: open,
            missing_capability: None,
            state: None,
        }))
    }

    async fn request(&self, question: &Question) -> Result<Reply, AskError> {
        let failed = |error: ServiceError| AskError::Failed(error.to_string());
        let answer = match question {
            Question::Form { .. } | Question::Page { .. } => {
                let params = questions::elicitation(question).ok_or_else(not_a_form)?;
                let result = self.peer.create_elicitation(params).await.map_err(failed)?;
                serde_json::to_value(result)
            }
            Question::Sample { prompt, max_tokens } => {
                let params = questions::sampling(prompt, *max_tokens);
                let result = self.peer.create_message(params).await.map_err(failed)?;
                serde_json::to_value(result)
            }
            Question::Roots => serde_json::to_value(self.peer.list_roots().await.map_err(failed)?),
        };
        answer
            .ok()
            .and_then(|answer| questions::reply(question, &answer))
            .ok_or_else(|| AskError::Failed("its answer has no known form".to_owned()))
    }
}

fn not_a_form() -> AskError {
    AskError::Failed("the form is not a flat object schema, so it was not sent".to_owned())
}

#[async_trait]
impl Conversation for Dialogue {
    async fn progress(&self, progress: f64, total: Option<f64>, message: Option<String>) {
        let Some(token) = &self.token else { return };
        let done = total.is_some_and(|total| progress >= total);
        let now = self.shared.app.clock.monotonic();
        let admitted = self
            .progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .admits(progress, done, now);
        if !admitted || self.cancel.is_cancelled() {
            return;
        }
        let mut notice = ProgressNotificationParam::new(token.clone(), progress);
        notice.total = total;
        notice.message = message;
        drop(self.peer.notify_progress(notice).await);
    }

    async fn log(&self, level: LogLevel, logger: &str, data: Value) {
        let threshold = match &self.manner {
            Manner::Requests { standing, .. } => self.level.map(|_| standing.level()),
            Manner::Suspension | Manner::Nothing => self.level,
        };
        if threshold.is_none_or(|threshold| rank(level) < threshold) {
            return;
        }
        let word = match level {
            LogLevel::Debug => LoggingLevel::Debug,
            LogLevel::Info => LoggingLevel::Info,
            LogLevel::Warning => LoggingLevel::Warning,
            LogLevel::Error => LoggingLevel::Error,
        };
        let notice = LoggingMessageNotificationParam::new(word, data).with_logger(logger);
        drop(self.peer.notify_logging_message(notice).await);
    }

    async fn list_changed(&self, kind: ListKind) {
        if matches!(self.manner, Manner::Requests { .. }) {
            let sent = match kind {
                ListKind::Tools => self.peer.notify_tool_list_changed().await,
                ListKind::Prompts => self.peer.notify_prompt_list_changed().await,
                ListKind::Resources => self.peer.notify_resource_list_changed().await,
            };
            drop(sent);
        }
        let listeners = &self.shared.listeners;
        listeners.list_changed(&self.principal, kind).await;
    }

    async fn resource_updated(&self, uri: &str) {
        if let Manner::Requests { standing, .. } = &self.manner
            && standing.watches(uri)
        {
            let notice = ResourceUpdatedNotificationParam::new(uri);
            drop(self.peer.notify_resource_updated(notice).await);
        }
        let listeners = &self.shared.listeners;
        listeners.resource_updated(&self.principal, uri).await;
    }

    async fn ask(
        &self,
        questions: BTreeMap<String, Question>,
    ) -> Result<BTreeMap<String, Reply>, AskError> {
        if let Some(question) = questions.values().find(|question| !self.can_ask(question)) {
            return Err(AskError::NotSupported {
                capability: questions::needs(question),
            });
        }
        if matches!(self.manner, Manner::Suspension) {
            return self.carried_answers(questions);
        }
        let mut replies = BTreeMap::new();
        for (key, question) in questions {
            let reply = self.request(&question).await?;
            replies.insert(key, reply);
        }
        Ok(replies)
    }

    fn state(&self) -> Option<Value> {
        self.carried.state.clone()
    }

    fn supports(&self, capability: &str) -> bool {
        !matches!(self.manner, Manner::Nothing) && questions::declares(&self.client, capability)
    }

    async fn interrupt_stream(&self) {
        if let Manner::Requests {
            stream: Some(stream),
            ..
        } = &self.manner
        {
            stream.interrupt();
        }
    }

    async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_grows_and_is_spaced_out() {
        let mut progress = Progress::default();
        let now = Duration::from_secs(1);
        assert!(progress.admits(0.0, false, now));
        assert!(!progress.admits(0.0, false, now));
        assert!(!progress.admits(f64::NAN, false, now));
        for step in 1..10 {
            assert!(progress.admits(f64::from(step), false, now));
        }
        assert!(!progress.admits(11.0, false, now + Duration::from_millis(50)));
        assert!(progress.admits(12.0, false, now + SPACING));
        assert!(progress.admits(100.0, true, now + SPACING));
        assert!(!progress.admits(50.0, false, now + Duration::from_secs(9)));
    }
}
