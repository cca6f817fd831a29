//! What Python's installer leaves in the registry (PEP 514).
#![allow(unsafe_code)]

use super::wide;
use crate::{Looking, Machine, Place, Registered, Settings, Version};
use std::ffi::OsString;
use std::os::windows::ffi::OsStringExt;
use std::path::PathBuf;
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, KEY_READ, RRF_RT_REG_SZ, RegCloseKey,
    RegEnumKeyExW, RegGetValueW, RegOpenKeyExW,
};

/// Below both roots; a process sees the view of its own bitness.
const CORE: &str = r"SOFTWARE\Python\PythonCore";

/// Where this process looks for Python.
pub fn looking(place: &Place, settings: &Settings) -> Looking {
    let mut folders = vec![place.folder().to_owned()];
    // A host that is not IIS names the home of the site before it loads an extension.
    let home = std::env::var_os("PYISAPIE_HOME").map(PathBuf::from);
    folders.extend(home.filter(|home| home != place.folder()));
    let mut registry = Vec::new();
    for (root, name) in [(HKEY_LOCAL_MACHINE, "HKLM"), (HKEY_CURRENT_USER, "HKCU")] {
        add(root, name, &mut registry);
    }
    Looking {
        settings: settings.python.clone().zip(settings.file.clone()),
        folders,
        environment: |name| std::env::var_os(name),
        registry,
        machine: Machine::own(),
    }
}

fn add(root: HKEY, name: &str, to: &mut Vec<Registered>) {
    let mut key: HKEY = std::ptr::null_mut();
    let path = wide(CORE);
    // SAFETY: the path ends with a NUL; the key is closed below.
    if unsafe { RegOpenKeyExW(root, path.as_ptr(), 0, KEY_READ, &raw mut key) } != 0 {
        return;
    }
    for index in 0.. {
        // The longest name of a key is 255 characters.
        let mut tag = [0u16; 256];
        let mut length = tag.len() as u32;
        // SAFETY: buffer and length agree; the rest may be NULL.
        let result = unsafe {
            RegEnumKeyExW(
                key,
                index,
                tag.as_mut_ptr(),
                &raw mut length,
                std::ptr::null(),
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                std::ptr::null_mut(),
            )
        };
        if result != 0 {
            break;
        }
        let tag = String::from_utf16_lossy(&tag[..length as usize]);
        // `3.11`, and `3.11-32` for a 32-bit one.
        let version = tag.split('-').next().and_then(Version::parse);
        let install = format!(r"{tag}\InstallPath");
        if let (Some(version), Some(folder)) = (version, default_value(key, &install)) {
            to.push(Registered {
                key: format!(r"{name}\{CORE}\{install}"),
                version,
                folder: PathBuf::from(folder),
            });
        }
    }
    // SAFETY: opened above.
    unsafe { RegCloseKey(key) };
}

/// The text of a key without a name.
fn default_value(key: HKEY, path: &str) -> Option<OsString> {
    let path = wide(path);
    let mut size = 0u32;
    let read = |buffer: *mut u16, size: &mut u32| {
        // SAFETY: the path ends with a NUL; buffer (or NULL) and size agree.
        let result = unsafe {
            RegGetValueW(
                key,
                path.as_ptr(),
                std::ptr::null(),
                RRF_RT_REG_SZ,
                std::ptr::null_mut(),
                buffer.cast(),
                size,
            )
        };
        (result == 0).then_some(())
    };
    read(std::ptr::null_mut(), &mut size)?;
    let mut text = vec![0u16; size.div_ceil(2) as usize];
    read(text.as_mut_ptr(), &mut size)?;
    let end = text
        .iter()
        .position(|unit| *unit == 0)
        .unwrap_or(text.len());
    Some(OsString::from_wide(&text[..end])).filter(|text| !text.is_empty())
}
