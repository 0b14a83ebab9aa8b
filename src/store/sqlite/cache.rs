//! A bounded map that forgets what was not used for a while.

use std::{collections::HashMap, hash::Hash};

/// Two generations: what is used stays in the young one; when that is full, the old one is dropped.
/// Holds at most twice `capacity` entries plus what one batch adds.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    capacity: usize,
}

impl<K: Eq + Hash + Clone, V> Cache<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), capacity }
    }

    /// The entry, which thereby stays for another generation.
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        if !self.young.contains_key(key) {
            let value = self.old.remove(key)?;
            self.young.insert(key.clone(), value);
        }
        self.young.get_mut(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        self.young.insert(key, value);
    }

    pub(super) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    /// Forgets the old generation when the young one is full. To be called while no entry is in use.
    pub(super) fn age(&mut self) {
        if self.young.len() >= self.capacity {
            self.old = std::mem::take(&mut self.young);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let mut cache = Cache::new(2);
        for key in 0..100 {
            cache.get_mut(&0);
            cache.insert(key, key);
            cache.age();
        }
        assert!(cache.get_mut(&0).is_some());
        assert!(cache.get_mut(&1).is_none());
        assert!(cache.young.len() + cache.old.len() <= 4);
    }
}
