//! The sealed form: a judged request on its way through the consent page.

use std::time::Duration;

use gitlab_mcp_core::random;
use gitlab_mcp_store::StoreError;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::grant::Request;
use crate::authorization_server::keys::Purpose;
use crate::authorization_server::site::Base;

/// How long a person may think.
pub(super) const LIFE: Duration = Duration::from_mins(10);

/// What the form carries.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::authorization_server) struct Form {
    /// Its own id, remembered once it has been sent back.
    id: String,
    /// Unix seconds.
    ends: u64,
    /// What is asked for.
    pub(in crate::authorization_server) request: Request,
    /// Whether the browser was offered to remember the answer.
    pub(in crate::authorization_server) may_remember: bool,
}

impl AuthorizationServer {
    /// A form for `request`.
    pub(in crate::authorization_server) fn form(
        &self,
        request: Request,
        may_remember: bool,
    ) -> Form {
        Form {
            id: random::token(&*self.random, 16),
            ends: self.tokens.now().saturating_add(LIFE.as_secs()),
            request,
            may_remember,
        }
    }

    /// The form as the browser that has `word` can send it back.
    pub(in crate::authorization_server) fn seal_form(
        &self,
        base: &Base,
        word: &str,
        form: &Form,
    ) -> String {
        // A plain struct with text keys always has a JSON form.
        let plain = serde_json::to_vec(form).unwrap_or_default();
        let context = [base.issuer().as_bytes(), word.as_bytes()];
        self.keys
            .seal_text(Purpose::ConsentForm, &context, &plain, &*self.random)
    }

    /// The form of [`AuthorizationServer::seal_form`], unless its time is over.
    pub(in crate::authorization_server) fn open_form(
        &self,
        base: &Base,
        word: &str,
        sealed: &str,
    ) -> Option<Form> {
        let context = [base.issuer().as_bytes(), word.as_bytes()];
        let opened = self
            .keys
            .open_text(Purpose::ConsentForm, &context, sealed)
            .ok()?;
        let form: Form = serde_json::from_slice(&opened.plain).ok()?;
        (form.ends > self.tokens.now()).then_some(form)
    }

    /// Uses a form up; false when it was before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn use_form(&self, form: &Form) -> Result<bool, StoreError> {
        self.use_up(&form.id, form.ends).await
    }
}

/// Whether two words are the same; takes the same time wherever they differ.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}
