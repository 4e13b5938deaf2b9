//! The faults of an instance: which one hits a request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::Fault;
use super::selector::Seen;
use crate::clock::Timestamp;

/// The faults of an instance. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    faults: Vec<Fault>,
    dice: Dice,
}

/// A seeded source of chances (splitmix64).
#[derive(Debug, Default)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Always the same sequence for the same seed.
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// The next number from 0 up to, but not including, 1.
    pub(crate) fn chance(&mut self) -> f64 {
        let bits = u32::try_from(self.roll() >> 32).unwrap_or(0);
        f64::from(bits) / (f64::from(u32::MAX) + 1.0)
    }
}

impl FaultPlan {
    /// No faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fault; of several that hit a request, the one added first is used.
    pub fn add(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// As [`FaultPlan::add`], to be chained.
    #[must_use]
    pub fn with(self, fault: Fault) -> Self {
        self.add(fault);
        self
    }

    /// Ends all faults.
    pub fn clear(&self) {
        self.lock().faults.clear();
    }

    /// How many faults can still hit.
    pub fn count(&self) -> usize {
        self.lock().faults.len()
    }

    /// Those that can still hit, as they would be written.
    pub fn to_json(&self) -> Value {
        self.lock().faults.iter().map(Fault::to_json).collect()
    }

    /// What probabilities and ranges depend on.
    pub(crate) fn seed(&self, seed: u64) {
        self.lock().dice = Dice::seeded(seed);
    }

    /// Draws from the plan's dice.
    pub(crate) fn roll(&self) -> u64 {
        self.lock().dice.roll()
    }

    /// The fault for a request, if any; counts it.
    pub(crate) fn pick(&self, seen: &Seen<'_>) -> Option<Fault> {
        self.first(|fault| !fault.action.is_about_accepting() && fault.selector.means(seen))
    }

    /// The fault for a connection, if any; counts it.
    pub(crate) fn pick_connection(&self, now: Timestamp) -> Option<Fault> {
        self.first(|fault| fault.action.is_about_accepting() && fault.selector.is_time(now))
    }

    fn first(&self, means: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut state = self.lock();
        let State { faults, dice } = &mut *state;
        let mut hit = None;
        for fault in faults.iter_mut().filter(|fault| means(fault)) {
            fault.seen = fault.seen.saturating_add(1);
            let chance = match fault.selector.probability {
                Some(_) => dice.chance(),
                None => 0.0,
            };
            if fault.selector.hits(fault.seen, chance) {
                fault.hits = fault.hits.saturating_add(1);
                hit = Some(fault.clone());
                break;
            }
        }
        for fault in faults.iter_mut() {
            if let Some(next) = fault
                .then
                .take_if(|_| fault.selector.is_over(fault.seen, fault.hits))
            {
                *fault = *next;
            }
        }
        faults.retain(|fault| !fault.selector.is_over(fault.seen, fault.hits));
        hit
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
