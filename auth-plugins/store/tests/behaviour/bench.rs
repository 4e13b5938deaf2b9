//! A backend under test: two processes of it, and its time.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_store::{Namespace, Place, Store};

/// What the suite needs of a backend.
#[async_trait]
pub(crate) trait Bench: Sync {
    /// The store as one process sees it.
    fn one(&self) -> Arc<dyn Store>;

    /// The store as another process sees it; the same one where nothing is shared.
    fn other(&self) -> Arc<dyn Store>;

    /// Lets time pass.
    async fn pass(&self, time: Duration);
}

/// Long enough for every case.
pub(crate) const LONG: Duration = Duration::from_mins(5);
/// Over soon.
pub(crate) const SHORT: Duration = Duration::from_millis(400);
/// Longer than [`SHORT`].
pub(crate) const AFTER: Duration = Duration::from_millis(600);

/// A place of a code.
pub(crate) fn code(key: &str) -> Place {
    Place::new(Namespace::Code, key)
}

/// One test for each behaviour, of the backend that the expression makes; `.await` in it is fine.
macro_rules! suite {
    ($make:expr) => {
        crate::bench::suite!(
            $make;
            records: a_value_is_stored_once, any_bytes_come_back, a_value_is_taken_once,
                one_change_wins, a_fenced_writer_cannot_write, it_says_what_it_is;
            lives: what_has_expired_is_absent, a_tombstone_expires, a_change_sets_the_life,
                expired_records_are_cleared_in_batches, counts_start_again_with_each_window,
                a_life_of_years_does_not_overflow;
            order: the_lowest_come_first, the_one_unused_for_longest_makes_room,
                due_work_is_found_put_off_and_done_once;
            leases: a_lease_has_one_holder, a_lease_is_kept_by_renewing;
        );
    };
    ($make:expr; $($file:ident: $($name:ident),+;)+) => {$($(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let bench = $make;
            crate::$file::$name(&bench).await;
        }
    )+)+};
}

pub(crate) use suite;
