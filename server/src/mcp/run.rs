//! One run of a tool, prompt or resource: its client, its deadline, and what an unanswered run
//! means on the wire. MCP 2026-07-28, basic/utilities/mrtr and basic/utilities/cancellation.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use gitlab_mcp_core::auth::Caller;
use gitlab_mcp_core::conversation::Suspension;
use gitlab_mcp_core::random::token;
use gitlab_mcp_core::tool::{Context, Entry, ErrorCode, ToolError, ToolOutput};
use http::request::Parts;
use rmcp::model::{ErrorData, InputRequiredResult, InputResponses, MetaObject};
use serde_json::{Value, json};
use tracing::error;

use super::dialogue::{Dialogue, Manner, Progress};
use super::handler::{Handler, Request, wire_rank};
use super::questions;
use super::request_state::{Binding, Carried};
use super::session::OpenStream;
use crate::audit;

/// What a repeated call brings along.
pub(super) struct Resumed {
    pub(super) responses: Option<InputResponses>,
    pub(super) state: Option<String>,
}

/// How a run ended that has no answer.
pub(super) enum Ended {
    /// The client has to answer first.
    Waits(InputRequiredResult),
    /// A protocol error.
    Refused(ErrorData),
    /// A failure the model can act on.
    Failed(Box<ToolError>),
}

/// One run, and everything its end needs.
pub(super) struct Run<'a> {
    handler: &'a Handler,
    request: &'a Request,
    caller: &'a Caller,
    binding: Binding<'a>,
    carried: Carried,
}

impl<'a> Run<'a> {
    /// Opens what an earlier run left, and adds the answers that came now.
    pub(super) fn new(
        handler: &'a Handler,
        request: &'a Request,
        caller: &'a Caller,
        binding: Binding<'a>,
        resumed: Resumed,
    ) -> Result<Self, ErrorData> {
        let now = handler.shared.app.clock.monotonic();
        let mut carried = match &resumed.state {
            None => Carried::default(),
            Some(state) => handler
                .shared
                .seal
                .open(binding, state, now)
                .ok_or_else(bad_state)?,
        };
        carried
            .answers
            .extend(resumed.responses.unwrap_or_default());
        Ok(Self {
            handler,
            request,
            caller,
            binding,
            carried,
        })
    }

    /// What the running code gets.
    pub(super) fn context(&self) -> Context {
        let app = &self.handler.shared.app;
        Context {
            caller: self.caller.clone(),
            gitlab: Arc::clone(&app.gitlab),
            settings: Arc::clone(&app.tool_settings),
            conversation: Arc::new(self.dialogue()),
        }
    }

    /// `_meta` of the result: modern results name the server.
    pub(super) fn meta(&self) -> Option<MetaObject> {
        Handler::is_modern(self.request).then(|| self.handler.shared.identity_meta.clone())
    }

    fn dialogue(&self) -> Dialogue {
        let (handler, request) = (self.handler, self.request);
        let modern = Handler::is_modern(request);
        let manner = match &handler.standing {
            _ if modern => Manner::Suspension,
            None => Manner::Nothing,
            Some(standing) => Manner::Requests {
                version: request
                    .protocol_version()
                    .map(|version| version.as_str().to_owned())
                    .unwrap_or_default(),
                standing: Arc::clone(standing),
                stream: request.extensions.get::<OpenStream>().cloned(),
            },
        };
        let level = match &manner {
            _ if !handler.shared.declared.logging => None,
            Manner::Nothing => None,
            Manner::Requests { standing, .. } => Some(standing.level()),
            Manner::Suspension => request.meta.log_level().map(wire_rank),
        };
        Dialogue {
            shared: Arc::clone(&handler.shared),
            principal: self.caller.principal().clone(),
            peer: request.peer.clone(),
            manner,
            client: request.client_capabilities().unwrap_or_default(),
            token: request.meta.get_progress_token(),
            level,
            cancel: request.ct.clone(),
            carried: self.carried.clone(),
            progress: Mutex::new(Progress::default()),
        }
    }

