//! The site: root folder, handlers, paths, static files. What IIS decides before and beside an
//! extension.
//!
//! [`Site::open`] reads the folder and its `web.config`; [`UrlPath::parse`] makes a request target
//! safe; [`Site::route`] picks the handler. Everything here works on paths of this machine and
//! knows neither sockets nor the control block.

mod discover;
pub mod handlers;
mod looks;
mod mime;
mod names;
mod real_path;
mod refusal;
mod routes;
mod routing;
pub mod static_files;
mod url;
pub mod web_config;
mod web_handlers;
pub(crate) mod xml;

pub use discover::discover_root;
pub use handlers::{Access, AccessPolicy, Handler, Kind, MappingKind, ResourceType, Verbs};
pub use mime::MimeMap;
pub use real_path::real_path;
pub use refusal::Refusal;
pub use routes::Routes;
pub use routing::{Decision, Route, StaticRoute};
pub use static_files::{StaticAnswer, StaticBody};
pub use url::UrlPath;
pub use web_config::{Filtering, WebConfig};

use crate::codes;
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// The two spellings that are about; IIS does not tell them apart.
const CONFIG_NAMES: [&str; 2] = ["web.config", "Web.config"];

/// How a site is opened: what the command line says.
#[derive(Clone, Debug)]
pub struct SiteOptions {
    /// Patterns that go to the extension, in order; default `*.py` and `*.cgi`.
    pub map: Vec<String>,
    /// `map` was given by the user: it replaces the extension handlers of `web.config`.
    pub map_is_explicit: bool,
    /// An interceptor `*` stands before all other handlers. The default map is left out then.
    pub wildcard: bool,
    /// The folder of the extension and its `Http` overrides; default: the root.
    pub home: Option<PathBuf>,
    /// `web.config` is read where there is one.
    pub use_web_config: bool,
}

impl Default for SiteOptions {
    fn default() -> Self {
        Self {
            map: vec!["*.py".into(), "*.cgi".into()],
            map_is_explicit: false,
            wildcard: false,
            home: None,
            use_web_config: true,
        }
    }
}

/// A folder that is served, with everything that decides who answers.
#[derive(Clone, Debug)]
pub struct Site {
    /// The folder, absolute, symbolic links resolved; on Windows without `\\?\`.
    pub root: PathBuf,
    /// The folder of the extension (its `sys.path[0]` and current directory), in the same form.
    pub home: PathBuf,
    /// In order; the first that fits answers.
    pub handlers: Vec<Handler>,
    /// What handlers may require.
    pub access_policy: AccessPolicy,
    /// Names tried in a folder, in order.
    pub default_documents: Vec<String>,
    /// Content types of static files.
    pub mime: MimeMap,
    /// Longest request body in bytes; [`check_length`](Self::check_length) compares.
    pub max_content_length: u64,
    /// The other limits of request filtering.
    pub filtering: Filtering,
    /// Where the settings come from, one sentence each.
    pub notes: Vec<String>,
}

impl Site {
    /// Opens the folder `root`.
    ///
    /// # Errors
    /// `ISH0201` and `ISH0202` when `root` is missing or no folder, `ISH0106` when the home is,
    /// `ISH0203` for a pattern that can match nothing, `ISH0204` to `ISH0208` for `web.config`.
    pub fn open(root: &Path, options: &SiteOptions) -> Result<Self> {
        let root = folder(root)?;
        let home = match &options.home {
            None => root.clone(),
            Some(home) => folder(home).map_err(|_| {
                Error::new(
                    codes::HOME_MISSING,
                    format!("{} is not a folder", home.display()),
                )
                .fix("name the folder that holds your Http folder, or leave it out")
            })?,
        };
        options
            .map
            .iter()
            .try_for_each(|pattern| check_pattern(pattern))?;
        let config = read_config(&root, options)?;
        Ok(Self {
            handlers: handler_list(options, &config),
            root,
            home,
            access_policy: config.access_policy,
            default_documents: config.default_documents,
            mime: config.mime,
            max_content_length: config.max_content_length,
            filtering: config.filtering,
            notes: config.notes,
        })
    }

