//! Where this library lies: its folder is the home, where the host names none.

use std::path::PathBuf;

/// The folder of the file that this code was loaded from.
#[cfg(unix)]
pub(crate) fn folder() -> Option<PathBuf> {
    use std::ffi::{CStr, OsStr};
    use std::mem::MaybeUninit;
    use std::os::unix::ffi::OsStrExt;
    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    let address = folder as *const () as *const libc::c_void;
    // SAFETY: dladdr fills the structure when it finds the address, which is in this library; the
    // name it gives lives as long as the library is loaded.
    let name = unsafe {
        if libc::dladdr(address, info.as_mut_ptr()) == 0 {
            return None;
        }
        let name = info.assume_init().dli_fname;
        if name.is_null() {
            return None;
        }
        CStr::from_ptr(name)
    };
    let file = PathBuf::from(OsStr::from_bytes(name.to_bytes()));
    file.canonicalize().ok()?.parent().map(PathBuf::from)
}

/// Not yet: the Windows build asks `GetModuleFileName`.
#[cfg(not(unix))]
pub(crate) fn folder() -> Option<PathBuf> {
    None
}
