//! A map of bounded size that forgets what was put in longest ago.

use std::collections::HashMap;
use std::hash::Hash;

/// Two halves of at most `half` entries each: when the younger one is full, the older one is
/// forgotten and they change places. Putting and finding take the same time however full it is,
/// which is what a flood must not change.
#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    half: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V: Clone> Bounded<K, V> {
    /// At least the last `half` entries, at most twice as many.
    pub(super) fn new(half: usize) -> Self {
        Self {
            half,
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }

    /// Puts `value` in the place of what `key` had.
    pub(super) fn put(&mut self, key: K, value: V) {
        self.old.remove(&key);
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// What `key` has.
    pub(super) fn get(&self, key: &K) -> Option<V> {
        self.young.get(key).or_else(|| self.old.get(key)).cloned()
    }

    /// Forgets `key`.
    pub(super) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_half_is_always_there_and_the_size_is_bounded() {
        let mut map = Bounded::new(100);
        for key in 0..100_000_u32 {
            map.put(key, key);
            assert!(map.len() <= 200);
            assert_eq!(
                map.get(&key.saturating_sub(99)),
                Some(key.saturating_sub(99))
            );
        }
        assert_eq!(map.get(&5), None);
    }

    #[test]
    fn a_key_has_one_value() {
        let mut map = Bounded::new(2);
        for (key, value) in [(1, 'a'), (2, 'b'), (3, 'c'), (1, 'd')] {
            map.put(key, value);
        }
        assert_eq!((map.get(&1), map.get(&2)), (Some('d'), Some('b')));
        map.remove(&1);
        assert_eq!(map.get(&1), None);
    }
}
