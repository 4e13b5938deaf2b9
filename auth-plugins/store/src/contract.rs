//! The contract of every backend.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

/// Longest value in bytes.
pub const MAX_VALUE: usize = 64 * 1024;

/// Longest life of anything, about a hundred years. A longer one is cut to it, because the
/// databases count to different ends of time.
pub const MAX_LIFE: Duration = Duration::from_hours(24 * 365 * 100);

/// What kind of record it is. Keys of different namespaces never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Namespace {
    /// A registered client (RFC 7591).
    Client,
    /// A login on its way through GitLab.
    Pending,
    /// A consent form that has been sent back.
    ConsentUsed,
    /// An authorization code (RFC 6749 section 4.1.2).
    Code,
    /// A login: the grant behind our tokens.
    Login,
    /// A device flow (RFC 8628).
    Device,
    /// A token or login that ended before its time (RFC 7009).
    Revoked,
    /// What a user approved, and for whom.
    Approval,
    /// A GitLab token that is still to be revoked.
    Outbox,
}

impl Namespace {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Client,
        Self::Pending,
        Self::ConsentUsed,
        Self::Code,
        Self::Login,
        Self::Device,
        Self::Revoked,
        Self::Approval,
        Self::Outbox,
    ];

    /// The name in keys and columns: lower-case letters and underscores.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Pending => "pending",
            Self::ConsentUsed => "consent_used",
            Self::Code => "code",
            Self::Login => "login",
            Self::Device => "device",
            Self::Revoked => "revoked",
            Self::Approval => "approval",
            Self::Outbox => "outbox",
        }
    }
}

/// Where a record is: its namespace and its key, a digest or a public identifier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// What kind of record.
    pub namespace: Namespace,
    /// Which one. Never a bearer value.
    pub key: String,
}

impl Place {
    /// The place of `key`.
    pub fn new(namespace: Namespace, key: impl Into<String>) -> Self {
        let key = key.into();
        Self { namespace, key }
    }
}

/// What is stored at a place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Value {
    /// Bytes, at most [`MAX_VALUE`] of them.
    pub bytes: Vec<u8>,
    /// Orders the records of a namespace: what is due first, or may go first, has the lowest.
    /// Ranks beyond 2^53 on either side are kept, but may share an order with their neighbours.
    pub rank: i64,
}

impl Value {
    /// A value without a rank of its own.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: bytes.into(),
            rank: 0,
        }
    }

    /// Refuses what is longer than [`MAX_VALUE`].
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.bytes.len() > MAX_VALUE {
            return Err(StoreError::TooLong(self.bytes.len()));
        }
        Ok(())
    }

    /// The same value at another rank.
    #[must_use]
    pub fn ranked(mut self, rank: i64) -> Self {
        self.rank = rank;
        self
    }
}

/// A stored value and which one it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The value.
    pub value: Value,
    /// Grows with every change of this record.
    pub version: u64,
}

/// How a [`Store::take`] ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// This caller, and no other, has it.
    First(Held),
    /// Somebody had it before.
    Before {
        /// What that one left.
        tombstone: Vec<u8>,
        /// How long ago.
        ago: Duration,
    },
    /// There is nothing, or not any more.
    Absent,
}

/// A change that may lose against another.
#[derive(Debug, Clone)]
pub struct Change {
    /// The version it was made from.
    pub expected: u64,
    /// The lease the writer must still hold, and its number.
    pub fence: Option<(String, Fence)>,
    /// What shall stand there.
    pub value: Value,
    /// How long, from the moment of the change.
    pub life: Duration,
}

/// How a [`Store::update`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Updated {
    /// Done; the version it has.
    Done(u64),
    /// Another change was first: read again.
    Moved,
    /// The lease went to somebody else.
    Fenced,
    /// There is nothing to change.
    Absent,
}

/// The number of a lease: whoever holds the highest may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Fence(pub u64);

/// What a backend can promise.
#[expect(
    clippy::struct_excessive_bools,
    reason = "five promises that do not depend on each other"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guarantees {
    /// What was answered survives a restart.
    pub durable: bool,
    /// Several processes see one state.
    pub shared: bool,
    /// A value is taken once, whoever asks.
    pub one_time: bool,
    /// What ended stays ended.
    pub revocation: bool,
    /// One holder at a time.
    pub lease: bool,
}

/// The backend cannot do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be asked; later it may. The text names no address and no value.
    #[error("the state store is not available: {0}")]
    Unavailable(String),
    /// The value is longer than [`MAX_VALUE`].
    #[error("a value of {0} bytes is too long for the state store")]
    TooLong(usize),
}

/// The state of the authorization server. Every operation is atomic, over all processes that
/// share the backend, and durable before it returns where the backend is durable at all.
///
/// Expiry is judged by the backend's clock where it has one. What has expired is absent. No life is
/// longer than [`MAX_LIFE`].
///
/// # Errors
/// Every operation: [`StoreError::Unavailable`] when the backend cannot be asked.
#[async_trait]
pub trait Store: Debug + Send + Sync + 'static {
    /// What this backend promises.
    fn guarantees(&self) -> Guarantees;

    /// One line for the log at start: which backend it is and what a crash may cost, as its own
    /// settings say. Holds no address and no password.
    fn describe(&self) -> String;

    /// Stores a value where none is; false when the place is taken, by a tombstone too.
    ///
    /// # Errors
    /// [`StoreError::TooLong`] besides.
    async fn put_new(&self, at: &Place, value: Value, life: Duration) -> Result<bool, StoreError>;

    /// The value, as the last write of anybody left it.
    async fn get(&self, at: &Place) -> Result<Option<Held>, StoreError>;

    /// Takes the value away, for exactly one caller, and leaves `tombstone` for `life`.
    async fn take(
        &self,
        at: &Place,
        tombstone: Vec<u8>,
        life: Duration,
    ) -> Result<Taken, StoreError>;

    /// Changes a value that is still the one it was made from.
    ///
    /// # Errors
    /// [`StoreError::TooLong`] besides.
    async fn update(&self, at: &Place, change: Change) -> Result<Updated, StoreError>;

    /// Deletes a value or tombstone; false when there was none.
    async fn delete(&self, at: &Place) -> Result<bool, StoreError>;

    /// How many values a namespace holds; tombstones do not count.
    async fn count(&self, namespace: Namespace) -> Result<u64, StoreError>;

    /// The values of the lowest ranks up to `up_to`, lowest first, at most `limit`. With the time of
    /// the last use as rank, `lowest(of, i64::MAX, 1)` is what has to make room; with the time at
    /// which work is due, `lowest(of, now, n)` is what has to be done.
    async fn lowest(
        &self,
        namespace: Namespace,
        up_to: i64,
        limit: usize,
    ) -> Result<Vec<(String, Held)>, StoreError>;

    /// Becomes the holder of `key`, unless somebody is.
    async fn lease(&self, key: &str, life: Duration) -> Result<Option<Fence>, StoreError>;

    /// Holds on; false when the lease is lost.
    async fn renew(&self, key: &str, fence: Fence, life: Duration) -> Result<bool, StoreError>;

    /// Lets go. Does nothing when the lease is lost.
    async fn release(&self, key: &str, fence: Fence) -> Result<(), StoreError>;

    /// Counts one more in the present window of `key`; the window starts with its first count.
    async fn incr(&self, key: &str, window: Duration) -> Result<u64, StoreError>;

    /// Clears away what has expired, at most `batch` records; how many went.
    async fn expire(&self, batch: usize) -> Result<usize, StoreError>;
}
