//! Routes that were decided before, by method and path. Of what a decision depends on, only the
//! disk can change; so a route is taken again after a look at what it rests on.

use super::looks::{self, Found, Looks};
use super::routing::Route;
use crate::kept::{ByPath, MOST_PATHS, thin_out};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A client can make methods up.
const MOST_METHODS: usize = 16;

#[derive(Debug)]
struct Kept {
    method: String,
    route: Arc<Route>,
    looks: Vec<(PathBuf, Found)>,
    looked: Mutex<Instant>,
}

/// See the module. For one site, which does not change.
#[derive(Debug, Default)]
pub struct Routes {
    by_path: Mutex<ByPath<Vec<Arc<Kept>>>>,
    looks_last: Duration,
}

impl Routes {
    /// For so long a look at the disk is good for the same URL's next requests; with zero the disk
    /// is looked at each time. IIS keeps what it knows of files until it is told of a change.
    pub fn new(looks_last: Duration) -> Self {
        Self {
            by_path: Mutex::default(),
            looks_last,
        }
    }

    fn by_path(&self) -> MutexGuard<'_, ByPath<Vec<Arc<Kept>>>> {
        self.by_path.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The route that was decided before, if the disk is as it was then.
    pub(super) fn get(&self, method: &str, path: &str) -> Option<Arc<Route>> {
        let kept = {
            let by_path = self.by_path();
            let kept = by_path.get(path)?.iter().find(|k| k.method == method)?;
            Arc::clone(kept)
        };
        self.still_so(&kept).then(|| Arc::clone(&kept.route))
    }

    fn still_so(&self, kept: &Kept) -> bool {
        // The usual case: threads do not wait for each other's looks.
        if self.looks_last.is_zero() {
            return looks::still_so(&kept.looks);
        }
        let now = Instant::now();
        let mut looked = kept.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(*looked) <= self.looks_last {
            return true;
        }
        let so = looks::still_so(&kept.looks);
        if so {
            *looked = now;
        }
        so
    }

    /// Keeps a route. `since` is from before the looks.
    pub(super) fn keep(&self, path: &str, route: &Arc<Route>, looks: Looks, since: Instant) {
        let kept = Arc::new(Kept {
            method: route.method.clone(),
            route: Arc::clone(route),
            looks: looks.into_list(),
            looked: Mutex::new(since),
        });
        let mut by_path = self.by_path();
        if by_path.len() >= MOST_PATHS {
            thin_out(&mut by_path);
        }
        let methods = by_path.entry(path.into()).or_default();
        if methods.len() >= MOST_METHODS {
            methods.clear();
        }
        methods.retain(|k| k.method != kept.method);
        methods.push(kept);
    }
}
