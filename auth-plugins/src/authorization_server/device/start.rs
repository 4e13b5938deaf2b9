//! The beginning of every device login: GitLab hands out a code, and a record is made of it.
//! RFC 8628 section 3.1.

use std::time::Duration;

use gitlab_mcp_core::random;
use gitlab_mcp_store::StoreError;
use http::StatusCode;
use tracing::{error, warn};

use super::{DeviceFlow, Kind, LONGEST_INTERVAL, Links, Pace, Status};
use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::audit::{Event, From};
use crate::authorization_server::error::{OAuthError, PAUSE};
use crate::authorization_server::grant::Request;
use crate::gitlab_oauth::{DeviceError, DeviceGrant, GrantError};

/// Most device logins at a time. The ones under way are worth more than another one.
const MOST: u64 = 10_000;

/// A flow and the value that finds it: the flow state, or our device code.
pub(super) struct Started {
    pub(super) handle: String,
    pub(super) flow: DeviceFlow,
}

/// Why no flow began.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotStarted {
    /// The store cannot be asked, or holds too many flows.
    #[error("the state of this server cannot be reached or takes no more sign-ins")]
    Store,
    /// GitLab refuses.
    #[error(transparent)]
    GitLab(#[from] DeviceError),
    /// GitLab sends people somewhere else.
    #[error("GitLab names a sign-in page that is not its own")]
    Foreign,
}

impl std::convert::From<StoreError> for NotStarted {
    fn from(_: StoreError) -> Self {
        Self::Store
    }
}

impl NotStarted {
    /// Whether it may work a little later.
    pub(super) fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Store | Self::GitLab(DeviceError::Grant(GrantError::Transient))
        )
    }

    /// What a program is told. Only the operator can change most of it.
    pub(super) fn answer(&self) -> OAuthError {
        if self.is_transient() {
            return OAuthError::unavailable(PAUSE);
        }
        OAuthError {
            status: StatusCode::BAD_GATEWAY,
            ..OAuthError::bad("server_error", self.explained())
        }
    }

    /// What happened and what to do, for a page or a program.
    pub(super) fn explained(&self) -> String {
        let remedy = match self {
            Self::GitLab(DeviceError::NotThere) => {
                "sign in with a browser that comes back (redirect_uri) instead"
            }
            Self::GitLab(DeviceError::SwitchedOff) => {
                "ask the operator of this server to switch it on in the settings of the application"
            }
            _ => "tell the operator of this server",
        };
        let happened = match self {
            // GitLab's word is for the operator's log.
            Self::GitLab(DeviceError::Grant(_)) => "GitLab does not start a device sign-in".into(),
            other => other.to_string(),
        };
        format!("{happened}; {remedy}")
    }

    /// One word for the audit.
    const fn word(&self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::GitLab(DeviceError::NotThere) => "no_device_grant",
            Self::GitLab(DeviceError::SwitchedOff) => "device_grant_off",
            Self::GitLab(DeviceError::Grant(GrantError::Transient)) => "upstream_unavailable",
            Self::GitLab(DeviceError::Grant(_)) => "upstream_refused",
            Self::Foreign => "foreign_link",
        }
    }
}

impl AuthorizationServer {
    /// What will find another flow.
    pub(super) fn device_handle(&self) -> String {
        random::token(&*self.random, 32)
    }

    /// Begins a device login that `handle` finds.
    pub(super) async fn start_device(
        &self,
        handle: String,
        request: Request,
        kind: Kind,
        from: &From,
    ) -> Result<Started, NotStarted> {
        let (client, name) = (request.client.clone(), request.client_name.clone());
        let started = self.try_start_device(handle, request, kind).await;
        let entry = self
            .entry(Event::DeviceStarted)
            .client(&client, &name)
            .scope(&self.rules.scope)
            .from(from);
        match &started {
            Ok(_) => entry.write(),
            Err(reason) => {
                alarm(reason);
                entry.refused(reason.word()).write();
            }
        }
        started
    }

    async fn try_start_device(
        &self,
        handle: String,
        request: Request,
        kind: Kind,
    ) -> Result<Started, NotStarted> {
        if self.records.count::<DeviceFlow>().await? >= MOST {
            warn!("no device login is started: there are {MOST} already");
            return Err(NotStarted::Store);
        }
        let grant = self.application.authorize_device(&self.rules.scopes).await;
        let flow = self.device_flow(grant?, request, kind)?;
        let life = flow.life(self.tokens.now(), self.rules.code_life);
        let rank = i64::try_from(flow.ends).unwrap_or(i64::MAX);
        // 256 random bits meet nobody's place.
        self.records.put_ranked(&handle, &flow, rank, life).await?;
        Ok(Started { handle, flow })
    }

    fn device_flow(
        &self,
        grant: DeviceGrant,
        request: Request,
        kind: Kind,
    ) -> Result<DeviceFlow, NotStarted> {
        let links = Links::judge(&grant, &self.instance, &self.browser);
        let links = links.ok_or(NotStarted::Foreign)?;
        let least = self.rules.device_interval.as_secs().max(1);
        let interval = grant.interval.as_secs().max(least).min(LONGEST_INTERVAL);
        let life = grant.expires_in.min(self.rules.device_life);
        let first = Duration::from_secs(interval).as_millis();
        Ok(DeviceFlow {
            id: random::token(&*self.random, 8),
            request,
            kind,
            code: grant.code,
            user_code: grant.user_code,
            links,
            interval,
            due: self
                .millis()
                .saturating_add(u64::try_from(first).unwrap_or(u64::MAX)),
            ends: self.tokens.now().saturating_add(life.as_secs()),
            pace: Pace {
                interval,
                polled: None,
            },
            status: Status::Waiting,
        })
    }
}

/// Tells the operator what only the operator can change.
fn alarm(reason: &NotStarted) {
    match reason {
        NotStarted::GitLab(DeviceError::Grant(GrantError::Refused(code))) => {
            error!(
                code,
                "GitLab refuses this server's application: check its id, secret and scopes"
            );
        }
        NotStarted::Store | NotStarted::GitLab(DeviceError::Grant(GrantError::Transient)) => {
            warn!("no device login was started: {reason}");
        }
        reason => error!("no device login was started: {reason}"),
    }
}
