//! Waiting for something to become true, with an end.

use std::future::Future;
use std::time::Duration;

/// Asks again and again until there is an answer; gives way to other tasks in between.
///
/// # Panics
/// When there is none within ten seconds.
pub async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let asking = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(10), asking).await;
    found.unwrap_or_else(|_| unreachable!("{what} did not happen within 10 s"))
}
