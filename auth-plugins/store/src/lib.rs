//! What the OAuth authorization server remembers: clients, pending logins, codes, logins, device
//! flows, and what has been revoked.
//!
//! One trait, [`Store`], and one suite of behaviour in `tests/` that every backend runs. A backend
//! says with [`Guarantees`] what it can promise; a mode that needs more does not start with it.
//!
//! Values are bytes that the caller has already sealed: a dump of any backend holds digests and
//! ciphertext, never a token.

mod contract;
mod memory;
mod open;
mod postgresql;
mod redis;
mod sqlite;

pub use contract::{
    Change, Fence, Guarantees, Held, MAX_LIFE, MAX_VALUE, Namespace, Place, Store, StoreError,
    Taken, Updated, Value,
};
pub use memory::Memory;
pub use open::{Backend, OpenError, open};
pub use postgresql::{Postgresql, PostgresqlError};
pub use redis::{Redis, RedisError};
pub use sqlite::{Sqlite, SqliteError};
