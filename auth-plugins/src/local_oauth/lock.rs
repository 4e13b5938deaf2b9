//! An advisory lock between processes, held by an open file: the operating system releases it with
//! the process, however that ends.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use super::token_file::{TokenFileProblem, open_lock};

/// How long another process may hold the lock.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The first and the longest pause between two tries.
const PAUSES: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(50)];

/// A lock that is held; dropping it releases it.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Waits for the lock on the file at `path`, which is made when it is missing and never removed:
/// removing it would let two processes hold a lock of the same name.
pub(super) async fn acquire(path: &Path) -> Result<Lock, TokenFileProblem> {
    let file = open_lock(path)?;
    // Asking again instead of waiting inside the system call, which nothing could end.
    let waiting = async {
        let [mut pause, longest] = PAUSES;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(pause).await,
                Err(TryLockError::Error(error)) => return Err(TokenFileProblem::writing(&error)),
            }
            pause = pause.saturating_mul(2).min(longest);
        }
    };
    match tokio::time::timeout(LONGEST_WAIT, waiting).await {
        Ok(locked) => locked.map(|()| Lock { _file: file }),
        Err(_) => Err(TokenFileProblem::Busy),
    }
}
