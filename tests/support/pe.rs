//! DLLs of Windows, as far as their headers go: enough for what reads them without loading them.

/// `IMAGE_FILE_MACHINE_AMD64`.
pub const X64: u16 = 0x8664;
/// `IMAGE_FILE_MACHINE_I386`.
pub const X86: u16 = 0x014c;
/// What an ISAPI extension exports.
pub const EXTENSION: &[&str] = &[
    "GetExtensionVersion",
    "HttpExtensionProc",
    "TerminateExtension",
];

/// Where the one section lies: in memory, and in the file.
const RVA: u32 = 0x1000;
const OFFSET: usize = 0x400;

/// A DLL for that processor with these exports, which needs those DLLs.
pub fn dll(machine: u16, exports: &[&str], imports: &[&str]) -> Vec<u8> {
    let wide = machine != X86;
    let mut section = Section::default();
    let export_table = section.exports(exports);
    let import_table = section.imports(imports);
    let size = section.0.len() as u32;

    let mut file = vec![0u8; OFFSET];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MZ");
    put(0x3c, &0x40u32.to_le_bytes());
    put(0x40, b"PE\0\0");
    put(0x44, &machine.to_le_bytes());
    put(0x46, &1u16.to_le_bytes()); // sections
    let (magic, optional): (u16, u16) = if wide { (0x20b, 240) } else { (0x10b, 224) };
    put(0x54, &optional.to_le_bytes());
    put(0x56, &0x2022u16.to_le_bytes()); // a DLL
    put(0x58, &magic.to_le_bytes());
    put(0x58 + 32, &0x1000u32.to_le_bytes()); // alignment in memory
    put(0x58 + 36, &0x200u32.to_le_bytes()); // alignment in the file
    put(0x58 + 68, &2u16.to_le_bytes()); // subsystem
    let directories = 0x58 + if wide { 112 } else { 96 };
    put(directories - 4, &16u32.to_le_bytes());
    for (index, table) in [export_table, import_table].into_iter().enumerate() {
        let (rva, length) = table.unwrap_or((0, 0));
        put(directories + index * 8, &rva.to_le_bytes());
        put(directories + index * 8 + 4, &length.to_le_bytes());
    }
    let header = 0x58 + usize::from(optional);
    put(header, b".rdata\0\0");
    for (index, value) in [size, RVA, size, OFFSET as u32].into_iter().enumerate() {
        put(header + 8 + index * 4, &value.to_le_bytes());
    }
    put(header + 36, &0x4000_0040u32.to_le_bytes()); // data, readable
    file.extend(section.0);
    file
}

#[derive(Default)]
struct Section(Vec<u8>);

impl Section {
    fn here(&self) -> u32 {
        RVA + self.0.len() as u32
    }

    fn text(&mut self, text: &str) -> u32 {
        let at = self.here();
        self.0.extend(text.bytes().chain([0]));
        at
    }

    fn numbers(&mut self, numbers: &[u32]) -> u32 {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        let at = self.here();
        self.0.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
        at
    }

    fn exports(&mut self, names: &[&str]) -> Option<(u32, u32)> {
        if names.is_empty() {
            return None;
        }
        let count = names.len() as u32;
        // The directory covers the table and all that it names, and begins with the table.
        let at = self.numbers(&[0; 10]);
        let own = self.text("test.dll");
        let texts: Vec<u32> = names.iter().map(|name| self.text(name)).collect();
        // Beyond the directory: an address within it would be the name of a forwarded export.
        let functions = self.numbers(&vec![0x9000; names.len()]);
        let pointers = self.numbers(&texts);
        let ordinals_at = self.here();
        self.0.extend((0..count as u16).flat_map(u16::to_le_bytes));
        let table = [
            0,
            0,
            0,
            own,
            1,
            count,
            count,
            functions,
            pointers,
            ordinals_at,
        ];
        for (index, value) in table.into_iter().enumerate() {
            let place = (at - RVA) as usize + index * 4;
            self.0[place..place + 4].copy_from_slice(&value.to_le_bytes());
        }
        Some((at, self.here() - at))
    }

    fn imports(&mut self, names: &[&str]) -> Option<(u32, u32)> {
        let thunks = self.numbers(&[0, 0]);
        let texts: Vec<u32> = names.iter().map(|name| self.text(name)).collect();
        let mut table: Vec<u32> = texts
            .iter()
            .flat_map(|name| [thunks, 0, 0, *name, thunks])
            .collect();
        table.extend([0; 5]);
        let length = table.len() as u32 * 4;
        (!names.is_empty()).then(|| (self.numbers(&table), length))
    }
}
