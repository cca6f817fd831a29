//! Where this library lies: its folder is the home, where the host names none.

use isapi_loader::{Place, Result};

/// The file that this code was loaded from.
#[cfg(unix)]
pub(crate) fn place() -> Result<Place> {
    use std::ffi::{CStr, OsStr};
    use std::mem::MaybeUninit;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;
    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    let address = place as *const () as *const libc::c_void;
    // SAFETY: dladdr fills the structure when it finds the address, which is in this library; the
    // name it gives lives as long as the library is loaded.
    let name = unsafe {
        if libc::dladdr(address, info.as_mut_ptr()) == 0 {
            return Err(unknown("dladdr does not know it"));
        }
        let name = info.assume_init().dli_fname;
        if name.is_null() {
            return Err(unknown("dladdr gives no name"));
        }
        CStr::from_ptr(name)
    };
    let file = Path::new(OsStr::from_bytes(name.to_bytes()));
    let file = file.canonicalize();
    file.map(Place::new)
        .map_err(|error| unknown(&error.to_string()))
}

/// The file that this code was loaded from.
#[cfg(windows)]
pub(crate) fn place() -> Result<Place> {
    use std::ffi::OsString;
    use std::os::windows::ffi::OsStringExt;
    use windows_sys::Win32::Foundation::HMODULE;
    use windows_sys::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
        GetModuleFileNameW, GetModuleHandleExW,
    };
    let mut module: HMODULE = std::ptr::null_mut();
    let mut name = vec![0u16; 32_768]; // the longest path
    // SAFETY: the address is in this library, which stays loaded during the call; buffer and
    // length agree.
    let length = unsafe {
        let flags =
            GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
        if GetModuleHandleExW(flags, place as *const u16, &raw mut module) == 0 {
            return Err(unknown(&std::io::Error::last_os_error().to_string()));
        }
        GetModuleFileNameW(module, name.as_mut_ptr(), name.len() as u32)
    };
    if length == 0 {
        return Err(unknown(&std::io::Error::last_os_error().to_string()));
    }
    let name = OsString::from_wide(&name[..length as usize]);
    Ok(Place::new(name.into()))
}

fn unknown(why: &str) -> isapi_loader::Problem {
    let text = format!("The system does not say which file this library is: {why}.");
    isapi_loader::Problem::new(isapi_base::codes::LIBRARY_FOLDER, text)
}
