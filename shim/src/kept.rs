//! How many things are kept by the names that clients give them.

use std::collections::HashMap;

/// What is known of URL paths, by the path. Each request looks them up several times.
pub(crate) type ByPath<V> = HashMap<Box<str>, V, foldhash::fast::RandomState>;

/// What is known of so many URL paths is kept: more than a site has scripts, and not so many that
/// a client which makes paths up fills the memory (some 10 MB).
pub(crate) const MOST_PATHS: usize = 16_384;

/// Forgets every second one. Which ones those are is left to chance: a site that has more in use
/// finds most of them there all the same, as it would not if all were forgotten at once.
pub(crate) fn thin_out<K, V, S>(map: &mut HashMap<K, V, S>) {
    let mut stays = false;
    map.retain(|_, _| {
        stays = !stays;
        stays
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_them_stay() {
        for (before, after) in [(0, 0), (1, 1), (10, 5), (11, 6)] {
            let mut map: HashMap<_, _> = (0..before).map(|n| (n, ())).collect();
            thin_out(&mut map);
            assert_eq!(map.len(), after);
        }
    }
}
