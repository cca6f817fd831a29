//! The three entry points of an extension that may not have its core: while there is none, every
//! request is told why, and tries again.
#![allow(unsafe_code)]

use crate::{Place, Problem, Result};
use isapi_base::calls::{Calls, LogFn};
use isapi_base::codes::{self, Code};
use isapi_base::ecb::constants::HSE_STATUS_ERROR;
use isapi_base::ecb::layout::{BOOL, DWORD, EXTENSION_CONTROL_BLOCK, HSE_VERSION_INFO};
use isapi_base::ecb::win32::{Win32Error, set_last_error};
use isapi_base::ecb::{Connection, fill_version};
use isapi_base::guard::guarded;
use isapi_base::page::{self, Page};
use std::ffi::CString;
use std::sync::{Mutex, OnceLock, PoisonError};

/// How a carrier gets its core: a library that it loads, or one that it links.
pub type Acquire = fn(&Carrier) -> Result<Calls>;

/// A carrier of the core. One a process and file.
#[derive(Debug)]
pub struct Carrier {
    place: Result<Place>,
    log: Option<LogFn>,
    acquire: Acquire,
    core: OnceLock<Calls>,
    /// Held while the core is looked for; what was told last, so that the log has it once.
    told: Mutex<Option<Problem>>,
}

impl Carrier {
    /// A carrier whose file lies at `place`.
    pub const fn new(place: Result<Place>, log: Option<LogFn>, acquire: Acquire) -> Self {
        Self {
            place,
            log,
            acquire,
            core: OnceLock::new(),
            told: Mutex::new(None),
        }
    }

    /// Where its file lies.
    ///
    /// # Errors
    /// The system does not say.
    pub fn place(&self) -> Result<&Place> {
        self.place.as_ref().map_err(Clone::clone)
    }

    /// Where its log goes; `None`: to standard error.
    pub fn log(&self) -> Option<LogFn> {
        self.log
    }

    /// The entry point of that name. Looks for the core; if there is none, the extension stays
    /// loaded all the same: IIS would show a bare number.
    ///
    /// # Safety
    /// As for [`isapi_base::ecb::layout::GetExtensionVersionFn`].
    pub unsafe fn get_extension_version(&self, version: *mut HSE_VERSION_INFO) -> BOOL {
        guarded(
            0,
            |text| self.event(codes::PANIC, text),
            || {
                // SAFETY: the caller's contract is the same.
                if !unsafe { fill_version(version) } {
                    set_last_error(Win32Error::INVALID_PARAMETER);
                    return 0;
                }
                let _told_by_each_request = self.core();
                1
            },
        )
    }

    /// The entry point `HttpExtensionProc`.
    ///
    /// # Safety
    /// As for [`isapi_base::ecb::layout::HttpExtensionProcFn`].
    pub unsafe fn process(&self, ecb: *mut EXTENSION_CONTROL_BLOCK) -> DWORD {
        if let Some(core) = self.core.get() {
            // SAFETY: the caller's contract is the same.
            return unsafe { (core.process)(ecb) };
        }
        guarded(
            HSE_STATUS_ERROR,
            |text| self.event(codes::PANIC, text),
            || {
                if ecb.is_null() {
                    set_last_error(Win32Error::INVALID_PARAMETER);
                    return HSE_STATUS_ERROR;
                }
                match self.core() {
                    // SAFETY: the caller's contract is the same.
                    Ok(core) => unsafe { (core.process)(ecb) },
                    Err(problem) => {
                        // SAFETY: not NULL, and complete by the caller's contract.
                        let connection = unsafe { Connection::new(ecb) };
                        let page = Page::plain("Could not initialize interpreter", &problem.text);
                        refuse(
                            &connection,
                            c"500 Internal Server Error",
                            problem.code,
                            &page,
                        );
                        HSE_STATUS_ERROR
                    }
                }
            },
        )
    }

    /// The entry point `TerminateExtension`.
    ///
    /// # Safety
    /// No request is being processed.
    pub unsafe fn terminate(&self, flags: DWORD) -> BOOL {
        match self.core.get() {
            // SAFETY: the caller's contract is the same.
            Some(core) => unsafe { (core.terminate)(flags) },
            None => 1,
        }
    }

    /// The core; looked for again as long as there is none, so that the next request works when
    /// the cause is mended.
    fn core(&self) -> Result<Calls> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(core) = self.core.get() {
            return Ok(*core);
        }
        match (self.acquire)(self) {
            Ok(core) => Ok(*self.core.get_or_init(|| core)),
            Err(problem) => {
                if told.as_ref() != Some(&problem) {
                    self.event(problem.code, &problem.text);
                    *told = Some(problem.clone());
                }
                Err(problem)
            }
        }
    }

    /// Writes one line about `code` into the log.
    pub fn event(&self, code: Code, text: &str) {
        let line = format!("PyISAPIe: {code}: {text}\n");
        match self.log {
            Some(log) => log(line.as_str().into()),
            None => eprint!("{line}"),
        }
    }
}

/// Answers a request in the place of the core, with a status line such as `503 Service
/// Unavailable` and a page.
pub fn refuse(connection: &Connection, status: &std::ffi::CStr, code: Code, page: &Page) {
    connection.set_log_data(&code.to_string());
    let number = status.to_str().ok().and_then(|s| s.get(..3)?.parse().ok());
    connection.set_status(number.unwrap_or(500));
    let shown = page.render(connection, page::is_local(connection), code);
    let block = format!(
        "{}\r\nContent-Length: {}\r\n\r\n",
        shown.content_type,
        shown.page.len()
    );
    let Ok(block) = CString::new(block) else {
        return;
    };
    let sent = connection.send_headers(status, &block, false);
    if sent.is_ok() && connection.method() != c"HEAD" {
        let _client_gone = connection.write(&shown.page);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn never(_: &Carrier) -> Result<Calls> {
        Err(Problem::new(codes::CORE_MISSING, "none"))
    }

    #[test]
    fn a_carrier_without_a_core_stays_loaded() {
        let place = Place::new("/srv/PyISAPIe.dll".into());
        let carrier = Carrier::new(Ok(place), None, never);
        let mut info = HSE_VERSION_INFO {
            dwExtensionVersion: 0,
            lpszExtensionDesc: [0; 256],
        };
        // SAFETY: writable.
        let started = unsafe { carrier.get_extension_version(&raw mut info) };
        // SAFETY: NULL is allowed.
        let refused = unsafe { carrier.get_extension_version(std::ptr::null_mut()) };
        assert_eq!((started, refused), (1, 0));
        // SAFETY: no request is being processed.
        assert_eq!(unsafe { carrier.terminate(2) }, 1);
    }
}
