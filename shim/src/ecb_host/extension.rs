//! An ISAPI extension: three function pointers, of the built-in core or of a shared library.
#![allow(unsafe_code)]

use super::{built_in, load_error};
use crate::codes;
use crate::error::{Error, Result};
use crate::site::real_path;
use isapi_base::ecb::constants::{HSE_MAX_EXT_DLL_NAME_LEN, HSE_TERM_MUST_UNLOAD};
use isapi_base::ecb::layout::{
    EXTENSION_CONTROL_BLOCK, GetExtensionVersionFn, HSE_VERSION_INFO, HttpExtensionProcFn,
    SetLastErrorFn, TerminateExtensionFn,
};
use isapi_base::ecb::win32::{Win32Error, last_error};
use libloading::Library;
use std::ffi::{CStr, OsStr};
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The loader's own words: libloading has them behind a general sentence.
fn reason(error: &libloading::Error) -> String {
    let cause = std::error::Error::source(error);
    cause.map_or_else(|| error.to_string(), ToString::to_string)
}

/// As IIS loads one: what it needs is looked for beside it first.
///
/// # Safety
/// Runs the library's initialisers.
#[cfg(windows)]
unsafe fn open(path: &Path) -> std::result::Result<Library, libloading::Error> {
    use libloading::os::windows::{LOAD_WITH_ALTERED_SEARCH_PATH, Library};
    // SAFETY: the caller's contract.
    let library = unsafe { Library::load_with_flags(path, LOAD_WITH_ALTERED_SEARCH_PATH) };
    library.map(Into::into)
}

/// # Safety
/// Runs the library's initialisers.
#[cfg(not(windows))]
unsafe fn open(path: &Path) -> std::result::Result<Library, libloading::Error> {
    // SAFETY: the caller's contract.
    unsafe { Library::new(path) }
}

/// A loaded extension.
pub struct Extension {
    name: String,
    process: HttpExtensionProcFn,
    terminate: Option<TerminateExtensionFn>,
}

/// How the latest extension's last error is set; a process has one extension. Not a part of
/// [`Extension`]: a callback for a request that is over must set it too, and finds no host.
static SET_LAST_ERROR: Mutex<Option<SetLastErrorFn>> = Mutex::new(None);

/// Sets the error that the extension finds on this thread after a FALSE.
pub(super) fn set_last_error(error: Win32Error) {
    if cfg!(windows) {
        return isapi_base::ecb::win32::set_last_error(error);
    }
    let set = *SET_LAST_ERROR
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(set) = set {
        // SAFETY: takes any number; libraries are never unloaded.
        unsafe { set(error.0) }
    }
}

fn remember_set_last_error(set: Option<SetLastErrorFn>) {
    *SET_LAST_ERROR
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = set;
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Extension").field(&self.name).finish()
    }
}

impl Extension {
    /// Tells the extension that is about to be loaded which folder is the home.
    pub fn announce_home(home: &Path) {
        built_in::announce_home(home);
    }

    /// Tells the extension that is about to be loaded what it must know before a request comes.
    pub fn announce(name: &str, value: &OsStr) {
        built_in::announce(name, value);
    }

    /// The core of this program.
    ///
    /// # Errors
    /// `GetExtensionVersion` refused.
    pub fn built_in() -> Result<Self> {
        // SAFETY: these are the entry points of an extension.
        unsafe {
            Self::linked(
                "the built-in core",
                built_in::GetExtensionVersion,
                built_in::HttpExtensionProc,
                Some(built_in::TerminateExtension),
                Some(built_in::SetLastError),
            )
        }
    }

    /// An extension that is a part of this program; `shown` names it in errors.
    ///
    /// # Errors
    /// `GetExtensionVersion` refused.
    ///
    /// # Safety
    /// The functions are the entry points of an ISAPI extension.
    pub unsafe fn linked(
        shown: &str,
        version: GetExtensionVersionFn,
        process: HttpExtensionProcFn,
        terminate: Option<TerminateExtensionFn>,
        set_last_error: Option<SetLastErrorFn>,
    ) -> Result<Self> {
        let mut extension = Self {
            name: String::new(),
            process,
            terminate,
        };
        remember_set_last_error(set_last_error);
        extension.start(version, shown)?;
        Ok(extension)
    }

