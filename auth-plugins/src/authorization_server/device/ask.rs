//! The one place that asks GitLab whether a person has confirmed. RFC 8628 sections 3.4 and 3.5.
//!
//! At most once per flow and interval, whoever polls and on how many replicas: the record says when
//! it is due, and a lease lets one ask. A replica that dies while it asks leaves the lease behind,
//! which is held for at least the longest interval.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_store::{Fence, StoreError, Updated};
use tracing::{error, warn};

use super::{DeviceFlow, Exchanged, Failure, Kind, LONGEST_INTERVAL, SLOWER, Status};
use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::audit::{Event, From};
use crate::authorization_server::grant::{Code, Login, Method, Opens};
use crate::authorization_server::logins::{Beginning, NotBegun};
use crate::authorization_server::records::Found;
use crate::gitlab_oauth::GrantError;

/// Longer than an answer of GitLab can take, and not shorter than the longest interval.
const LEASE: Duration = Duration::from_mins(1);
/// How long a poll waits for GitLab before it is answered from the record.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often a step is written while the store has trouble or somebody else is faster.
const TRIES: u32 = 20;
/// The time between two of these when the store has trouble.
const PAUSE: Duration = Duration::from_millis(500);

/// Which flow GitLab is asked about.
struct Asking {
    handle: String,
    /// The key of its lease.
    key: String,
    from: From,
}

/// The right to ask, which a later holder takes away.
type Lease = (String, Fence);

/// A step that was not written: the lease or the flow is gone. Holds what would be lost with it.
struct Lost(Status);

