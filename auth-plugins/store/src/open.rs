//! The backend that an operator chose, opened and checked.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_core::clock::Clock;
use gitlab_mcp_core::secret::{ConnectionString, Secret};

use crate::{Memory, Postgresql, PostgresqlError, Redis, RedisError, Sqlite, SqliteError, Store};

/// Where the state is kept.
#[derive(Debug)]
pub enum Backend {
    /// In this process.
    Memory {
        /// How many clients it holds at most; see [`Memory::new`].
        clients: usize,
    },
    /// In a file on this host.
    Sqlite {
        /// Its path.
        path: PathBuf,
    },
    /// In a Redis.
    Redis {
        /// `redis://`, `rediss://` or `unix://`.
        url: Secret<ConnectionString>,
    },
    /// In a PostgreSQL.
    Postgresql {
        /// `postgres://` or `postgresql://`.
        url: Secret<ConnectionString>,
    },
}

/// Why a backend cannot be used, in a sentence for the operator. Names neither the address of a
/// database nor its password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file.
    #[error(transparent)]
    Sqlite(#[from] SqliteError),
    /// The Redis.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// The PostgreSQL.
    #[error(transparent)]
    Postgresql(#[from] PostgresqlError),
    /// The work was cut off, because the process ends.
    #[error("the state store was not opened because the process is ending")]
    Ending,
}

/// Opens a backend, makes what is missing in it, and checks what it promises.
///
/// `prefix` starts the names of tables (`[a-z][a-z0-9_]{0,30}`) or keys; memory and file have none.
/// `patience` is how long a database may take to answer. `clock` judges expiry in memory and in a
/// file; a database has its own.
///
/// # Errors
/// [`OpenError`], for a database after `patience` at the latest.
pub async fn open(
    backend: &Backend,
    prefix: &str,
    patience: Duration,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Store>, OpenError> {
    Ok(match backend {
        Backend::Memory { clients } => Arc::new(Memory::new(clock, *clients)),
        Backend::Sqlite { path } => {
            let path = path.clone();
            // Checking a large file takes a while.
            let opened = tokio::task::spawn_blocking(move || Sqlite::open(&path, clock)).await;
            Arc::new(opened.map_err(|_| OpenError::Ending)??)
        }
        Backend::Redis { url } => Arc::new(Redis::connect(url, prefix, patience).await?),
        Backend::Postgresql { url } => Arc::new(Postgresql::connect(url, prefix, patience).await?),
    })
}
