//! Whose requests are counted together: a principal's, or those of one network where every caller is
//! the same principal; and those of a network that presents nothing we accept.

use std::net::IpAddr;
use std::time::Duration;

use gitlab_mcp_core::auth::Principal;

use super::Refusal;
use super::rate::{Limit, Rate, exceeded, network};

/// Whose accepted requests share a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedBy {
    /// Those of one principal.
    Principal,
    /// Those of one network: every caller is the same principal.
    Address,
}

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
    counted_by: CountedBy,
}

impl Limits {
    /// `accepted` for each customer, `unaccepted` for each network without an accepted credential.
    pub(crate) fn new(
        accepted: Option<Limit>,
        unaccepted: Option<Limit>,
        counted_by: CountedBy,
    ) -> Self {
        Self {
            accepted: accepted.map(Rate::new),
            unaccepted: unaccepted.map(Rate::new),
            counted_by,
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
        let customer = match self.counted_by {
            CountedBy::Principal => Customer::Principal(principal.clone()),
            CountedBy::Address => Customer::Network(network(address)),
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
