//! What a site's `web.config` says that this host follows.

use super::handlers::{Access, AccessPolicy, Handler};
use super::mime::MimeMap;
use super::web_handlers;
use super::xml::{self, Element, Source};
use crate::codes;
use crate::error::{Error, Result};
use std::path::Path;

/// The default documents of an IIS server, in its order.
const DEFAULT_DOCUMENTS: [&str; 6] = [
    "Default.htm",
    "Default.asp",
    "index.htm",
    "index.html",
    "iisstart.htm",
    "default.aspx",
];
/// Of the list as this host has it, what a web.config may add once more. The first is on servers
/// with ASP.NET only; the others are this host's own, for PyISAPIe scripts.
const NOT_INHERITED: [&str; 3] = ["default.aspx", "default.py", "index.py"];
/// The segments request filtering hides by default (`hiddenSegments`).
const HIDDEN_SEGMENTS: [&str; 8] = [
    "web.config",
    "bin",
    "App_code",
    "App_GlobalResources",
    "App_LocalResources",
    "App_WebReferences",
    "App_Data",
    "App_Browsers",
];

/// The limits of request filtering (`security/requestFiltering`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filtering {
    /// Longest URL without its query, in bytes as sent; 404.14 beyond. IIS: 4096.
    pub max_url: usize,
    /// Longest query string in bytes; 404.15 beyond. IIS: 2048.
    pub max_query_string: usize,
    /// Lets paths through that a second decoding would change (else 404.11).
    pub allow_double_escaping: bool,
    /// Path segments nobody gets to see (404.8), compared without regard to case.
    pub hidden_segments: Vec<String>,
}

impl Default for Filtering {
    fn default() -> Self {
        Self {
            max_url: 4096,
            max_query_string: 2048,
            allow_double_escaping: false,
            hidden_segments: HIDDEN_SEGMENTS.map(str::to_owned).to_vec(),
        }
    }
}

/// The settings of a site: those of an IIS server, changed by a `web.config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebConfig {
    /// The handlers of the file, in its order.
    pub handlers: Vec<Handler>,
    /// The server's static file handler still ends the list.
    pub inherits_static: bool,
    /// What handlers may require.
    pub access_policy: AccessPolicy,
    /// Names tried in a folder, in order; empty when switched off.
    pub default_documents: Vec<String>,
    /// Content types.
    pub mime: MimeMap,
    /// Longest request body in bytes; 404.13 beyond. IIS: 30 000 000.
    pub max_content_length: u64,
    /// The other limits.
    pub filtering: Filtering,
    /// What was taken from the file and what not, one sentence each, in the file's order.
    pub notes: Vec<String>,
}

impl Default for WebConfig {
    /// An IIS server of which no site has changed anything.
    fn default() -> Self {
        let documents = DEFAULT_DOCUMENTS.iter().chain(&NOT_INHERITED[1..]);
        Self {
            handlers: Vec::new(),
            inherits_static: true,
            access_policy: AccessPolicy::default(),
            default_documents: documents.map(|d| (*d).to_owned()).collect(),
            mime: MimeMap::default(),
            max_content_length: 30_000_000,
            filtering: Filtering::default(),
            notes: Vec::new(),
        }
    }
}

impl WebConfig {
    /// Reads a file: UTF-8, UTF-16 with a byte order mark, or what its XML declaration names.
    ///
    /// # Errors
    /// `ISH0204` when it is no file or cannot be read or decoded, and those of [`parse`](Self::parse).
    pub fn read(file: &Path) -> Result<Self> {
        let name = file.display().to_string();
        let read = match std::fs::metadata(file) {
            // A folder, or a pipe that nobody writes to.
            Ok(data) if !data.is_file() => Err(std::io::Error::other("it is no file")),
            Ok(_) => std::fs::read(file),
            Err(why) => Err(why),
        };
        let bytes = read.map_err(|why: std::io::Error| {
            let what = format!("{name} cannot be read: {why}");
            Error::new(codes::CONFIG_UNREADABLE, what)
                .fix("make it a file that you may read, or take it away")
        })?;
        let text = xml::decode(&bytes).ok_or_else(|| {
            Error::new(
                codes::CONFIG_UNREADABLE,
                format!("{name} is not in the encoding it says"),
            )
            .fix("save it as UTF-8")
        })?;
        Self::parse(&name, &text)
    }

