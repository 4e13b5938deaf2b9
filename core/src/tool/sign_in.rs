//! What a call does when nobody is signed in: the person is shown the page, and the call waits for
//! a while. MCP 2026-07-28, client/elicitation, URL mode.

use std::collections::BTreeMap;

use super::{Context, ErrorCode, ToolError};
use crate::auth::SignInPage;
use crate::conversation::{AskError, Question, Reply};
use crate::gitlab::{ApiError, Situation};
use crate::random::token;

/// The question's key.
const QUESTION: &str = "sign_in";

/// What the person said.
enum Said {
    /// They opened the page, or signed in already.
    Yes,
    No,
    /// The client cannot ask, so the model has to pass the link on.
    Nothing,
}

impl Context {
    /// Asks the person to sign in at `page` and waits for that.
    ///
    /// # Errors
    /// [`ToolError`] when it did not happen in time. The link stands in it only when the client
    /// could not show the page.
    pub(super) async fn sign_in(&self, page: &SignInPage) -> Result<(), ToolError> {
        match self.ask_to_sign_in(page).await? {
            Said::No => Err(ToolError::new(
                ErrorCode::Unauthorized,
                "nobody is signed in to GitLab: the user did not open the sign-in page",
                "ask the user whether to sign in, then repeat the call",
            )),
            Said::Yes | Said::Nothing if self.gitlab.signed_in(&self.caller).await => Ok(()),
            Said::Yes => Err(ToolError::new(
                ErrorCode::Unauthorized,
                "nobody is signed in to GitLab: the sign-in has not been finished",
                "ask the user to finish the sign-in in the browser, then repeat the call",
            )),
            Said::Nothing => {
                let situation = Situation::SignInFirst(page.clone());
                Err(ApiError::new(situation).into_tool_error())
            }
        }
    }

    async fn ask_to_sign_in(&self, page: &SignInPage) -> Result<Said, ToolError> {
        let host = self.instance().host();
        let question = Question::Page {
            message: format!("Sign in to GitLab at {host}, so that the tools can work for you"),
            url: page.link().to_owned(),
            id: token(self.gitlab.random(), 16),
        };
        let questions = BTreeMap::from([(QUESTION.to_owned(), question)]);
        let mut asking = std::pin::pin!(self.conversation.ask(questions));
        // A person may sign in while the client still shows its question.
        let replies = tokio::select! {
            biased;
            replies = &mut asking => replies,
            true = self.gitlab.signed_in(&self.caller) => return Ok(Said::Yes),
        };
        match replies {
            Ok(replies) => Ok(match replies.get(QUESTION) {
                Some(Reply::Accepted(_)) => Said::Yes,
                _ => Said::No,
            }),
            Err(error @ AskError::Suspended(_)) => Err(error.into()),
            Err(AskError::NotSupported { .. } | AskError::Failed(_)) => Ok(Said::Nothing),
        }
    }
}