    /// The path of a decoded URL path, for `MAP_URL_TO_PATH` and `PATH_TRANSLATED`. Nothing needs
    /// to exist. A trailing slash is kept; `..` stops at the root; `""` is the root.
    pub fn map_path(&self, url: &str) -> PathBuf {
        let mut kept: Vec<&str> = Vec::new();
        for segment in url.split(['/', '\\']).filter(|s| !s.is_empty()) {
            match segment {
                ".." => drop(kept.pop()),
                // Windows reads such names as `.` or `..`.
                _ if segment.chars().all(|c| matches!(c, '.' | ' ')) => {}
                _ => kept.push(segment),
            }
        }
        // Not `push`: on Windows it would let a segment `C:` replace the whole path.
        let mut path = self.root.clone().into_os_string();
        let mut slash = path
            .as_encoded_bytes()
            .last()
            .is_some_and(|b| matches!(b, b'/' | b'\\'));
        for segment in &kept {
            if !slash {
                path.push(std::path::MAIN_SEPARATOR_STR);
            }
            path.push(segment);
            slash = false;
        }
        if !slash && url.ends_with(['/', '\\']) {
            path.push(std::path::MAIN_SEPARATOR_STR);
        }
        PathBuf::from(path)
    }

    /// Refuses a request body of `length` bytes that is longer than the site allows (404.13).
    ///
    /// # Errors
    /// The refusal.
    pub fn check_length(&self, length: u64) -> std::result::Result<(), Refusal> {
        if length <= self.max_content_length {
            return Ok(());
        }
        let reason = format!(
            "the request body of {length} bytes exceeds {}",
            self.max_content_length
        );
        Err(Refusal::new(404, 13, reason))
    }
}

/// The folder as an absolute path without symbolic links.
fn folder(path: &Path) -> Result<PathBuf> {
    let shown = path.display();
    let full = real_path(path).map_err(|e| {
        Error::new(
            codes::SITE_MISSING,
            format!("{shown} cannot be opened as a site: {e}"),
        )
        .fix("name the folder that holds your scripts")
    })?;
    if full.is_dir() {
        return Ok(full);
    }
    let parent = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    Err(Error::new(
        codes::SITE_NOT_A_FOLDER,
        format!("{shown} is a file, not a folder"),
    )
    .fix(format!("name its folder, {}", parent.display())))
}

pub(crate) fn check_pattern(pattern: &str) -> Result<()> {
    let fix = if pattern.starts_with('.') && !pattern.contains(['*', '/']) {
        format!("write \"*{pattern}\"")
    } else if pattern.trim().is_empty() || pattern.contains(|c: char| c.is_control() || c == '\\') {
        "write a pattern like \"*.py\", \"/app/*.py\" or \"*\"".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::new(
        codes::BAD_MAP,
        format!("the handler pattern \"{pattern}\" matches no URL"),
    )
    .fix(fix))
}

fn read_config(root: &Path, options: &SiteOptions) -> Result<WebConfig> {
    let mut config = WebConfig::default();
    if !options.use_web_config {
        return Ok(config);
    }
    if let Some(file) = CONFIG_NAMES
        .iter()
        .map(|name| root.join(name))
        .find(|file| file.symlink_metadata().is_ok())
    {
        config = WebConfig::read(&file)?;
        let replaced = config.handlers.iter().any(|h| h.kind == Kind::Extension);
        if replaced && options.map_is_explicit {
            config
                .note("the extension handlers of web.config give way to those of the command line");
        }
    }
    // Few levels and entries: a site may be a home directory, and this is only for a note.
    let below = WalkDir::new(root)
        .min_depth(2)
        .max_depth(3)
        .sort_by_file_name();
    for entry in below.into_iter().take(200).flatten() {
        if entry.file_name().eq_ignore_ascii_case("web.config") && entry.file_type().is_file() {
            let name = entry.path().strip_prefix(root).unwrap_or(entry.path());
            config.note(format!("{} is not followed here", name.display()));
        }
    }
    Ok(config)
}

fn handler_list(options: &SiteOptions, config: &WebConfig) -> Vec<Handler> {
    let mut list = Vec::new();
    if options.wildcard {
        list.push(Handler::extension("wildcard", "*"));
    }
    let configured = config.handlers.iter().any(|h| h.kind == Kind::Extension);
    let map = options.map_is_explicit || !(configured || options.wildcard);
    if map {
        list.extend(options.map.iter().map(|pattern| {
            let mut handler = Handler::extension(format!("map {pattern}"), pattern.trim());
            // As the dialogue of IIS has it for a script map: a missing script is a 404, not an
            // error of the extension.
            if !matches!(
                handler.fit("/", &|_| false),
                Some((MappingKind::Wildcard, _))
            ) && !pattern.ends_with("/*")
            {
                handler.resource_type = ResourceType::File;
            }
            handler
        }));
    }
    let kept = config
        .handlers
        .iter()
        .filter(|h| !options.map_is_explicit || h.kind != Kind::Extension);
    list.extend(kept.cloned());
    if config.inherits_static {
        list.push(Handler::static_file());
    }
    list
}

#[cfg(test)]
mod tests;
