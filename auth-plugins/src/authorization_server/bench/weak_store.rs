//! A store that a test can take away, and whose changes it can hold up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_store::{
    Change, Fence, Guarantees, Held, Namespace, Place, Store, StoreError, Taken, Updated, Value,
};

/// Another store, seen through a line that breaks.
#[derive(Debug)]
pub(crate) struct WeakStore {
    inner: Arc<dyn Store>,
    down: AtomicBool,
    writes: AtomicU64,
    reads: AtomicU64,
    unheard: AtomicU64,
}

impl WeakStore {
    pub(crate) fn over(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            down: AtomicBool::new(false),
            writes: AtomicU64::new(0),
            reads: AtomicU64::new(0),
            unheard: AtomicU64::new(0),
        })
    }

    /// Cuts the line, or mends it.
    pub(crate) fn cut(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// The next so many changes are made, and nobody hears so.
    pub(crate) fn lose_answers(&self, number: u64) {
        self.unheard.store(number, Ordering::SeqCst);
    }

    /// How many records were written, leases and counters not counted.
    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    /// How often a record was asked for.
    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }

    fn line(&self) -> Result<&Arc<dyn Store>, StoreError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("cut off by the test".to_owned()));
        }
        Ok(&self.inner)
    }

    fn wrote(&self) {
        self.writes.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Store for WeakStore {
    fn guarantees(&self) -> Guarantees {
        self.inner.guarantees()
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }

    async fn put_new(&self, at: &Place, value: Value, life: Duration) -> Result<bool, StoreError> {
        self.wrote();
        self.line()?.put_new(at, value, life).await
    }

    async fn get(&self, at: &Place) -> Result<Option<Held>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let held = self.line()?.get(at).await;
        // As over a network: others come first before the answer is used.
        tokio::task::yield_now().await;
        held
    }

    async fn take(
        &self,
        at: &Place,
        tombstone: Vec<u8>,
        life: Duration,
    ) -> Result<Taken, StoreError> {
        self.wrote();
        self.line()?.take(at, tombstone, life).await
    }

    async fn update(&self, at: &Place, change: Change) -> Result<Updated, StoreError> {
        let updated = match self.line() {
            Ok(inner) => inner.update(at, change).await,
            Err(error) => Err(error),
        };
        // A change that loses against another writes nothing.
        if !matches!(updated, Ok(Updated::Moved | Updated::Fenced)) {
            self.wrote();
        }
        let updated = updated?;
        let lose = |left: u64| left.checked_sub(1);
        match self
            .unheard
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, lose)
        {
            Ok(_) => Err(StoreError::Unavailable("the answer was lost".to_owned())),
            Err(_) => Ok(updated),
        }
    }

    async fn delete(&self, at: &Place) -> Result<bool, StoreError> {
        self.wrote();
        self.line()?.delete(at).await
    }

    async fn count(&self, namespace: Namespace) -> Result<u64, StoreError> {
        self.line()?.count(namespace).await
    }

    async fn lowest(
        &self,
        namespace: Namespace,
        up_to: i64,
        limit: usize,
    ) -> Result<Vec<(String, Held)>, StoreError> {
        let rows = self.line()?.lowest(namespace, up_to, limit).await;
        tokio::task::yield_now().await;
        rows
    }

    async fn lease(&self, key: &str, life: Duration) -> Result<Option<Fence>, StoreError> {
        self.line()?.lease(key, life).await
    }

    async fn renew(&self, key: &str, fence: Fence, life: Duration) -> Result<bool, StoreError> {
        self.line()?.renew(key, fence, life).await
    }

    async fn release(&self, key: &str, fence: Fence) -> Result<(), StoreError> {
        self.line()?.release(key, fence).await
    }

    async fn incr(&self, key: &str, window: Duration) -> Result<u64, StoreError> {
        self.line()?.incr(key, window).await
    }

    async fn expire(&self, batch: usize) -> Result<usize, StoreError> {
        self.line()?.expire(batch).await
    }
}