    /// Any ISAPI extension in a shared library (`.dll` on Windows, `.so` on Linux).
    ///
    /// # Errors
    /// There is no such file, it is no library for this machine, it lacks an export, or its
    /// `GetExtensionVersion` refused.
    pub fn load(path: &Path) -> Result<Self> {
        let shown = path.display().to_string();
        if !path.is_file() {
            return Err(Error::new(
                codes::EXTENSION_MISSING,
                format!("there is no extension library {shown}"),
            )
            .fix("check the path; `cargo build -p isapi-dll` builds the one of this project"));
        }
        // A bare file name would be looked for in the system's folders.
        let full = real_path(path).unwrap_or_else(|_| path.to_owned());
        load_error::check(&full, &shown)?;
        // SAFETY: loading runs the library's initialisers; that is what the user asked for, and
        // what IIS does.
        let library = unsafe { open(&full) }
            .map_err(|e| load_error::unloadable(&full, &shown, &reason(&e)))?;
        let missing = |name: &str| load_error::missing_export(&full, &shown, name);
        // SAFETY: the exports of these names have these types in every ISAPI extension; the
        // pointers live as long as the library, which is never unloaded.
        let (version, process, terminate, set_last_error) = unsafe {
            (
                library
                    .get::<GetExtensionVersionFn>("GetExtensionVersion")
                    .map(|s| *s)
                    .ok(),
                library
                    .get::<HttpExtensionProcFn>("HttpExtensionProc")
                    .map(|s| *s)
                    .ok(),
                library
                    .get::<TerminateExtensionFn>("TerminateExtension")
                    .map(|s| *s)
                    .ok(),
                library
                    .get::<SetLastErrorFn>("SetLastError")
                    .map(|s| *s)
                    .ok(),
            )
        };
        let version = version.ok_or_else(|| missing("GetExtensionVersion"))?;
        let mut extension = Self {
            name: String::new(),
            process: process.ok_or_else(|| missing("HttpExtensionProc"))?,
            terminate,
        };
        // Kept for the life of the process, as IIS does: threads of the extension may be in it.
        std::mem::forget(library);
        remember_set_last_error(set_last_error);
        extension.start(version, &shown)?;
        Ok(extension)
    }

    fn start(&mut self, version: GetExtensionVersionFn, shown: &str) -> Result<()> {
        let mut info = HSE_VERSION_INFO {
            dwExtensionVersion: 0,
            lpszExtensionDesc: [0; HSE_MAX_EXT_DLL_NAME_LEN],
        };
        // An earlier error would be taken for the reason.
        isapi_base::ecb::win32::set_last_error(Win32Error(0));
        // SAFETY: the structure is writable and complete.
        if unsafe { version(&raw mut info) } == 0 {
            return Err(load_error::refused(shown, last_error()));
        }
        // The extension may have filled it to the last byte.
        info.lpszExtensionDesc[HSE_MAX_EXT_DLL_NAME_LEN - 1] = 0;
        // SAFETY: the array ends with a NUL, set just now.
        let description = unsafe { CStr::from_ptr(info.lpszExtensionDesc.as_ptr()) };
        self.name = description.to_string_lossy().into_owned();
        Ok(())
    }

    /// What the extension calls itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Calls `HttpExtensionProc`.
    ///
    /// # Safety
    /// The control block is complete and lives until the request is done.
    pub(super) unsafe fn process(&self, ecb: *mut EXTENSION_CONTROL_BLOCK) -> u32 {
        // SAFETY: the caller's contract.
        unsafe { (self.process)(ecb) }
    }

    /// Tells the extension that the process ends. No request may be running.
    pub fn terminate(&self) {
        if let Some(terminate) = self.terminate {
            // SAFETY: the callers have waited for all requests.
            unsafe { terminate(HSE_TERM_MUST_UNLOAD) };
        }
    }
}
