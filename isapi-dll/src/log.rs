//! The log: a file that does not grow without end, and the debugger.
//!
//! Two processes may write it at once: IIS starts the next one before the last has ended. So each
//! piece is appended in one call, and a file is renamed but never cut off.

use isapi_base::calls::Bytes;
use isapi_base::codes;
use isapi_loader::{Log, Problem, Result};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

struct LogFile {
    path: PathBuf,
    file: File,
    most: u64,
    keep: u8,
    /// The last piece ended with its line: the next one gets a time.
    line_ended: bool,
}

static FILE: Mutex<Option<LogFile>> = Mutex::new(None);

/// Opens the file that the settings name, where they name one. Its folder is made.
pub(crate) fn open(settings: &Log) -> Result<()> {
    let mut current = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(path) = &settings.file else {
        return Ok(());
    };
    if current.as_ref().is_some_and(|log| log.path == *path) {
        return Ok(());
    }
    let opened = LogFile::open(path, settings).map_err(|error| {
        let text = format!(
            "{} cannot be written: {error}. The account of this process needs the right to make \
             and change files in {}; or change [log] in PyISAPIe.toml.",
            path.display(),
            path.parent().unwrap_or(path).display()
        );
        Problem::new(codes::LOG_FILE, text)
    })?;
    *current = Some(opened);
    Ok(())
}

/// Writes text as it is, with the time before each line.
pub(crate) extern "C" fn write(text: Bytes) {
    if text.length == 0 {
        return;
    }
    // SAFETY: readable for so many bytes during the call (contract of LogFn).
    let text = unsafe { std::slice::from_raw_parts(text.data, text.length) };
    debugger(text);
    let mut current = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    // There is nowhere left to report a log that cannot be written.
    let _ = match current.as_mut() {
        Some(log) => log.write(text),
        None => io::stderr().lock().write_all(text),
    };
}

impl LogFile {
    fn open(path: &Path, settings: &Log) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(Self {
            path: path.to_owned(),
            file: append(path)?,
            most: u64::from(settings.max_mib) << 20,
            keep: settings.keep,
            line_ended: true,
        })
    }

    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        let stamp = format!(
            "{} {} ",
            humantime::format_rfc3339_millis(SystemTime::now()),
            std::process::id()
        );
        let mut out = Vec::with_capacity(text.len() + stamp.len());
        for line in text.split_inclusive(|b| *b == b'\n') {
            if self.line_ended {
                out.extend_from_slice(stamp.as_bytes());
            }
            out.extend_from_slice(line);
            self.line_ended = line.ends_with(b"\n");
        }
        let size = self.file.metadata()?.len();
        if self.most > 0 && size > 0 && size + out.len() as u64 > self.most {
            self.rotate()?;
        }
        self.file.write_all(&out)
    }

    /// `p.log` becomes `p.log.1`, and so on; the oldest goes.
    fn rotate(&mut self) -> io::Result<()> {
        // Another process may just have done it.
        let there = append(&self.path)?;
        if there.metadata()?.len() >= self.file.metadata()?.len() {
            drop(there);
            for number in (0..self.keep).rev() {
                let _gap_in_the_row =
                    std::fs::rename(self.numbered(number), self.numbered(number + 1));
            }
            if self.keep == 0 {
                std::fs::remove_file(&self.path)?;
            }
        }
        self.file = append(&self.path)?;
        Ok(())
    }

    fn numbered(&self, number: u8) -> PathBuf {
        if number == 0 {
            return self.path.clone();
        }
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// For a debugger or DebugView, where there is one.
#[cfg(windows)]
fn debugger(text: &[u8]) {
    use windows_sys::Win32::System::Diagnostics::Debug::OutputDebugStringW;
    let text = String::from_utf8_lossy(text);
    let wide: Vec<u16> = text
        .encode_utf16()
        .filter(|unit| *unit != 0)
        .chain([0])
        .collect();
    // SAFETY: the text ends with a NUL.
    unsafe { OutputDebugStringW(wide.as_ptr()) };
}

#[cfg(not(windows))]
fn debugger(_text: &[u8]) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(keep: u8) -> Log {
        Log {
            file: None,
            max_mib: 1,
            keep,
        }
    }

    #[test]
    fn each_line_gets_a_time_and_pieces_of_a_line_stay_together() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("logs").join("p.log");
        let mut log = LogFile::open(&path, &settings(1)).unwrap();
        log.write(b"one\ntw").unwrap();
        log.write(b"o\n").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(
            lines[0].ends_with(" one") && lines[1].ends_with(" two"),
            "{text}"
        );
        assert!(
            lines[1].starts_with("20") && lines[1].contains("Z "),
            "{text}"
        );
    }

    #[test]
    fn a_full_file_is_renamed_and_the_oldest_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.log");
        let mut log = LogFile::open(&path, &settings(2)).unwrap();
        for letter in b'a'..=b'e' {
            log.write(&vec![letter; 600_000]).unwrap();
        }
        let first = |path: &Path| std::fs::read(path).unwrap().last().copied();
        assert_eq!(first(&path), Some(b'e'));
        assert_eq!(first(&log.numbered(1)), Some(b'd'));
        assert_eq!(first(&log.numbered(2)), Some(b'c'));
        assert!(!log.numbered(3).exists());
    }

    #[test]
    fn two_writers_lose_nothing_when_one_renames_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.log");
        let mut one = LogFile::open(&path, &settings(3)).unwrap();
        let mut two = LogFile::open(&path, &settings(3)).unwrap();
        one.write(&vec![b'x'; 700_000]).unwrap();
        one.write(&vec![b'y'; 700_000]).unwrap();
        two.write(b"late\n").unwrap();
        let all: String = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
            .collect();
        assert_eq!(all.matches("late").count(), 1);
        assert!(all.contains("xxxx") && all.contains("yyyy"));
    }
}
