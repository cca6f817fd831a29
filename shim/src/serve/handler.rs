//! `--wildcard=HANDLER`: a file in the place of `Http/Isapi.py`.

use crate::cli::ServeArgs;
use crate::codes;
use crate::error::{Error, Result};
use std::path::PathBuf;
use tempfile::TempDir;

/// The home folder that the options ask for, and the folder made for it, which must live as long
/// as the server. `None`: the site's own.
pub(super) fn home(args: &ServeArgs) -> Result<(Option<PathBuf>, Option<TempDir>)> {
    let Some(Some(handler)) = &args.wildcard else {
        return Ok((args.host.home.clone(), None));
    };
    let bad = |why: String| {
        Error::new(
            codes::HANDLER_MISSING,
            format!("the handler {}: {why}", handler.display()),
        )
        .fix("name a Python file with a function Request()")
    };
    let file = handler.canonicalize().map_err(|e| bad(e.to_string()))?;
    if !file.is_file() {
        return Err(bad("is no file".to_owned()));
    }
    // The core knows a home with an Http/Isapi.py in it, under IIS and here; so one is made, and
    // the handler's own folder comes first for imports.
    let folder = TempDir::new().map_err(|e| bad(e.to_string()))?;
    let package = folder.path().join("Http");
    std::fs::create_dir(&package).map_err(|e| bad(e.to_string()))?;
    let home = match &args.host.home {
        Some(home) => home.canonicalize().map_err(|e| bad(e.to_string()))?,
        None => file.parent().map_or_else(PathBuf::new, PathBuf::from),
    };
    let text = |path: &PathBuf| format!("{:?}", path.to_string_lossy());
    let source = format!(
        "import os, sys\nsys.path.insert(0, {home})\nos.chdir({home})\n\
         from Http.Loader import load\n\n\ndef Request():\n    return load({file}).Request()\n",
        home = text(&home),
        file = text(&file),
    );
    std::fs::write(package.join("Isapi.py"), source).map_err(|e| bad(e.to_string()))?;
    if home.join("Http/Config.py").is_file() {
        let config = home.join("Http/Config.py");
        std::fs::copy(config, package.join("Config.py")).map_err(|e| bad(e.to_string()))?;
    }
    Ok((Some(folder.path().to_owned()), Some(folder)))
}
