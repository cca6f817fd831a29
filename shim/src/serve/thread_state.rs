//! What a thread of this process is doing, as far as the system tells.

/// See [`of`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "only Linux tells")
)]
pub(super) enum ThreadState {
    /// It waits for something: time, a lock, a file.
    Waits,
    /// It runs, or waits for a processor; and it has run for so many nanoseconds in its life.
    Runs(u64),
    /// The system does not tell.
    Unknown,
}

/// A thread's number for the system.
pub(super) type Id = u64;

/// The state of a thread.
#[cfg(target_os = "linux")]
pub(super) fn of(id: Id) -> ThreadState {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/self/task/{id}/{name}")).ok();
    // The name of the program, in parentheses, may hold anything; the state is behind it.
    let Some(state) = read("stat").and_then(|s| s.rsplit_once(") ")?.1.chars().next()) else {
        return ThreadState::Unknown;
    };
    if state != 'R' {
        return ThreadState::Waits;
    }
    let ran = read("schedstat").and_then(|s| s.split(' ').next()?.parse().ok());
    ran.map_or(ThreadState::Unknown, ThreadState::Runs)
}

/// No other system tells it so simply.
#[cfg(not(target_os = "linux"))]
pub(super) fn of(_id: Id) -> ThreadState {
    ThreadState::Unknown
}

/// The calling thread's number.
#[cfg(target_os = "linux")]
pub(super) fn own_id() -> Id {
    thread_local! {
        // The link is relative: 123/task/456.
        static ID: Id = std::fs::read_link("/proc/thread-self")
            .ok()
            .and_then(|link| link.file_name()?.to_str()?.parse().ok())
            .unwrap_or(0);
    }
    ID.with(|id| *id)
}

/// Nobody asks.
#[cfg(not(target_os = "linux"))]
pub(super) fn own_id() -> Id {
    0
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    fn until(condition: impl Fn() -> bool) {
        let since = Instant::now();
        while !condition() {
            assert!(since.elapsed() < Duration::from_secs(60));
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_thread_that_waits_is_told_from_one_that_runs() {
        let (tell, told) = mpsc::channel();
        let (stop, stopped) = mpsc::channel::<()>();
        std::thread::spawn(move || {
            tell.send(own_id()).unwrap();
            let _ = stopped.recv();
        });
        let waiting = told.recv().unwrap();
        assert_ne!(waiting, own_id());
        until(|| of(waiting) == ThreadState::Waits);
        let before = of(own_id());
        assert!(matches!(before, ThreadState::Runs(_)), "{before:?}");
        until(
            || matches!((before, of(own_id())), (ThreadState::Runs(a), ThreadState::Runs(b)) if b > a),
        );
        drop(stop);
        until(|| of(waiting) == ThreadState::Unknown);
    }
}
