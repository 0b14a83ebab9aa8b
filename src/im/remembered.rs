//! What was read from the store, remembered for a moment.
//!
//! Whoever changes it forgets it, on every node, and is told when all have. What was read before that must not be
//! remembered after it.

use std::{
    fmt,
    hash::Hash,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use moka::sync::Cache;

/// A change that nobody told is noticed within this time.
const FRESH: Duration = Duration::from_secs(5);

/// What the store said, by key.
pub(super) struct Remembered<K, V> {
    known: Cache<K, V>,
    /// How often anything was forgotten: what was read before may be wrong.
    forgotten: AtomicU64,
}

impl<K, V> fmt::Debug for Remembered<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").finish_non_exhaustive()
    }
}

impl<K, V> Remembered<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Nothing yet, and so much at most.
    pub(super) fn at_most(entries: u64) -> Self {
        let known = Cache::builder().max_capacity(entries).time_to_live(FRESH).build();
        Self { known, forgotten: AtomicU64::new(0) }
    }

    pub(super) fn forget_all(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.known.invalidate_all();
    }

    pub(super) fn forget(&self, key: &K) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.known.invalidate(key);
    }

    /// What is remembered, or what is read now.
    pub(super) async fn get<E>(&self, key: &K, read: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        if let Some(known) = self.known.get(key) {
            return Ok(known);
        }
        let forgotten = self.forgotten.load(Ordering::SeqCst);
        let value = read.await?;
        self.known.insert(key.clone(), value.clone());
        // Looked at behind the insertion: who forgets meanwhile finds it, or is found here.
        if self.forgotten.load(Ordering::SeqCst) != forgotten {
            self.known.invalidate(key);
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found when the store says this.
    async fn found(remembered: &Remembered<u8, u32>, said: u32) -> u32 {
        remembered.get(&1, async { Ok::<_, ()>(said) }).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_remembered_is_not_read_again_until_it_is_forgotten() {
        let remembered = Remembered::at_most(10);
        assert_eq!((found(&remembered, 1).await, found(&remembered, 2).await), (1, 1));
        remembered.forget(&2);
        assert_eq!(found(&remembered, 3).await, 1);
        remembered.forget(&1);
        assert_eq!(found(&remembered, 4).await, 4);
        remembered.forget_all();
        assert_eq!(found(&remembered, 5).await, 5);
        assert_eq!(remembered.get(&3, async { Err("away") }).await, Err("away"));
        assert_eq!(remembered.get(&3, async { Ok::<_, ()>(6) }).await, Ok(6));
    }

    #[tokio::test]
    async fn what_was_read_before_a_change_is_not_remembered_after_it() {
        let remembered = Remembered::at_most(10);
        let old = async {
            // The store was read; now somebody changes it, and is told that this node has forgotten.
            remembered.forget(&1);
            Ok::<_, ()>(1)
        };
        assert_eq!(remembered.get(&1, old).await, Ok(1), "whoever asked before the change may hear the old");
        assert_eq!(found(&remembered, 2).await, 2);
    }
}
