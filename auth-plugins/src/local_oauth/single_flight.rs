//! One run for all who ask at the same time. The run is a task of its own: nobody who stops waiting
//! can cut it off.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

/// The end of a run; `None` when the run broke down.
type Landing<T> = Shared<BoxFuture<'static, Option<T>>>;

/// At most one run at a time.
pub(super) struct SingleFlight<T: Clone> {
    running: Mutex<Option<Landing<T>>>,
}

impl<T: Clone> Default for SingleFlight<T> {
    fn default() -> Self {
        Self {
            running: Mutex::new(None),
        }
    }
}

impl<T: Clone> fmt::Debug for SingleFlight<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlight")
            .field("running", &self.running().is_some())
            .finish()
    }
}

impl<T: Clone + Send + Sync + 'static> SingleFlight<T> {
    /// Waits for the present run, which is `work` when there was none.
    pub(super) async fn join(
        self: &Arc<Self>,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.present_or(work).await
    }

    fn present_or(self: &Arc<Self>, work: impl Future<Output = T> + Send + 'static) -> Landing<T> {
        let mut running = self.running();
        if let Some(landing) = &*running {
            return landing.clone();
        }
        let over = Over(Arc::clone(self));
        let task = tokio::spawn(async move {
            let _over = over;
            work.await
        });
        let landing = task.map(Result::ok).boxed().shared();
        *running = Some(landing.clone());
        landing
    }

    /// Waits for the present run, if there is one.
    pub(super) async fn landed(&self) {
        let landing = self.running().clone();
        if let Some(landing) = landing {
            landing.await;
        }
    }
}

impl<T: Clone> SingleFlight<T> {
    fn running(&self) -> MutexGuard<'_, Option<Landing<T>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room for the next run, however this one ends.
struct Over<T: Clone>(Arc<SingleFlight<T>>);

impl<T: Clone> Drop for Over<T> {
    fn drop(&mut self) {
        *self.0.running() = None;
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
        let first = flight.present_or(async move {
            wait.await.ok();
            count.fetch_add(1, Ordering::SeqCst)
        });
        let second = flight.present_or(async { unreachable!("a second run") });
        go.send(()).unwrap();
        assert_eq!((first.await, second.await), (Some(0), Some(0)));
        let count = Arc::clone(&runs);
        let third = flight.join(async move { count.fetch_add(1, Ordering::SeqCst) });
        assert_eq!(third.await, Some(1));
    }

    #[tokio::test]
    async fn a_run_goes_on_without_anybody_who_waits() {
        let flight = Arc::new(SingleFlight::default());
        let (go, wait) = oneshot::channel::<()>();
        let (done, ended) = oneshot::channel();
        drop(flight.present_or(async move {
            wait.await.ok();
            done.send(7).ok();
        }));
        go.send(()).unwrap();
        flight.landed().await;
        assert_eq!(ended.await, Ok(7));
    }

    #[tokio::test]
    async fn a_run_that_breaks_down_makes_room_for_the_next() {
        let flight = Arc::new(SingleFlight::<u8>::default());
        assert_eq!(flight.join(async { panic!("broken") }).await, None);
        assert_eq!(flight.join(async { 8 }).await, Some(8));
    }
}