impl AuthorizationServer {
    /// The flow that `found` was, after GitLab was asked if that was due. `None` when it is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn advance_device(
        self: &Arc<Self>,
        handle: &str,
        found: Found<DeviceFlow>,
        from: &From,
    ) -> Result<Option<Found<DeviceFlow>>, StoreError> {
        if !found.record.is_due(self.tokens.now(), self.millis()) {
            return Ok(Some(found));
        }
        let asking = Asking {
            handle: handle.to_owned(),
            key: format!("device:{}", found.record.id),
            from: from.clone(),
        };
        let server = Arc::clone(self);
        // Whoever polls may go away; what GitLab answers must not.
        let run = async move { server.ask_gitlab(&asking).await };
        let joined = self.device_asks.join(handle.to_owned(), run);
        if tokio::time::timeout(PATIENCE, joined).await.is_err() {
            return Ok(Some(found));
        }
        self.records.get(handle).await
    }

    /// Asks, unless another replica does.
    async fn ask_gitlab(&self, asking: &Asking) {
        let store = self.records.store();
        let asked = async {
            let Some(fence) = store.lease(&asking.key, LEASE).await? else {
                return Ok(());
            };
            let lease = (asking.key.clone(), fence);
            self.ask_gitlab_once(asking, &lease).await?;
            store.release(&asking.key, fence).await
        };
        // A lease that is not given back holds the others off for the longest interval.
        if let Err(error) = asked.await {
            let error: StoreError = error;
            warn!(%error, "a device login could not be carried on");
        }
    }

    async fn ask_gitlab_once(&self, asking: &Asking, lease: &Lease) -> Result<(), StoreError> {
        let Some(found) = self.asked_flow(asking).await? else {
            return Ok(());
        };
        let flow = &found.record;
        // Another holder may have asked between the look at the record and the lease.
        if matches!(flow.status, Status::Waiting) && flow.is_due(self.tokens.now(), self.millis()) {
            let answer = self.application.poll_device(&flow.code).await;
            let (status, interval) = match answer {
                Ok(tokens) => {
                    let exchanged = Exchanged::at(self.tokens.now(), tokens);
                    (Status::Exchanged(exchanged), flow.interval)
                }
                Err(error) => judge(&error, flow.interval),
            };
            if let Status::Failed(failure) = &status {
                self.note_device_failure(asking, flow, *failure);
            }
            if let Err(Lost(status)) = self.write_step(asking, lease, status, interval).await? {
                if let Status::Exchanged(lost) = status {
                    self.revoke_upstream(lost.access).await;
                }
                return Ok(());
            }
        }
        self.complete_device(asking, lease).await
    }

    /// Makes a login of GitLab's tokens, if there are any.
    async fn complete_device(&self, asking: &Asking, lease: &Lease) -> Result<(), StoreError> {
        let Some(mut found) = self.asked_flow(asking).await? else {
            return Ok(());
        };
        let flow = &mut found.record;
        let Status::Exchanged(exchanged) = mem::replace(&mut flow.status, Status::Waiting) else {
            return Ok(());
        };
        let (key, fence) = lease;
        drop(self.records.store().renew(key, *fence, LEASE).await);
        let beginning = Beginning {
            issuer: &flow.request.issuer,
            client: &flow.request.client,
            method: Method::Device,
        };
        let tokens = exchanged.tokens(self.tokens.now());
        let failure = match self.begin(tokens, beginning).await {
            Ok(login) => return self.approve_device(asking, lease, flow, &login).await,
            Err(NotBegun::Denied) => Failure::NotMember,
            Err(NotBegun::Unavailable) => Failure::Unfinished,
            Err(NotBegun::Unknown) => Failure::Refused,
        };
        self.note_device_failure(asking, flow, failure);
        let written = self.write_step(asking, lease, Status::Failed(failure), flow.interval);
        written.await.map(drop)
    }

    /// Stores the way to the login; only then does anybody hear of it.
    async fn approve_device(
        &self,
        asking: &Asking,
        lease: &Lease,
        flow: &DeviceFlow,
        login: &Login,
    ) -> Result<(), StoreError> {
        let request = flow.request.clone();
        let code = match flow.kind {
            Kind::Grant => Ok(None),
            Kind::Page { .. } | Kind::Json => {
                let opens = Opens::Stored(login.sid.clone());
                let code = self.code_for(opens, request);
                self.hand_out(&code).await.map(Some)
            }
        };
        let code = match code {
            Ok(code) => code,
            Err(error) => {
                // GitLab's tokens are still in the flow, for another login.
                drop(self.records.delete::<Login>(&login.sid).await);
                return Err(error);
            }
        };
        let soon = self.tokens.now() + self.rules.code_life.as_secs();
        let status = Status::Approved {
            sid: login.sid.clone(),
            ends: if code.is_some() {
                soon
            } else {
                soon.max(flow.ends)
            },
            code: code.clone(),
            short_end: self.short_end(login),
        };
        match self.write_step(asking, lease, status, flow.interval).await {
            Ok(Ok(())) => {}
            unwritten => {
                drop(self.records.delete::<Login>(&login.sid).await);
                if let Some(code) = code {
                    drop(self.records.delete::<Code>(&code).await);
                }
                return unwritten.map(drop);
            }
        }
        self.client_used(&flow.request.client).await;
        self.entry(Event::DeviceCompleted)
            .because(login.shortness())
            .client(&flow.request.client, &flow.request.client_name)
            .person(
                &login.subject,
                login.username.as_deref().unwrap_or_default(),
            )
            .scope(&login.scope)
            .login(&login.sid)
            .from(&asking.from)
            .write();
        Ok(())
    }

    /// Writes a step. What others wrote in between, such as the pace of the client, stays.
    async fn write_step(
        &self,
        asking: &Asking,
        lease: &Lease,
        mut status: Status,
        interval: u64,
    ) -> Result<Result<(), Lost>, StoreError> {
        let mut last = StoreError::Unavailable("the record changes all the time".to_owned());
        for _ in 0..TRIES {
            match self.asked_flow(asking).await {
                Ok(None) => return Ok(Err(Lost(status))),
                Ok(Some(mut found)) => {
                    found.record.status = status;
                    found.record.interval = interval;
                    found.record.due = self.millis().saturating_add(interval * 1_000);
                    let life = found.record.life(self.tokens.now(), self.rules.code_life);
                    let fence = Some(lease.clone());
                    let updated = self.records.update(&found, &found.record, life, fence);
                    match updated.await {
                        Ok(Updated::Done(_)) => return Ok(Ok(())),
                        Ok(Updated::Fenced | Updated::Absent) => {
                            return Ok(Err(Lost(found.record.status)));
                        }
                        Ok(Updated::Moved) => {
                            status = found.record.status;
                            continue;
                        }
                        Err(error) => {
                            status = found.record.status;
                            last = error;
                        }
                    }
                }
                Err(error) => last = error,
            }
            tokio::time::sleep(PAUSE).await;
        }
        if let Status::Exchanged(lost) = status {
            self.revoke_upstream(lost.access).await;
        }
        Err(last)
    }

    async fn asked_flow(&self, asking: &Asking) -> Result<Option<Found<DeviceFlow>>, StoreError> {
        self.records.get(&asking.handle).await
    }

    fn note_device_failure(&self, asking: &Asking, flow: &DeviceFlow, failure: Failure) {
        let event = match failure {
            Failure::NotMember => Event::GroupDenied,
            _ => Event::LoginFailed,
        };
        self.entry(event)
            .refused(failure.code())
            .client(&flow.request.client, &flow.request.client_name)
            .scope(&self.rules.scope)
            .from(&asking.from)
            .write();
    }
}

/// What follows from a poll that brought no tokens: by GitLab's code alone, whatever its text says.
fn judge(problem: &GrantError, interval: u64) -> (Status, u64) {
    let slower = (interval + SLOWER).min(LONGEST_INTERVAL);
    let failure = match problem {
        GrantError::Transient => return (Status::Waiting, slower),
        GrantError::Invalid => Failure::Refused,
        GrantError::Refused(code) => match code.as_str() {
            "authorization_pending" => return (Status::Waiting, interval),
            "slow_down" => return (Status::Waiting, slower),
            "access_denied" => Failure::Denied,
            "expired_token" => Failure::Expired,
            "invalid_grant" => Failure::Spent,
            code => {
                error!(
                    code,
                    "GitLab refuses this server's application in a device login: check its id and secret"
                );
                Failure::Refused
            }
        },
    };
    (Status::Failed(failure), interval)
}
