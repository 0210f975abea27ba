//! One at a time for each key.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

/// Locks by key, which are there as long as somebody has or wants them.
#[derive(Debug)]
pub(crate) struct Turns<K> {
    locks: Mutex<BTreeMap<K, Arc<tokio::sync::Mutex<()>>>>,
}

/// The turn; it is over when this is dropped, and it may go along into a thread.
pub(crate) type Turn = OwnedMutexGuard<()>;

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Self {
            locks: Mutex::default(),
        }
    }
}

impl<K: Ord + Clone> Turns<K> {
    /// Waits until nobody else has the turn for `key`.
    pub(crate) async fn take(&self, key: &K) -> Turn {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            locks.retain(|known, lock| known == key || Arc::strong_count(lock) > 1);
            Arc::clone(locks.entry(key.clone()).or_default())
        };
        lock.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_key_is_taken_once_and_another_beside_it() {
        let turns = Turns::<&str>::default();
        let first = turns.take(&"a").await;
        let _other = turns.take(&"b").await;
        let second = turns.take(&"a");
        let mut second = std::pin::pin!(second);
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        drop(first);
        let _second = second.await;
    }
}
