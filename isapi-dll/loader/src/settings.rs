//! `PyISAPIe.toml` beside the carrier's file: the settings that are needed before there is Python.
//! Everything else is in the site's `Http/Config.py`.

use crate::{Place, Problem, Result};
use isapi_base::codes;
use serde::Deserialize;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file's name. A `PyISAPIe-Name.dll` looks for `PyISAPIe-Name.toml` first.
pub const FILE_NAME: &str = "PyISAPIe.toml";

/// The settings, with paths made whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The folder of a Python installation or of a virtual environment.
    pub python: Option<PathBuf>,
    /// How many threads of its own the extension runs scripts on; 0: on those of the server.
    pub threads: u16,
    /// How many requests may wait for one of these threads; the next one gets a 503. Without it,
    /// [`QUEUE`].
    pub queue: Option<u16>,
    /// The log file.
    pub log: Log,
    /// The file that these were read from; `None`: there is none.
    #[serde(skip)]
    pub file: Option<PathBuf>,
}

/// How many requests may wait for a thread of the extension's own. IIS lets 1000 wait for the
/// process (an app pool's queueLength), so more would only move the waiting line.
pub const QUEUE: u16 = 1000;

/// Where the log goes besides the debugger.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// The file; `None`: standard error, which a service does not have.
    pub file: Option<PathBuf>,
    /// The file is renamed when it would get longer than so many MiB; 0: never.
    pub max_mib: u32,
    /// How many renamed files are kept.
    pub keep: u8,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            file: None,
            max_mib: 10,
            keep: 5,
        }
    }
}

impl Settings {
    /// Reads the file beside the carrier's; the defaults where there is none.
    ///
    /// # Errors
    /// It cannot be read, or something in it means nothing; the line is told.
    pub fn read(place: &Place) -> Result<Self> {
        let mut own = place.file.clone();
        own.set_extension("toml");
        for file in [own, place.folder().join(FILE_NAME)] {
            match std::fs::read_to_string(&file) {
                Ok(text) => return Self::parse(&text, &file),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    let text = format!("{} cannot be read: {error}", file.display());
                    return Err(Problem::new(codes::SETTINGS_FILE, text));
                }
            }
        }
        Ok(Self::default())
    }

    /// As [`Settings::read`], of a text; paths in it count from the file's folder.
    ///
    /// # Errors
    /// Something in it means nothing; the line is told.
    pub fn parse(text: &str, file: &Path) -> Result<Self> {
        // Notepad writes it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut settings: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(String::new(), |span| {
                let before = text.get(..span.start).unwrap_or_default();
                format!(", line {}", before.matches('\n').count() + 1)
            });
            let hint = if text.contains(":\\") && text.contains("= \"") {
                " Paths go in single quotes: in double quotes each backslash must be doubled."
            } else {
                ""
            };
            Problem::new(
                codes::SETTINGS_FILE,
                format!("{}{line}: {}.{hint}", file.display(), error.message()),
            )
        })?;
        let folder = file.parent().unwrap_or(Path::new(""));
        for path in [&mut settings.python, &mut settings.log.file]
            .into_iter()
            .flatten()
        {
            *path = folder.join(&*path);
        }
        settings.file = Some(file.to_owned());
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Settings> {
        Settings::parse(text, Path::new("/srv/PyISAPIe.toml"))
    }

    #[test]
    fn paths_count_from_the_files_folder() {
        let settings = parse("python = 'venv'\n[log]\nfile = 'log/p.log'\n").unwrap();
        assert_eq!(settings.python, Some(PathBuf::from("/srv/venv")));
        assert_eq!(settings.log.file, Some(PathBuf::from("/srv/log/p.log")));
        assert_eq!((settings.log.max_mib, settings.log.keep), (10, 5));
    }

    #[test]
    fn a_misspelt_setting_is_told_with_its_line() {
        let problem = parse("threads = 2\n\npyton = 'x'\n").unwrap_err();
        assert!(problem.text.contains("PyISAPIe.toml, line 3"), "{problem}");
        assert!(problem.text.contains("pyton"), "{problem}");
    }

    #[test]
    fn a_windows_path_in_double_quotes_gets_a_hint() {
        let problem = parse("python = \"C:\\Python313\"\n").unwrap_err();
        assert!(problem.text.contains("single quotes"), "{problem}");
    }

    #[test]
    fn a_byte_order_mark_does_not_matter() {
        assert_eq!(parse("\u{feff}threads = 3").unwrap().threads, 3);
    }
}