    /// Waits for `work` until the deadline. Work that changes nothing stops when the client
    /// cancels; a write goes on, because GitLab may have acted already.
    pub(super) async fn finish<T>(
        &self,
        reads: bool,
        work: impl Future<Output = Result<T, ToolError>>,
    ) -> Result<T, Ended> {
        let limit = self.handler.shared.app.tool_timeout;
        let stopped = async {
            if reads {
                self.request.ct.cancelled().await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        let error = tokio::select! {
            biased;
            finished = AssertUnwindSafe(work).catch_unwind() => match finished {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => error,
                Err(_) => return Err(Ended::Refused(self.incident())),
            },
            () = stopped => cancelled(),
            () = tokio::time::sleep(limit) => timed_out(reads, limit),
        };
        Err(self.ended(error))
    }

    /// What a run without an answer means on the wire.
    fn ended(&self, mut error: ToolError) -> Ended {
        let Some(suspension) = error.suspended.take() else {
            return Ended::Failed(Box::new(error));
        };
        let modern = Handler::is_modern(self.request);
        match suspension.missing_capability {
            Some(capability) if modern => {
                let required = questions::required(capability);
                Ended::Refused(ErrorData::missing_required_client_capability(required))
            }
            Some(_) => Ended::Failed(Box::new(error)),
            None if modern => self.suspend(*suspension),
            None => Ended::Failed(Box::new(ToolError::new(
                ErrorCode::InvalidParams,
                "this call has to ask the user, and this client cannot be asked",
                "use a client that keeps a session or speaks the 2026-07-28 revision",
            ))),
        }
    }

    fn suspend(&self, suspension: Suspension) -> Ended {
        let client = self.request.client_capabilities().unwrap_or_default();
        let open = &suspension.questions;
        if let Some(question) = open
            .values()
            .find(|question| !questions::can_ask(&client, question))
        {
            let required = questions::required(questions::needs(question));
            return Ended::Refused(ErrorData::missing_required_client_capability(required));
        }
        let Some(requests) = questions::input_requests(open) else {
            return Ended::Refused(self.incident());
        };
        let carried = Carried {
            answers: self.carried.answers.clone(),
            state: suspension.state,
        };
        let shared = &self.handler.shared;
        let now = shared.app.clock.monotonic();
        let state = shared.seal.seal(self.binding, carried, now);
        let requests = (!requests.is_empty()).then_some(requests);
        let waits = InputRequiredResult::new(requests, Some(state));
        Ended::Waits(waits.with_meta(shared.identity_meta.clone()))
    }

    /// Leaves word of a call that changes something.
    pub(super) fn record_write(&self, entry: &Entry, ended: &Result<ToolOutput, Ended>) {
        let app = &self.handler.shared.app;
        let word;
        let ended = match ended {
            Ok(_) => audit::Ended::Done,
            Err(Ended::Waits(_)) => audit::Ended::Waits,
            Err(Ended::Refused(error)) if error.code == rmcp::model::ErrorCode::INTERNAL_ERROR => {
                audit::Ended::Failed("internal")
            }
            Err(Ended::Refused(_)) => audit::Ended::Refused("protocol"),
            Err(Ended::Failed(error)) => {
                word = error.code.word();
                match error.code {
                    ErrorCode::NotEnabled | ErrorCode::PermissionMode => {
                        audit::Ended::Refused(&word)
                    }
                    _ => audit::Ended::Failed(&word),
                }
            }
        };
        let id = serde_json::to_string(&self.request.id).unwrap_or_default();
        let call = audit::Write {
            entry,
            arguments: self.binding.arguments,
            caller: self.caller,
            parts: self.request.extensions.get::<Parts>(),
            id: &id,
        };
        self.handler
            .shared
            .audit
            .write_tool_called(app, call, ended);
    }

    /// Our bug: logged under a number the client can report.
    fn incident(&self) -> ErrorData {
        let number = token(self.handler.shared.app.random.as_ref(), 9);
        error!(incident = %number, method = self.binding.method, name = self.binding.name,
            "a plugin panicked");
        let data: Value = json!({ "incident": number });
        ErrorData::internal_error(
            format!("internal error; tell the operator of this server incident {number}"),
            Some(data),
        )
    }
}

fn bad_state() -> ErrorData {
    ErrorData::invalid_params(
        "requestState is altered, expired or of another call: start again without it",
        None,
    )
}

fn cancelled() -> ToolError {
    ToolError::new(
        ErrorCode::Cancelled,
        "the client cancelled the call",
        "call again if the answer is still needed",
    )
}

fn timed_out(reads: bool, limit: Duration) -> ToolError {
    let seconds = limit.as_secs();
    if reads {
        return ToolError::new(
            ErrorCode::Timeout,
            format!("the call took longer than {seconds} s and was stopped"),
            "ask for less at once, for example a smaller page",
        );
    }
    ToolError::new(
        ErrorCode::OutcomeUnknown,
        format!("the call took longer than {seconds} s; GitLab may have made the change"),
        "look whether the change was made before calling again",
    )
}
