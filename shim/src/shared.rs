//! What processes of this command share: descriptors that a child inherits, and counters.
#![allow(unsafe_code)]

use std::io::{Error, Result};
use std::net::TcpListener;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::AtomicU64;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

fn check(result: i32) -> Result<()> {
    if result < 0 {
        return Err(Error::last_os_error());
    }
    Ok(())
}

/// Lets the child of `command` have descriptors of this process, under the same numbers; they must
/// be open when it is started. No other child gets them.
pub(crate) fn bequeath(command: &mut Command, descriptors: Vec<RawFd>) {
    let keep = move || {
        descriptors.iter().try_for_each(|number| {
            // SAFETY: may be called between fork and exec, with any number.
            check(unsafe { libc::fcntl(*number, libc::F_SETFD, 0) })
        })
    };
    // SAFETY: what is called there takes no lock and no memory.
    unsafe { command.pre_exec(keep) };
}

/// A descriptor that the parent has bequeathed to this process; to be asked for once, since the
/// result owns it. Children of this process do not get it.
///
/// # Errors
/// There is none of this number.
pub(crate) fn inherited(number: RawFd) -> Result<OwnedFd> {
    // SAFETY: takes any number.
    check(unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) })?;
    // SAFETY: it is open, and nobody else here knows of it: the parent made it for this process,
    // and names it once.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// A listener of which is told that connections have come, before one is taken. In a runtime.
///
/// # Errors
/// The system is short of memory or descriptors.
pub(crate) fn watched(listener: TcpListener) -> Result<AsyncFd<TcpListener>> {
    // SAFETY: it owns its descriptor, which is the same as long as it lives.
    unsafe { AsyncFd::register_with_interest(listener, Interest::READABLE) }.map_err(Error::from)
}

/// Memory for so many counters, which are 0; goes away with the last process that has it.
///
/// # Errors
/// The system is short of memory or descriptors.
pub(crate) fn memory(counters: usize) -> Result<OwnedFd> {
    #[cfg(target_os = "linux")]
    let file = {
        // SAFETY: the name is a C string, and is only for people.
        let number = unsafe { libc::memfd_create(c"isapi-shim".as_ptr(), libc::MFD_CLOEXEC) };
        check(number)?;
        // SAFETY: it was made just now.
        std::fs::File::from(unsafe { OwnedFd::from_raw_fd(number) })
    };
    #[cfg(not(target_os = "linux"))]
    let file = tempfile::tempfile()?;
    file.set_len((counters * size_of::<AtomicU64>()) as u64)?;
    Ok(file.into())
}

/// The counters in [`memory`], for as long as the process lives.
///
/// # Errors
/// There is no room for them, or the memory has fewer.
pub(crate) fn counters(memory: BorrowedFd<'_>, count: usize) -> Result<&'static [AtomicU64]> {
    let size = count * size_of::<AtomicU64>();
    let file = std::fs::File::from(memory.try_clone_to_owned()?);
    if file.metadata()?.len() < size as u64 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    // SAFETY: a new mapping, at a place that the system chooses.
    let start = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            size,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            memory.as_raw_fd(),
            0,
        )
    };
    if start == libc::MAP_FAILED {
        return Err(Error::last_os_error());
    }
    // SAFETY: `size` bytes that stay mapped and that the file has, at the start of a page; other
    // processes use them as atomics too.
    Ok(unsafe { std::slice::from_raw_parts(start.cast(), count) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;
    use std::sync::atomic::Ordering::Relaxed;

    #[test]
    fn who_maps_the_same_memory_sees_the_same_numbers() {
        let memory = memory(3).unwrap();
        let [one, other] = [0, 1].map(|_| counters(memory.as_fd(), 3).unwrap());
        one[2].fetch_add(7, Relaxed);
        assert_eq!(
            other.iter().map(|n| n.load(Relaxed)).collect::<Vec<_>>(),
            [0, 0, 7]
        );
    }

    #[test]
    fn memory_that_is_too_small_is_refused() {
        assert!(counters(memory(3).unwrap().as_fd(), 4).is_err());
    }

    #[test]
    fn a_number_that_is_no_descriptor_is_refused() {
        assert!(inherited(-1).is_err());
        assert!(inherited(1_000_000).is_err());
    }
}
