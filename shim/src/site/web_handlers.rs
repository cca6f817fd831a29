//! `system.webServer/handlers`: which rows this host can carry out, and which it passes over.

use super::handlers::{Access, Handler, Kind, MappingKind, ResourceType, Verbs};
use super::web_config::{WebConfig, twice};
use super::xml::{Element, Source};
use crate::error::Result;

const ATTRIBUTES: [&str; 11] = [
    "name",
    "path",
    "verb",
    "type",
    "modules",
    "scriptProcessor",
    "resourceType",
    "requireAccess",
    "allowPathInfo",
    "preCondition",
    "responseBufferLimit",
];
const STATIC_MODULES: [&str; 3] = [
    "StaticFileModule",
    "DefaultDocumentModule",
    "DirectoryListingModule",
];

/// Reads the rows into `config.handlers`.
pub(super) fn read(config: &mut WebConfig, source: &Source, section: &Element) -> Result<()> {
    // Names of all rows of the file, of those passed over as well: IIS wants them to differ.
    let mut names: Vec<String> = config.handlers.iter().map(|h| h.name.clone()).collect();
    for child in &section.children {
        match child.name.as_str() {
            "clear" => {
                names.clear();
                config.handlers.clear();
                config.inherits_static = false;
                config
                    .note("the server's handlers are cleared, the static file handler among them");
            }
            "remove" => {
                let name = &source.required(child, "name")?.value;
                let other = |n: &String| !n.eq_ignore_ascii_case(name);
                names.retain(other);
                config.handlers.retain(|h| other(&h.name));
                config.inherits_static &= !name.eq_ignore_ascii_case("StaticFile");
                config.note(format!("the handler \"{name}\" of the server is removed"));
            }
            "add" => {
                let name = source.required(child, "name")?.value.clone();
                let inherited = config.inherits_static && name.eq_ignore_ascii_case("StaticFile");
                if inherited || names.iter().any(|n| n.eq_ignore_ascii_case(&name)) {
                    return Err(twice(source, child, &name, "name"));
                }
                add(config, source, child)?;
                names.push(name);
            }
            _ => return Err(source.unknown(child, "clear, remove, add")),
        }
    }
    Ok(())
}

fn add(config: &mut WebConfig, source: &Source, element: &Element) -> Result<()> {
    source.only(element, &ATTRIBUTES)?;
    let path = source.required(element, "path")?;
    let verb = source.required(element, "verb")?;
    let verbs = Verbs::parse(&verb.value)
        .ok_or_else(|| source.bad_value(verb, "names no method", "write * or GET,HEAD,POST"))?;
    let name = source.required(element, "name")?.value.clone();
    let mut handler = Handler {
        verbs,
        ..Handler::extension(name, path.value.trim())
    };
    if let Some(resource_type) = element.attribute("resourceType") {
        let choices = [
            ("File", ResourceType::File),
            ("Directory", ResourceType::Directory),
            ("Either", ResourceType::Either),
            ("Unspecified", ResourceType::Unspecified),
        ];
        handler.resource_type = source.choice(resource_type, &choices)?;
    }
    if let Some(require_access) = element.attribute("requireAccess") {
        let choices = [
            ("None", Access::None),
            ("Read", Access::Read),
            ("Write", Access::Write),
            ("Script", Access::Script),
            ("Execute", Access::Execute),
        ];
        handler.require_access = source.choice(require_access, &choices)?;
    }
    handler.allow_path_info = source.boolean(element, "allowPathInfo", false)?;
    handler.response_buffer_limit = source.number(
        element,
        "responseBufferLimit",
        handler.response_buffer_limit,
    )?;
    match kind(element) {
        Ok(kind) => handler.kind = kind,
        Err(why) => {
            config.note(format!(
                "the handler \"{}\" for {} is skipped: {why}",
                handler.name, path.value
            ));
            return Ok(());
        }
    }
    describe(config, &handler, element);
    config.handlers.push(handler);
    Ok(())
}

/// Who answers for a row, or why nobody here does.
fn kind(element: &Element) -> std::result::Result<Kind, String> {
    let text = |name: &str| element.attribute(name).map_or("", |a| a.value.trim());
    if !text("type").is_empty() {
        return Err(format!(
            "{} is managed code, which this host does not run",
            text("type")
        ));
    }
    let modules: Vec<&str> = text("modules")
        .split(',')
        .map(str::trim)
        .filter(|m| !m.is_empty())
        .collect();
    let has = |wanted: &str| modules.iter().any(|m| m.eq_ignore_ascii_case(wanted));
    if has("IsapiModule") {
        Ok(Kind::Extension)
    } else if STATIC_MODULES.iter().any(|m| has(m)) {
        Ok(Kind::StaticFile)
    } else if modules.is_empty() {
        Err("it names no module".into())
    } else {
        Err(format!("{} is not in this host", modules.join(", ")))
    }
}

fn describe(config: &mut WebConfig, handler: &Handler, element: &Element) {
    let verbs = match &handler.verbs {
        Verbs::All => String::new(),
        Verbs::List(names) => format!(" for {}", names.join(", ")),
    };
    let to = match handler.kind {
        Kind::Extension => "the extension",
        Kind::StaticFile => "static files",
    };
    let name = &handler.name;
    config.note(format!(
        "the handler \"{name}\" maps {}{verbs} to {to}",
        handler.pattern
    ));
    if handler.kind == Kind::Extension {
        let processor = element
            .attribute("scriptProcessor")
            .map_or("", |a| a.value.trim());
        let direct = matches!(
            handler.fit("/x.dll", &|_| false),
            Some((MappingKind::Direct, _))
        );
        if processor.is_empty() && !direct {
            config.note(format!(
                "\"{name}\" names no scriptProcessor, which IIS needs to find the DLL"
            ));
        } else if !processor.is_empty() && !processor.to_ascii_lowercase().contains("pyisapie") {
            config.note(format!(
                "\"{name}\" names {processor}: taken as the extension of this host"
            ));
        }
    }
    if let Some(condition) = element
        .attribute("preCondition")
        .filter(|a| !a.value.trim().is_empty())
    {
        config.note(format!(
            "preCondition \"{}\" of \"{name}\" is taken as met",
            condition.value
        ));
    }
}
