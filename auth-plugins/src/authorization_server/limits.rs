//! How often one address may ask each endpoint, and how often all together may.
//!
//! An address is counted in this process and in the store, where replicas that share one count
//! together. The process refuses what is beyond the limit by itself, so a flood costs the store
//! nothing, and it is what counts while the store cannot be asked: with several replicas an address
//! then has the limit once for each, which is bounded, where refusing would lock everybody out.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::ConnectInfo;
use http::request::Parts;
use tracing::warn;

use super::AuthorizationServer;
use super::error::OAuthError;
use super::rules::Rules;

/// All addresses together may ask as often as this many addresses at their limit.
const ALL: u64 = 50;
/// Most addresses that are counted in the process at a time.
const MOST: usize = 16_384;

/// What is limited, each by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Limited {
    /// `/register`, by the hour.
    Register,
    /// `/authorize`, by the minute as all that follow.
    Authorize,
    /// `/consent`.
    Consent,
    /// The callback.
    Callback,
    /// `/token`, but for the polls of device sign-ins.
    Token,
    /// `/revoke`.
    Revoke,
    /// `/oauth/poll` and the polls of device sign-ins at `/token`, by the second.
    Poll,
    /// `/oauth/device_authorization`.
    Device,
}

impl Limited {
    const fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Authorize => "authorize",
            Self::Consent => "consent",
            Self::Callback => "callback",
            Self::Token => "token",
            Self::Revoke => "revoke",
            Self::Poll => "poll",
            Self::Device => "device",
        }
    }

    /// How many requests of one address in how long a time.
    fn budget(self, rules: &Rules) -> (u64, Duration) {
        match self {
            Self::Register => (rules.registrations_per_hour.into(), Duration::from_hours(1)),
            // Pages and programs ask by themselves, at the pace they are told.
            Self::Poll => (10, Duration::from_secs(1)),
            _ => (rules.requests_per_minute.into(), Duration::from_mins(1)),
        }
    }
}

/// Requests since the first of a window.
#[derive(Debug, Clone, Copy)]
struct Window {
    seen: u64,
    until: Duration,
}

/// The counters of this process.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    all: BTreeMap<Limited, Window>,
    each: BTreeMap<(Limited, String), Window>,
}

/// Why a request is refused, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exceeded {
    Address(Duration),
    All(Duration),
}

impl Limits {
    /// Counts one request of `who`; the time left in its window.
    fn count(
        &self,
        route: Limited,
        who: &str,
        (most, window): (u64, Duration),
        now: Duration,
    ) -> Result<Duration, Exceeded> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let Counts { all, each } = &mut *counts;
        let fresh = Window {
            seen: 0,
            until: now.saturating_add(window),
        };
        let key = (route, who.to_owned());
        let present = |known: Option<&Window>| known.copied().filter(|one| one.until > now);
        let mut own = present(each.get(&key)).unwrap_or(fresh);
        // An address at its limit uses up nothing that belongs to the others.
        if own.seen >= most {
            return Err(Exceeded::Address(own.until.saturating_sub(now)));
        }
        let mut total = present(all.get(&route)).unwrap_or(fresh);
        if total.seen >= most.saturating_mul(ALL) {
            return Err(Exceeded::All(total.until.saturating_sub(now)));
        }
        own.seen = own.seen.saturating_add(1);
        total.seen = total.seen.saturating_add(1);
        all.insert(route, total);
        if each.len() >= MOST && !each.contains_key(&key) {
            make_room(each, now);
        }
        each.insert(key, own);
        Ok(own.until.saturating_sub(now))
    }

    #[cfg(test)]
    fn counted(&self) -> usize {
        self.counts.lock().unwrap().each.len()
    }
}

/// Lets go what is over, and if that is too little the quarter that is over first.
fn make_room(each: &mut BTreeMap<(Limited, String), Window>, now: Duration) {
    each.retain(|_, window| window.until > now);
    if each.len() < MOST {
        return;
    }
    let mut ends: Vec<Duration> = each.values().map(|window| window.until).collect();
    let (_, last, _) = ends.select_nth_unstable(MOST / 4);
    let last = *last;
    each.retain(|_, window| window.until > last);
}

/// Whom an address stands for: an IPv6 subscriber has a whole /56 network.
fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 72 << 72)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

impl AuthorizationServer {
    /// Counts this request of its address.
    ///
    /// # Errors
    /// 429 `too_many_requests` when the address, or all together, asked too often.
    pub(crate) async fn limit(&self, route: Limited, request: &Parts) -> Result<(), OAuthError> {
        let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
        // Whoever comes without an address shares one budget.
        let who = peer.map_or_else(String::new, |peer| subscriber(peer.0.ip()).to_string());
        let kind = format!("limit {}", route.name());
        // Neither memory nor store learns the address itself.
        let who = self.keys.look_up(&kind, &who).swap_remove(0);
        let budget @ (most, window) = route.budget(&self.rules);
        let left = match self
            .limits
            .count(route, &who, budget, self.clock.monotonic())
        {
            Ok(left) => left,
            Err(Exceeded::Address(wait)) => return Err(OAuthError::too_many_requests(wait)),
            Err(Exceeded::All(wait)) => return Err(everybody(route, wait)),
        };
        let key = format!("limit:{}:{who}", route.name());
        match self.records.store().incr(&key, window).await {
            // When the shared window ends is not known here; it is no longer than the own one.
            Ok(seen) if seen > most => Err(OAuthError::too_many_requests(left)),
            Ok(_) => Ok(()),
            Err(error) => {
                warn!(%error, route = route.name(), "requests are counted in this process alone");
                Ok(())
            }
        }
    }
}

fn everybody(route: Limited, wait: Duration) -> OAuthError {
    warn!(route = route.name(), "all clients together ask too often");
    OAuthError {
        description: "this server is asked too often at the moment; wait as long as Retry-After \
                      says"
            .to_owned(),
        ..OAuthError::too_many_requests(wait)
    }
}

#[cfg(test)]
mod tests;
