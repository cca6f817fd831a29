//! What is loaded in this process already.
#![allow(unsafe_code)]

use crate::Version;
use isapi_base::calls::START_EXPORT;
use std::ffi::{OsString, c_int};
use std::os::windows::ffi::OsStringExt;
use std::path::PathBuf;
use windows_sys::Win32::Foundation::HMODULE;
use windows_sys::Win32::System::LibraryLoader::{GetModuleFileNameW, GetProcAddress};
use windows_sys::Win32::System::ProcessStatus::K32EnumProcessModules;
use windows_sys::Win32::System::Threading::GetCurrentProcess;

/// A Python DLL in this process.
pub(super) struct LoadedPython {
    pub(super) file: PathBuf,
    /// Somebody has started it.
    pub(super) runs: bool,
}

/// The Python DLLs in this process, and the core of another carrier where there is one.
pub(super) fn loaded() -> (Vec<LoadedPython>, Option<PathBuf>) {
    let mut pythons = Vec::new();
    let mut core = None;
    for module in modules() {
        let file = file_name(module);
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if Version::of_dll(&name).is_some() {
            let runs = runs(module);
            pythons.push(LoadedPython { file, runs });
        // SAFETY: the name ends with a NUL; the module stays loaded: nobody unloads a core.
        } else if unsafe { GetProcAddress(module, START_EXPORT.as_ptr().cast()) }.is_some() {
            core = Some(file);
        }
    }
    (pythons, core)
}

fn modules() -> Vec<HMODULE> {
    let mut list: Vec<HMODULE> = vec![std::ptr::null_mut(); 512];
    loop {
        let bytes = std::mem::size_of_val(list.as_slice()) as u32;
        let mut needed = 0u32;
        // SAFETY: list and size agree.
        let known = unsafe {
            K32EnumProcessModules(
                GetCurrentProcess(),
                list.as_mut_ptr(),
                bytes,
                &raw mut needed,
            )
        };
        let count = needed as usize / size_of::<HMODULE>();
        if known == 0 {
            return Vec::new();
        }
        if count <= list.len() {
            list.truncate(count);
            return list;
        }
        list.resize(count, std::ptr::null_mut());
    }
}

fn file_name(module: HMODULE) -> PathBuf {
    let mut name = vec![0u16; 32_768]; // the longest path
    // SAFETY: buffer and length agree.
    let length = unsafe { GetModuleFileNameW(module, name.as_mut_ptr(), name.len() as u32) };
    PathBuf::from(OsString::from_wide(&name[..length as usize]))
}

fn runs(python: HMODULE) -> bool {
    // SAFETY: the name ends with a NUL.
    let export = unsafe { GetProcAddress(python, c"Py_IsInitialized".as_ptr().cast()) };
    let Some(export) = export else { return false };
    // SAFETY: the type of this function in every Python; it may be called at any time.
    unsafe {
        let function = std::mem::transmute::<
            unsafe extern "system" fn() -> isize,
            unsafe extern "C" fn() -> c_int,
        >(export);
        function() != 0
    }
}
