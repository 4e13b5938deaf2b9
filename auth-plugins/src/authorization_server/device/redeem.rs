//! The device grant at the token endpoint. RFC 8628 sections 3.4 and 3.5.

use std::sync::Arc;

use gitlab_mcp_store::Updated;

use super::{DeviceFlow, Kind, LONGEST_INTERVAL, Pace, SLOWER, Status};
use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::audit::From;
use crate::authorization_server::client::Client;
use crate::authorization_server::error::{OAuthError, PAUSE};
use crate::authorization_server::grant::Login;
use crate::authorization_server::records::{Found, TakenRecord};
use crate::authorization_server::rules::DeviceRule;
use crate::authorization_server::site::Base;

/// A timer that fires every interval is a little early now and then; nobody is told off for that.
const JITTER: u64 = 500;
/// How often a poll counts itself while others do the same.
const TRIES: u32 = 5;

impl AuthorizationServer {
    /// The login behind a device code, for exactly one caller.
    ///
    /// # Errors
    /// `authorization_pending`, `slow_down`, `access_denied`, `expired_token`; `invalid_grant` for a
    /// code that is unknown, redeemed or of somebody else; `unsupported_grant_type` where the
    /// operator switched it off; 503 after which the same code may be tried again.
    pub(crate) async fn redeem_device(
        self: &Arc<Self>,
        base: &Base,
        client: &Client,
        device_code: &str,
        from: &From,
    ) -> Result<Login, OAuthError> {
        if self.rules.device != DeviceRule::On {
            return Err(OAuthError::bad(
                "unsupported_grant_type",
                "this server does not sign programs in by device; use authorization_code",
            ));
        }
        let found = self.records.get::<DeviceFlow>(device_code).await?;
        let mut found = found
            .filter(|found| is_for(&found.record, base, client))
            .ok_or_else(unknown)?;
        if matches!(found.record.status, Status::Waiting) {
            if found.record.ends <= self.tokens.now() {
                return Err(expired());
            }
            let counted = self.count_device_poll(device_code, found).await?;
            found = counted.ok_or_else(slow_down)?;
        }
        let flow = self.advance_device(device_code, found, from).await?;
        let flow = flow.ok_or_else(unknown)?.record;
        match flow.status {
            Status::Waiting | Status::Exchanged(_) => Err(pending()),
            Status::Failed(failure) => Err(OAuthError::bad(failure.code(), failure.description())),
            Status::Approved { sid, .. } => self.hand_out_device(device_code, &sid).await,
        }
    }

    /// The login for the first caller; the others come too late.
    async fn hand_out_device(&self, device_code: &str, sid: &str) -> Result<Login, OAuthError> {
        // Read before anything is used up: a store that fails here costs nothing.
        let login = self.login(sid).await?.ok_or_else(unknown)?;
        let life = self.rules.code_life;
        match self.records.take::<DeviceFlow>(device_code, life).await? {
            TakenRecord::First(_) => Ok(login.record),
            TakenRecord::Before { .. } | TakenRecord::Absent => Err(unknown()),
        }
    }

    /// Counts a poll of the client; one that is too early gives `None` and makes the next one later.
    async fn count_device_poll(
        &self,
        device_code: &str,
        mut found: Found<DeviceFlow>,
    ) -> Result<Option<Found<DeviceFlow>>, OAuthError> {
        for _ in 0..TRIES {
            let now = self.millis();
            let pace = found.record.pace;
            let wait = pace.interval.saturating_mul(1_000).saturating_sub(JITTER);
            let early = pace
                .polled
                .is_some_and(|polled| now < polled.saturating_add(wait));
            let counted = if early {
                Pace {
                    interval: (pace.interval + SLOWER).min(LONGEST_INTERVAL),
                    ..pace
                }
            } else {
                Pace {
                    polled: Some(now),
                    ..pace
                }
            };
            if counted == pace {
                return Ok(None);
            }
            found.record.pace = counted;
            let life = found.record.life(self.tokens.now(), self.rules.code_life);
            let updated = self
                .records
                .update(&found, &found.record, life, None)
                .await?;
            if early && updated != Updated::Moved {
                return Ok(None);
            }
            found = self
                .records
                .get::<DeviceFlow>(device_code)
                .await?
                .ok_or_else(unknown)?;
            let waiting = matches!(found.record.status, Status::Waiting);
            if matches!(updated, Updated::Done(_)) || !waiting {
                return Ok(Some(found));
            }
        }
        // So many at once are not one patient client.
        Err(OAuthError::unavailable(PAUSE))
    }
}

fn is_for(flow: &DeviceFlow, base: &Base, client: &Client) -> bool {
    flow.kind == Kind::Grant
        && flow.request.client == client.id
        && flow.request.issuer == base.issuer()
}

fn unknown() -> OAuthError {
    OAuthError::invalid_grant(
        "this device_code is not known, was redeemed, or belongs to another client; start again",
    )
}

fn expired() -> OAuthError {
    OAuthError::bad(
        "expired_token",
        "the code was not confirmed in time; start again",
    )
}

fn pending() -> OAuthError {
    OAuthError::bad(
        "authorization_pending",
        "the person has not confirmed at GitLab; ask again after the interval",
    )
}

fn slow_down() -> OAuthError {
    OAuthError::bad(
        "slow_down",
        "this poll was too early; wait 5 seconds longer than before between two polls",
    )
}
