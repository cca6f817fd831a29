//! What the header of a Windows program or DLL says, read on any system.

use object::read::pe::{ImageNtHeaders, PeFile};
use object::{FileKind, LittleEndian, pe};
use std::path::Path;

/// The processor that a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// 32-bit x86.
    X86,
    /// x86-64.
    X64,
    /// 64-bit ARM.
    Arm64,
    /// Anything else, by its number in the header.
    Other(u16),
}

impl Machine {
    /// What this code was compiled for; `X64` on systems that are not Windows, which is what
    /// servers are.
    pub fn own() -> Self {
        if cfg!(all(windows, target_arch = "x86")) {
            Self::X86
        } else if cfg!(all(windows, target_arch = "aarch64")) {
            Self::Arm64
        } else {
            Self::X64
        }
    }

    /// As Python tags extension modules: `win_amd64`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::X86 => "win32",
            Self::X64 => "win_amd64",
            Self::Arm64 => "win_arm64",
            Self::Other(_) => "win_unknown",
        }
    }

    /// As people say: `64-bit`.
    pub fn bits(self) -> &'static str {
        match self {
            Self::X86 => "32-bit",
            Self::X64 => "64-bit",
            Self::Arm64 => "64-bit ARM",
            Self::Other(_) => "for another processor",
        }
    }
}

/// The header of a program or DLL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pe {
    /// The processor.
    pub machine: Machine,
    /// It is a DLL, not a program.
    pub is_dll: bool,
    /// The names that it exports.
    pub exports: Vec<String>,
    /// The DLLs that it needs at its start, as it names them.
    pub imports: Vec<String>,
}

impl Pe {
    /// Reads a file's header. `Ok(None)`: the file is no program or DLL of Windows.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(path: &Path) -> std::io::Result<Option<Self>> {
        Ok(Self::parse(&std::fs::read(path)?))
    }

    /// As [`Pe::read`], of bytes.
    pub fn parse(data: &[u8]) -> Option<Self> {
        match FileKind::parse(data).ok()? {
            FileKind::Pe32 => Self::of(&PeFile::<pe::ImageNtHeaders32>::parse(data).ok()?),
            FileKind::Pe64 => Self::of(&PeFile::<pe::ImageNtHeaders64>::parse(data).ok()?),
            _ => None,
        }
    }

    fn of<H: ImageNtHeaders>(file: &PeFile<'_, H>) -> Option<Self> {
        let header = file.nt_headers().file_header();
        // A damaged table means no names, not no header.
        let exports = file.export_table().ok().flatten();
        let exports = exports.and_then(|table| table.exports().ok());
        let exports = exports.unwrap_or_default();
        let names = exports.iter().filter_map(|export| export.name);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Some(Self {
            machine: match header.machine.get(LittleEndian) {
                pe::IMAGE_FILE_MACHINE_I386 => Machine::X86,
                pe::IMAGE_FILE_MACHINE_AMD64 => Machine::X64,
                pe::IMAGE_FILE_MACHINE_ARM64 => Machine::Arm64,
                other => Machine::Other(other.0),
            },
            is_dll: header
                .characteristics
                .get(LittleEndian)
                .contains(pe::IMAGE_FILE_DLL),
            exports: names.map(text).collect(),
            imports: imports(file).unwrap_or_default(),
        })
    }
}

fn imports<H: ImageNtHeaders>(file: &PeFile<'_, H>) -> Option<Vec<String>> {
    let table = file.import_table().ok()??;
    let mut descriptors = table.descriptors().ok()?;
    let mut names = Vec::new();
    while let Ok(Some(descriptor)) = descriptors.next() {
        let name = table.name(descriptor.name.get(LittleEndian)).ok()?;
        names.push(String::from_utf8_lossy(name).into_owned());
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_file_of_another_format_is_none() {
        assert_eq!(Pe::parse(b""), None);
        assert_eq!(Pe::parse(b"\x7fELF and more"), None);
        assert_eq!(Pe::parse(b"MZ"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_fail(tail in proptest::collection::vec(any::<u8>(), 0..600)) {
            let mut data = b"MZ".to_vec();
            data.extend(tail);
            let _ = Pe::parse(&data);
        }
    }
}