    /// Reads the text of a `web.config`; `file` is its name in errors.
    ///
    /// # Errors
    /// `ISH0205` for broken XML, `ISH0206` for values, `ISH0207` for missing attributes and
    /// `ISH0208` for double entries: what IIS answers with 500.19.
    pub fn parse(file: &str, text: &str) -> Result<Self> {
        let source = Source { file, text };
        let root = xml::parse(&source)?;
        if root.name != "configuration" {
            let what = format!("the root element is <{}>, not <configuration>", root.name);
            return Err(source.error(codes::CONFIG_VALUE, what, &root.span));
        }
        let mut config = Self::default();
        for child in &root.children {
            match child.name.as_str() {
                "system.webServer" => config.web_server(&source, child)?,
                "location" => config.location(&source, child)?,
                _ => {}
            }
        }
        Ok(config)
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// `<location>` without a path, or with `.`, is the site itself; others are below it.
    fn location(&mut self, source: &Source, element: &Element) -> Result<()> {
        let path = element.attribute("path").map_or("", |a| a.value.as_str());
        if !matches!(path, "" | ".") {
            self.note(format!("<location path=\"{path}\"> is not followed here"));
            return Ok(());
        }
        element
            .children("system.webServer")
            .try_for_each(|s| self.web_server(source, s))
    }

    fn web_server(&mut self, source: &Source, section: &Element) -> Result<()> {
        for child in &section.children {
            match child.name.as_str() {
                "handlers" => {
                    self.access_policy(source, child)?;
                    web_handlers::read(self, source, child)?;
                }
                "defaultDocument" => self.default_document(source, child)?,
                "staticContent" => self.static_content(source, child)?,
                "security" => self.security(source, child)?,
                other => self.note(format!("<{other}> has no effect here")),
            }
        }
        Ok(())
    }

    fn access_policy(&mut self, source: &Source, handlers: &Element) -> Result<()> {
        source.only(handlers, &["accessPolicy"])?;
        let Some(attribute) = handlers.attribute("accessPolicy") else {
            return Ok(());
        };
        let words = [
            ("None", None),
            ("Read", Some(Access::Read)),
            ("Write", Some(Access::Write)),
            ("Execute", Some(Access::Execute)),
            ("Script", Some(Access::Script)),
            ("Source", None),
            ("NoRemoteRead", None),
            ("NoRemoteWrite", None),
            ("NoRemoteExecute", None),
            ("NoRemoteScript", None),
        ];
        let mut granted = Vec::new();
        for word in attribute.value.split(',') {
            granted.extend(source.word(attribute, word, &words)?);
        }
        self.access_policy = AccessPolicy(granted);
        self.note(format!("the access policy is {}", attribute.value));
        Ok(())
    }

    fn default_document(&mut self, source: &Source, section: &Element) -> Result<()> {
        source.only(section, &["enabled"])?;
        if !source.boolean(section, "enabled", true)? {
            self.default_documents.clear();
            self.note("default documents are switched off");
            return Ok(());
        }
        for files in section.children("files") {
            let soft = &NOT_INHERITED;
            let own = collection(source, files, "value", &mut self.default_documents, soft)?;
            for value in own {
                let name = &value.value;
                if name.contains(['\\', ':', '%'])
                    || name.split('/').any(|s| matches!(s, "" | "." | ".."))
                {
                    return Err(source.bad_value(
                        value,
                        "is not a file name",
                        "name a file of the folder",
                    ));
                }
            }
            let list = self.default_documents.join(", ");
            self.note(format!("default documents are {list}"));
        }
        Ok(())
    }

    fn static_content(&mut self, source: &Source, section: &Element) -> Result<()> {
        let mut own: Vec<String> = Vec::new();
        for child in &section.children {
            match child.name.as_str() {
                "clear" => {
                    own.clear();
                    self.mime.clear();
                    self.note("the server's content types are cleared");
                }
                "remove" => {
                    let extension = &source.required(child, "fileExtension")?.value;
                    own.retain(|e| !e.eq_ignore_ascii_case(extension));
                    self.mime.set(extension, None);
                    self.note(format!("{extension} has no content type"));
                }
                "mimeMap" => {
                    source.only(child, &["fileExtension", "mimeType"])?;
                    let extension = source.required(child, "fileExtension")?;
                    let mime = source.required(child, "mimeType")?;
                    let control = |a: &xml::Attribute| a.value.contains(char::is_control);
                    if !extension.value.starts_with('.') {
                        let fix = format!("write .{}", extension.value);
                        return Err(source.bad_value(extension, "does not begin with a dot", fix));
                    } else if control(mime) {
                        return Err(source.bad_value(mime, "is no content type", "write one line"));
                    }
                    if own.iter().any(|e| e.eq_ignore_ascii_case(&extension.value)) {
                        return Err(twice(source, child, &extension.value, "fileExtension"));
                    }
                    own.push(extension.value.clone());
                    self.mime.set(&extension.value, Some(mime.value.clone()));
                    self.note(format!("{} is sent as {}", extension.value, mime.value));
                }
                "clientCache" => self.note("<staticContent>/<clientCache> has no effect here"),
                _ => return Err(source.unknown(child, "clear, remove, mimeMap, clientCache")),
            }
        }
        Ok(())
    }

    fn security(&mut self, source: &Source, section: &Element) -> Result<()> {
        for filtering in section.children("requestFiltering") {
            let double = self.filtering.allow_double_escaping;
            self.filtering.allow_double_escaping =
                source.boolean(filtering, "allowDoubleEscaping", double)?;
            if filtering.attribute("allowDoubleEscaping").is_some() {
                let word = if self.filtering.allow_double_escaping {
                    "allowed"
                } else {
                    "refused"
                };
                self.note(format!("doubly escaped paths are {word}"));
            }
            for child in &filtering.children {
                match child.name.as_str() {
                    "requestLimits" => self.limits(source, child)?,
                    "hiddenSegments" => {
                        let list = &mut self.filtering.hidden_segments;
                        collection(source, child, "segment", list, &[])?;
                        let list = list.join(", ");
                        self.note(format!("hidden segments are {list}"));
                    }
                    other => self.note(format!("<requestFiltering>/<{other}> has no effect here")),
                }
            }
        }
        Ok(())
    }

    fn limits(&mut self, source: &Source, limits: &Element) -> Result<()> {
        if limits.attribute("maxAllowedContentLength").is_some() {
            let bytes = source.number(limits, "maxAllowedContentLength", 0)?;
            self.max_content_length = u64::from(bytes);
            self.note(format!("request bodies may have up to {bytes} bytes"));
        }
        if limits.attribute("maxUrl").is_some() {
            let bytes = source.number(limits, "maxUrl", 0)?;
            self.filtering.max_url = bytes as usize;
            self.note(format!("URLs may have up to {bytes} bytes"));
        }
        if limits.attribute("maxQueryString").is_some() {
            let bytes = source.number(limits, "maxQueryString", 0)?;
            self.filtering.max_query_string = bytes as usize;
            self.note(format!("query strings may have up to {bytes} bytes"));
        }
        Ok(())
    }
}

/// Applies `clear`, `remove` and `add` with the key attribute `key` to `list`, own entries first
/// (IIS puts those of the site before those of the server), and gives the own ones. An entry of
/// `soft` may be added though it is in the list.
fn collection<'e>(
    source: &Source,
    element: &'e Element,
    key: &str,
    list: &mut Vec<String>,
    soft: &[&str],
) -> Result<Vec<&'e xml::Attribute>> {
    let mut own: Vec<&xml::Attribute> = Vec::new();
    for child in &element.children {
        match child.name.as_str() {
            "clear" => {
                own.clear();
                list.clear();
            }
            "remove" => {
                let value = &source.required(child, key)?.value;
                own.retain(|o| !o.value.eq_ignore_ascii_case(value));
                list.retain(|o| !o.eq_ignore_ascii_case(value));
            }
            "add" => {
                let value = source.required(child, key)?;
                let same = |other: &str| other.eq_ignore_ascii_case(&value.value);
                let inherited = list.iter().any(|o| same(o)) && !soft.iter().any(|o| same(o));
                if inherited || own.iter().any(|o| same(&o.value)) {
                    return Err(twice(source, child, &value.value, key));
                }
                list.retain(|o| !same(o));
                own.push(value);
            }
            _ => return Err(source.unknown(child, "clear, remove, add")),
        }
    }
    list.splice(0..0, own.iter().map(|o| o.value.clone()));
    Ok(own)
}

/// The error for an entry that is in a collection already.
pub(super) fn twice(source: &Source, element: &Element, value: &str, key: &str) -> Error {
    let span = element.attribute(key).map_or(&element.span, |a| &a.span);
    source
        .error(
            codes::CONFIG_DUPLICATE,
            format!("{key}=\"{value}\" is in the collection already"),
            span,
        )
        .fix(format!(
            "IIS refuses this with 500.19; put <remove {key}=\"{value}\" /> before it, or drop it"
        ))
}

#[cfg(test)]
#[path = "web_config_tests.rs"]
mod tests;
