//! What is known about a tool besides its arguments: its effect, its paging, its kind of answer.

use serde_json::{Map, Value};

use crate::auth::Scope;

/// Tells from the arguments whether a call removes something.
pub type Deletes = fn(&Map<String, Value>) -> bool;

/// What a call does at GitLab. Decides permission modes and annotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Creates or changes.
    Write,
    /// Removes.
    Delete,
}

impl Effect {
    /// What a token must be granted for it.
    pub const fn scope(self) -> Scope {
        match self {
            Self::Read => Scope::ReadApi,
            Self::Write | Self::Delete => Scope::Api,
        }
    }
}

/// How a list is paged. <https://docs.gitlab.com/api/rest/#pagination>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// Not a list.
    None,
    /// `page` and `per_page`, totals in headers.
    Offset,
    /// `Link: rel=next` only.
    Keyset,
}

/// What GitLab's answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// A JSON object or list.
    Json,
    /// Text shown as it is: a file, a diff, a log.
    Text,
    /// Nothing (204), or a body that says nothing.
    Nothing,
}

/// Facts about one tool, written as `Facts::read()`, `Facts::write().destructive()` and so on.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, set by name"
)]
pub struct Facts {
    /// What it does at GitLab.
    pub effect: Effect,
    /// Changes who has access, credentials, or where data goes.
    pub admin: bool,
    /// Destroys or finalises something although its effect is not [`Effect::Delete`].
    pub destructive: bool,
    /// Calling it twice has the effect of calling it once.
    pub idempotent: bool,
    /// Left out of its tool set unless named.
    pub on_request: bool,
    /// How its list is paged.
    pub paging: Paging,
    /// What it answers.
    pub answers: Answers,
    /// Further names it is called by.
    pub aliases: &'static [&'static str],
    /// Further tool sets that switch it on.
    pub also_in: &'static [&'static str],
    /// Members kept of each item of a list; empty keeps all.
    pub fields: &'static [&'static str],
    /// Calls that count as [`Effect::Delete`] although the tool does not.
    pub deletes_when: Option<Deletes>,
}

impl Facts {
    const fn new(effect: Effect) -> Self {
        Self {
            effect,
            admin: false,
            destructive: matches!(effect, Effect::Delete),
            idempotent: !matches!(effect, Effect::Write),
            on_request: false,
            paging: Paging::None,
            answers: Answers::Json,
            aliases: &[],
            also_in: &[],
            fields: &[],
            deletes_when: None,
        }
    }

    /// A tool that changes nothing.
    pub const fn read() -> Self {
        Self::new(Effect::Read)
    }

    /// A tool that creates or changes.
    pub const fn write() -> Self {
        Self::new(Effect::Write)
    }

    /// A tool that removes.
    pub const fn delete() -> Self {
        Self::new(Effect::Delete)
    }

    /// See [`Facts::admin`].
    #[must_use]
    pub const fn admin(mut self) -> Self {
        self.admin = true;
        self
    }

    /// See [`Facts::destructive`].
    #[must_use]
    pub const fn destructive(mut self) -> Self {
        self.destructive = true;
        self
    }

    /// See [`Facts::idempotent`].
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// See [`Facts::on_request`].
    #[must_use]
    pub const fn on_request(mut self) -> Self {
        self.on_request = true;
        self
    }

    /// See [`Facts::paging`].
    #[must_use]
    pub const fn paged(mut self, paging: Paging) -> Self {
        self.paging = paging;
        self
    }

    /// See [`Facts::answers`].
    #[must_use]
    pub const fn answers(mut self, answers: Answers) -> Self {
        self.answers = answers;
        self
    }

    /// See [`Facts::aliases`].
    #[must_use]
    pub const fn also_called(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// See [`Facts::also_in`].
    #[must_use]
    pub const fn also_in(mut self, sets: &'static [&'static str]) -> Self {
        self.also_in = sets;
        self
    }

    /// See [`Facts::fields`].
    #[must_use]
    pub const fn fields(mut self, fields: &'static [&'static str]) -> Self {
        self.fields = fields;
        self
    }

    /// See [`Facts::deletes_when`].
    #[must_use]
    pub const fn deletes_when(mut self, deletes: Deletes) -> Self {
        self.deletes_when = Some(deletes);
        self
    }
}
