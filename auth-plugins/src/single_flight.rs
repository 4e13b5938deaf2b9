//! One run for all who ask for the same thing at the same time. The run is a task of its own: nobody
//! who stops waiting can cut it off.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, join_all};

/// The end of a run; `None` when the run broke down.
type Landing<T> = Shared<BoxFuture<'static, Option<T>>>;

/// At most one run at a time for each key, and a bounded number of them.
pub(crate) struct SingleFlight<K, T: Clone> {
    most: usize,
    running: Mutex<HashMap<K, Landing<T>>>,
}

impl<T: Clone> Default for SingleFlight<(), T> {
    /// Of one thing there is one run.
    fn default() -> Self {
        Self::new(1)
    }
}

impl<K, T: Clone> SingleFlight<K, T> {
    /// At most `most` runs at a time.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            running: Mutex::default(),
        }
    }
}

impl<K, T: Clone> fmt::Debug for SingleFlight<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlight")
            .field("running", &self.running().len())
            .finish_non_exhaustive()
    }
}

impl<K, T> SingleFlight<K, T>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Waits for the present run of `key`, which is `work` when there was none. `None` when the run
    /// broke down, or when there are as many runs as there may be.
    pub(crate) async fn join(
        self: &Arc<Self>,
        key: K,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let landing = self.present_or(key, work)?;
        landing.await
    }

    fn present_or(
        self: &Arc<Self>,
        key: K,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<Landing<T>> {
        let mut running = self.running();
        if let Some(landing) = running.get(&key) {
            return Some(landing.clone());
        }
        if running.len() >= self.most {
            return None;
        }
        let over = Over {
            flight: Arc::clone(self),
            key: key.clone(),
        };
        let task = tokio::spawn(async move {
            let _over = over;
            work.await
        });
        let landing = task.map(Result::ok).boxed().shared();
        running.insert(key, landing.clone());
        Some(landing)
    }

    /// Waits for the runs that are under way.
    pub(crate) async fn landed(&self) {
        let running: Vec<_> = self.running().values().cloned().collect();
        join_all(running).await;
    }
}

impl<K, T: Clone> SingleFlight<K, T> {
    fn running(&self) -> MutexGuard<'_, HashMap<K, Landing<T>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room for the next run, however this one ends.
struct Over<K: Eq + Hash, T: Clone> {
    flight: Arc<SingleFlight<K, T>>,
    key: K,
}

impl<K: Eq + Hash, T: Clone> Drop for Over<K, T> {
    fn drop(&mut self) {
        self.flight.running().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn everybody_who_asks_meanwhile_gets_the_end_of_the_one_run() {
        let flight = Arc::new(SingleFlight::default());
        let runs = Arc::new(AtomicU32::new(0));
        let (go, wait) = oneshot::channel::<()>();
        let count = Arc::clone(&runs);
        let first = flight.present_or((), async move {
            wait.await.ok();
            count.fetch_add(1, Ordering::SeqCst)
        });
        let second = flight.present_or((), async { unreachable!("a second run") });
        go.send(()).unwrap();
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!((first.await, second.await), (Some(0), Some(0)));
        let count = Arc::clone(&runs);
        let third = flight.join((), async move { count.fetch_add(1, Ordering::SeqCst) });
        assert_eq!(third.await, Some(1));
    }

    #[tokio::test]
    async fn a_run_goes_on_without_anybody_who_waits() {
        let flight = Arc::new(SingleFlight::default());
        let (go, wait) = oneshot::channel::<()>();
        let (done, ended) = oneshot::channel();
        drop(flight.present_or((), async move {
            wait.await.ok();
            done.send(7).ok();
        }));
        go.send(()).unwrap();
        flight.landed().await;
        assert_eq!(ended.await, Ok(7));
    }

    #[tokio::test]
    async fn a_run_that_breaks_down_makes_room_for_the_next() {
        let flight = Arc::new(SingleFlight::<_, u8>::default());
        assert_eq!(flight.join((), async { panic!("broken") }).await, None);
        assert_eq!(flight.join((), async { 8 }).await, Some(8));
    }

    #[tokio::test]
    async fn different_things_run_side_by_side_up_to_the_bound() {
        let flight = Arc::new(SingleFlight::new(2));
        let (go, wait) = oneshot::channel::<()>();
        let first = flight.present_or("one", async move {
            wait.await.ok();
            1
        });
        assert_eq!(flight.join("two", async { 2 }).await, Some(2));
        let (let_go, gone) = oneshot::channel::<()>();
        let second = flight.present_or("two", async move {
            gone.await.ok();
            2
        });
        assert_eq!(flight.join("three", async { 3 }).await, None);
        assert!(flight.present_or("one", async { 4 }).is_some());
        go.send(()).unwrap();
        let_go.send(()).unwrap();
        assert_eq!(first.unwrap().await, Some(1));
        assert_eq!(second.unwrap().await, Some(2));
        assert_eq!(flight.join("three", async { 3 }).await, Some(3));
    }
}
