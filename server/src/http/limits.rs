//! Whose requests are counted together: a principal's, or those of one network where every caller is
//! the same principal; and those of a network that presents nothing we accept.

use std::net::IpAddr;
use std::time::Duration;

use gitlab_mcp_core::auth::Principal;

use super::Refusal;
use super::rate::{Limit, Rate, exceeded, network};

/// Whose accepted requests share a budget.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Customer {
    Principal(Principal),
    Network(IpAddr),
}

/// The budgets of this listener.
#[derive(Debug)]
pub(crate) struct Limits {
    accepted: Option<Rate<Customer>>,
    unaccepted: Option<Rate<IpAddr>>,
    one_identity: bool,
}

impl Limits {
    /// `accepted` for each principal, or for each network where all callers have `one_identity`;
    /// `unaccepted` for each network without an accepted credential.
    pub(crate) fn new(
        accepted: Option<Limit>,
        unaccepted: Option<Limit>,
        one_identity: bool,
    ) -> Self {
        Self {
            accepted: accepted.map(Rate::new),
            unaccepted: unaccepted.map(Rate::new),
            one_identity,
        }
    }

    /// Counts a request of an accepted caller.
    ///
    /// # Errors
    /// 429.
    pub(crate) fn accepted(
        &self,
        principal: &Principal,
        address: IpAddr,
        now: Duration,
    ) -> Result<(), Refusal> {
        let Some(rate) = &self.accepted else {
            return Ok(());
        };
        let customer = if self.one_identity {
            Customer::Network(network(address))
        } else {
            Customer::Principal(principal.clone())
        };
        rate.take(&customer, now).map_err(exceeded)
    }

    /// Counts a request of somebody without a credential who is served all the same. Such callers
    /// share one principal, so that their networks are counted.
    ///
    /// # Errors
    /// 429.
    pub(crate) fn discovering(&self, address: IpAddr, now: Duration) -> Result<(), Refusal> {
        let network = network(address);
        let taken = match (&self.unaccepted, &self.accepted) {
            (Some(rate), _) => rate.take(&network, now),
            (None, Some(rate)) => rate.take(&Customer::Network(network), now),
            (None, None) => Ok(()),
        };
        taken.map_err(exceeded)
    }

    /// Whether a credential from `address` is looked at at all.
    ///
    /// # Errors
    /// 429.
    pub(crate) fn may_present(&self, address: IpAddr, now: Duration) -> Result<(), Refusal> {
        let rate = self.unaccepted.as_ref();
        let wait = rate.and_then(|rate| rate.wait(&network(address), now));
        wait.map_or(Ok(()), |wait| Err(exceeded(wait)))
    }

    /// Counts a credential that was not accepted.
    pub(crate) fn refused(&self, address: IpAddr, now: Duration) {
        if let Some(rate) = &self.unaccepted {
            // An empty budget refuses the next request, not this one.
            rate.take(&network(address), now).unwrap_or_default();
        }
    }

    /// Forgets whose budget is whole.
    pub(crate) fn sweep(&self, now: Duration) {
        if let Some(rate) = &self.accepted {
            rate.sweep(now);
        }
        if let Some(rate) = &self.unaccepted {
            rate.sweep(now);
        }
    }
}
