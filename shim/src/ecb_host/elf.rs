//! What the header of a shared library of Linux says, as far as a message needs it.

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Elf {
    /// 32 or 64.
    pub(super) bits: u32,
    /// Compiled, and not linked.
    pub(super) is_object: bool,
}

impl Elf {
    /// Reads the begin of a file. `None`: it is no ELF file.
    pub(super) fn parse(data: &[u8]) -> Option<Self> {
        data.starts_with(b"\x7fELF").then(|| Self {
            bits: if data.get(4) == Some(&1) { 32 } else { 64 },
            // The type is a number of two bytes in the file's own order.
            is_object: matches!(data.get(16..18), Some([1, 0] | [0, 1])),
        })
    }
}

/// Whether a file is shorter than its header says. The loader of Linux does not look: it maps
/// what is not there, and the process ends by a signal. `data`: the begin of the file.
pub(super) fn is_cut_off(data: &[u8], length: u64) -> bool {
    // Of the other bitness or byte order: the loader looks at that.
    let own = if cfg!(target_pointer_width = "64") {
        2
    } else {
        1
    };
    if !data.starts_with(b"\x7fELF") || data.get(4) != Some(&own) || data.get(5) != Some(&1) {
        return false;
    }
    let wide = own == 2;
    // Where each number is: the table's place, the size of a row, and the count of rows; in a row
    // of the table the place and the size of a segment.
    let (table, row, count, place, size) = if wide {
        (32, 54, 56, 8, 32)
    } else {
        (28, 42, 44, 4, 16)
    };
    let address = |at: usize| number(data, at, if wide { 8 } else { 4 });
    let (Some(table), Some(row), Some(count)) =
        (address(table), number(data, row, 2), number(data, count, 2))
    else {
        return true;
    };
    (0..count).any(|index| {
        let at = table.saturating_add(index.saturating_mul(row));
        let Ok(at) = usize::try_from(at) else {
            return true;
        };
        // A table behind what was read (patchelf moves it) is the loader's to look at.
        let Some(kind) = number(data, at, 4) else {
            return at as u64 >= length;
        };
        const LOADED: u64 = 1;
        let end = address(at.saturating_add(place))
            .zip(address(at.saturating_add(size)))
            .map(|(place, size)| place.saturating_add(size));
        kind == LOADED && end.is_none_or(|end| end > length)
    })
}

/// A little-endian number of so many bytes.
fn number(data: &[u8], at: usize, bytes: usize) -> Option<u64> {
    let bytes = data.get(at..at.checked_add(bytes)?)?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |all, byte| all << 8 | u64::from(*byte)),
    )
}

/// The names in a file that have `name` in them, without reading its tables.
pub(super) fn names(data: &[u8], name: &str) -> Vec<String> {
    let found = data
        .windows(name.len())
        .enumerate()
        .filter(|(_, window)| *window == name.as_bytes());
    let names = found.map(|(at, _)| {
        let start = data[..at].iter().rposition(|b| *b == 0);
        let end = data[at..].iter().position(|b| *b == 0);
        let end = end.map_or(data.len(), |end| at + end);
        String::from_utf8_lossy(&data[start.map_or(0, |s| s + 1)..end]).into_owned()
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A library of 64 bits with one segment that is loaded: its place and size.
    fn library(place: u64, size: u64) -> Vec<u8> {
        let mut data = b"\x7fELF\x02\x01\x01".to_vec();
        data.resize(0x78, 0);
        data[16] = 3;
        data[32] = 0x40;
        data[54] = 56;
        data[56] = 1;
        data[0x40] = 1;
        data[0x48..0x50].copy_from_slice(&place.to_le_bytes());
        data[0x60..0x68].copy_from_slice(&size.to_le_bytes());
        data
    }

    #[test]
    fn a_file_is_known_by_its_header() {
        let elf = |bits, is_object| Some(Elf { bits, is_object });
        assert_eq!(Elf::parse(&library(0, 0)), elf(64, false));
        assert_eq!(Elf::parse(b"\x7fELF\x01"), elf(32, false));
        let mut object = library(0, 0);
        object[16] = 1;
        assert_eq!(Elf::parse(&object), elf(64, true));
        assert_eq!(Elf::parse(b"MZ"), None);
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_library_is_whole_when_its_segments_are() {
        for (place, size, length, cut) in [
            (0, 1000, 1000, false),
            (0, 1001, 1000, true),
            (4096, 1, 4096, true),
            (u64::MAX, 2, 4096, true),
        ] {
            assert_eq!(
                is_cut_off(&library(place, size), length),
                cut,
                "{place} {size}"
            );
        }
        assert!(is_cut_off(b"\x7fELF\x02\x01", 6));
        assert!(!is_cut_off(b"text", 4), "the loader knows that itself");
    }

    #[test]
    fn names_are_found_without_tables() {
        let data = b"\x7fELF\0_Z17HttpExtensionProcP1E\0other\0HttpExtensionProc";
        assert_eq!(
            names(data, "HttpExtensionProc"),
            ["_Z17HttpExtensionProcP1E", "HttpExtensionProc"]
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_fail(tail in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut data = b"\x7fELF\x02\x01".to_vec();
            data.extend(tail);
            is_cut_off(&data, data.len() as u64);
            Elf::parse(&data);
            names(&data, "a");
        }
    }
}
