//! The lease of a renewal: one holder over all replicas, kept alive while the work goes on.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gitlab_mcp_store::{Fence, Store, StoreError};

/// How long a holder that dies is waited for.
const LIFE: Duration = Duration::from_secs(10);
const RENEWED_EVERY: Duration = Duration::from_secs(3);

/// A lease that is held, or was until a moment ago.
#[derive(Debug)]
pub(super) struct Lease {
    store: Arc<dyn Store>,
    key: String,
    fence: AtomicU64,
}

impl Lease {
    /// Takes the lease `key`, unless somebody holds it.
    pub(super) async fn take(
        store: &Arc<dyn Store>,
        key: &str,
    ) -> Result<Option<Self>, StoreError> {
        let fence = store.lease(key, LIFE).await?;
        Ok(fence.map(|fence| Self {
            store: Arc::clone(store),
            key: key.to_owned(),
            fence: AtomicU64::new(fence.0),
        }))
    }

    /// What a write under this lease carries.
    pub(super) fn fence(&self) -> (String, Fence) {
        let number = self.fence.load(Ordering::Acquire);
        (self.key.clone(), Fence(number))
    }

    /// Takes the lease again after it was lost. Does nothing while somebody else holds it.
    pub(super) async fn regain(&self) {
        if let Ok(Some(fence)) = self.store.lease(&self.key, LIFE).await {
            self.fence.store(fence.0, Ordering::Release);
        }
    }

    /// Does the work while the lease is kept alive.
    pub(super) async fn hold<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            done = work => done,
            never = self.keep() => match never {},
        }
    }

    async fn keep(&self) -> Infallible {
        loop {
            tokio::time::sleep(RENEWED_EVERY).await;
            let (key, fence) = self.fence();
            // A lease that is lost shows when something is written under it.
            drop(self.store.renew(&key, fence, LIFE).await);
        }
    }

    /// Lets go.
    pub(super) async fn release(self) {
        let (key, fence) = self.fence();
        // A lease that cannot be released ends by itself.
        drop(self.store.release(&key, fence).await);
    }
}
