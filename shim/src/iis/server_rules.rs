//! Rules about what the whole server has: restrictions, modules, pools, locked sections.

use super::app_host;
use super::check::Subject;
use super::documents::{self, Document, Layer, below, flag, value};
use super::finding::{At, Finding, Report};
use super::paths;
use crate::codes;
use crate::site::xml::Element;

/// The sections that a site for PyISAPIe may have, and that a server may lock.
const SECTIONS: [&str; 7] = [
    "handlers",
    "modules",
    "defaultDocument",
    "staticContent",
    "httpErrors",
    "security/requestFiltering",
    "security/authentication/anonymousAuthentication",
];
const RESTRICTION: &str = "security/isapiCgiRestriction";

/// What is wrong with the server, as far as applicationHost.config is given.
pub(super) fn rules(subject: &Subject<'_>, report: &mut Report) {
    site_only(subject, report);
    two_copies_in_one_site(subject, report);
    removed_module(subject, report);
    let Some(host) = subject.host else {
        if subject.ours().next().is_some() {
            report.add(
                Finding::note(
                    codes::IIS_NOT_SEEN,
                    "the application pool, ISAPI and CGI Restrictions and the installed modules were not looked at",
                )
                .cure(r"give a copy of C:\Windows\System32\inetsrv\config\applicationHost.config with --application-host"),
            );
        }
        return;
    };
    restrictions(subject, host, report);
    modules(subject, host, report);
    locks(subject, host, report);
    if let Some(pool) = subject.pool.as_ref().filter(|pool| !pool.starts) {
        report.add(
            Finding::warning(
                codes::IIS_POOL,
                format!(
                    "the application pool {:?} does not start by itself",
                    pool.name
                ),
            )
            .at(pool.at.clone())
            .symptom("503 until somebody starts it")
            .cure("set autoStart to true"),
        );
    }
    shared_pool(subject, host, report);
}

/// Sections that only applicationHost.config may have.
fn site_only(subject: &Subject<'_>, report: &mut Report) {
    let Some(web) = subject.web else { return };
    for section in [RESTRICTION, "globalModules"] {
        for element in Layer::of(web, "")
            .iter()
            .flat_map(|layer| layer.sections(section))
        {
            report.add(
                Finding::error(
                    codes::IIS_LOCKED,
                    format!("<{section}> cannot stand in a web.config"),
                )
                .at(web.at_element(element))
                .symptom("500.19 with 0x80070021 for the whole site")
                .cure("put it into applicationHost.config: appcmd set config ... /commit:apphost"),
            );
        }
    }
}

fn two_copies_in_one_site(subject: &Subject<'_>, report: &mut Report) {
    let mut carriers = subject
        .ours()
        .filter(|(_, row)| row.processor().to_ascii_lowercase().contains("pyisapie"));
    let Some((_, first)) = carriers.next() else {
        return;
    };
    if let Some((_, other)) =
        carriers.find(|(_, row)| !paths::same(row.processor(), first.processor()))
    {
        report.add(
            Finding::error(codes::IIS_POOL_SHARED, format!("the site uses both {} and {}", first.processor(), other.processor()))
                .at(other.at_value("scriptProcessor"))
                .symptom("500 with the page ISH0311 from the one that is loaded second")
                .cure("use one copy of the DLL, or make an application with a pool of its own for the other"),
        );
    }
}

/// `<modules>` without `IsapiModule`, by the site itself.
fn removed_module(subject: &Subject<'_>, report: &mut Report) {
    let mut removed: Option<At> = None;
    for layer in &subject.layers {
        for child in layer
            .sections("modules")
            .into_iter()
            .flat_map(|section| &section.children)
        {
            let isapi = value(child, "name").eq_ignore_ascii_case("IsapiModule");
            match child.name.as_str() {
                "clear" => removed = Some(layer.document.at_element(child)),
                "remove" if isapi => removed = Some(layer.document.at_element(child)),
                "add" if isapi => removed = None,
                _ => {}
            }
        }
    }
    if let Some(at) = removed {
        report.add(
            Finding::error(codes::IIS_NO_ISAPI, "IsapiModule is taken out of <modules>")
                .at(at)
                .symptom("500.21")
                .cure("drop this, or add <add name=\"IsapiModule\" /> behind it"),
        );
    }
}

fn host_sections<'d>(host: &'d Document, path: &str) -> Vec<&'d Element> {
    Layer::of(host, "")
        .iter()
        .flat_map(|layer| layer.sections(path))
        .collect()
}

fn restrictions(subject: &Subject<'_>, host: &Document, report: &mut Report) {
    let sections = host_sections(host, RESTRICTION);
    let unlisted = sections
        .iter()
        .filter_map(|s| flag(s, "notListedIsapisAllowed"))
        .next_back();
    let mut entries: Vec<&Element> = Vec::new();
    for child in sections.iter().flat_map(|section| &section.children) {
        let is = |e: &&Element| value(e, "path").eq_ignore_ascii_case(value(child, "path"));
        match child.name.as_str() {
            "clear" => entries.clear(),
            "remove" => entries.retain(|e| !is(e)),
            "add" => entries.push(child),
            _ => {}
        }
    }
    for dll in &subject.dlls {
        let named = dll.named.as_str();
        let add = format!(
            "appcmd set config /section:{RESTRICTION} /+\"[path='{}',allowed='true',description='PyISAPIe']\" /commit:apphost",
            paths::plain(named)
        )
        .replace("/section:security", "/section:system.webServer/security");
        let same: Vec<&&Element> = entries
            .iter()
            .filter(|e| paths::same(value(e, "path"), named))
            .collect();
        let exact = same
            .iter()
            .find(|e| value(e, "path").eq_ignore_ascii_case(named));
        match (exact, same.first()) {
            (Some(entry), _) if flag(entry, "allowed") == Some(true) => {
                if value(entry, "path") != named {
                    report.add(
                        Finding::note(
                            codes::IIS_RESTRICTION_PATH,
                            format!("the restriction has {:?}, and the handler {named:?}: upper and lower case differ", value(entry, "path")),
                        )
                        .at(host.at_element(entry))
                        .symptom("404.2, should IIS compare the case; that is not known")
                        .cure("write both alike"),
                    );
                }
            }
            (Some(entry), _) => report.add(
                Finding::error(
                    codes::IIS_RESTRICTED,
                    format!("the restriction for {named} has allowed=\"false\""),
                )
                .at(host.at_element(entry))
                .symptom("404.2")
                .cure("allow it: IIS Manager, the server, ISAPI and CGI Restrictions, Allow"),
            ),
            (None, Some(entry)) => report.add(
                Finding::error(
                    codes::IIS_RESTRICTION_PATH,
                    format!(
                        "the restriction has {:?}, and the handler {named:?}",
                        value(entry, "path")
                    ),
                )
                .at(host.at_element(entry))
                .symptom("404.2: quotes and other spellings of a path are other paths to IIS")
                .cure("write both alike, without quotes"),
            ),
            (None, None) if unlisted == Some(true) => {}
            (None, None) => {
                let folder = paths::folder(named);
                let core = entries.iter().find(|e| {
                    let path = value(e, "path");
                    super::dll::is_core_name(&paths::file_name(path))
                        && paths::same(&paths::folder(path), &folder)
                });
                let what = match core {
                    Some(core) => format!(
                        "{named} is not allowed under ISAPI and CGI Restrictions; {} is, which needs no entry",
                        paths::file_name(value(core, "path"))
                    ),
                    None => format!("{named} is not allowed under ISAPI and CGI Restrictions"),
                };
                report.add(
                    Finding::error(codes::IIS_RESTRICTED, what)
                        .at(At {
                            file: host.file.clone(),
                            line: None,
                        })
                        .symptom("404.2")
                        .cure(add),
                );
            }
        }
    }
}

fn modules(subject: &Subject<'_>, host: &Document, report: &mut Report) {
    if subject.ours().next().is_none() {
        return;
    }
    let has = |path: &str| {
        let sections = host_sections(host, path);
        let mut children = sections.iter().flat_map(|section| &section.children);
        children.any(|c| c.name == "add" && value(c, "name").eq_ignore_ascii_case("IsapiModule"))
    };
    let lacks = ["globalModules", "modules"]
        .into_iter()
        .find(|path| !has(path));
    if let Some(path) = lacks {
        report.add(
            Finding::error(codes::IIS_NO_ISAPI, format!("IsapiModule is not in <{path}>"))
                .at(At { file: host.file.clone(), line: None })
                .symptom("500.21")
                .cure("install the feature: dism /online /enable-feature /all /featurename:IIS-ISAPIExtensions"),
        );
    }
}

/// The sections of web.config that the server does not leave to sites.
fn locks(subject: &Subject<'_>, host: &Document, report: &mut Report) {
    let Some(web) = subject.web else { return };
    for path in SECTIONS {
        let layers = Layer::of(web, "");
        let Some(used) = layers.iter().flat_map(|layer| layer.sections(path)).next() else {
            continue;
        };
        if is_locked(subject, host, path) {
            report.add(
                Finding::error(codes::IIS_LOCKED, format!("<{path}> is locked by the server (overrideMode)"))
                    .at(web.at_element(used))
                    .symptom("500.19 with 0x80070021 for the whole site")
                    .cure(format!(
                        "appcmd unlock config /section:system.webServer/{path}, or set it with appcmd ... /commit:apphost"
                    )),
            );
        }
    }
}

fn is_locked(subject: &Subject<'_>, host: &Document, path: &str) -> bool {
    // <configSections> has groups for all parts of a section's path but the last.
    let (group, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut groups: Vec<&Element> = below(&host.root, "configSections");
    for part in
        std::iter::once("system.webServer").chain(group.split('/').filter(|g| !g.is_empty()))
    {
        groups = groups
            .into_iter()
            .flat_map(|g| {
                g.children("sectionGroup")
                    .filter(|g| value(g, "name") == part)
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    let mut sections = groups.iter().flat_map(|g| g.children("section"));
    let defined = sections.find(|section| value(section, "name") == name);
    let mut locked =
        defined.is_some_and(|s| value(s, "overrideModeDefault").eq_ignore_ascii_case("Deny"));
    for layer in subject
        .layers
        .iter()
        .filter(|l| l.document.file == host.file)
    {
        if layer.sections(path).is_empty() {
            continue;
        }
        let mode = value(layer.holder, "overrideMode");
        match flag(layer.holder, "allowOverride") {
            _ if mode.eq_ignore_ascii_case("Allow") => locked = false,
            _ if mode.eq_ignore_ascii_case("Deny") => locked = true,
            Some(allowed) => locked = !allowed,
            None => {}
        }
    }
    locked
}

/// Python runs once in a process: another copy of the DLL in the same pool cannot have it.
fn shared_pool(subject: &Subject<'_>, host: &Document, report: &mut Report) {
    let (Some(pool), Some(own)) = (&subject.pool, subject.dlls.first()) else {
        return;
    };
    for other in app_host::applications(host) {
        let is_this = subject.application.as_ref() == Some(&other);
        if is_this || !other.pool.eq_ignore_ascii_case(&pool.name) {
            continue;
        }
        let file = subject
            .paths
            .local(&other.folder)
            .and_then(|folder| paths::entry(&folder, "web.config"));
        let web = file.and_then(|file| Document::read(&file).ok());
        let mut layers = Layer::of(host, &other.location());
        if let Some(web) = &web {
            layers.extend(Layer::of(web, ""));
        }
        let rows = documents::handlers(&layers, true, &mut Report::default());
        let differs = rows.iter().find(|row| {
            row.processor().to_ascii_lowercase().contains("pyisapie")
                && !paths::same(row.processor(), &own.named)
        });
        if let Some(row) = differs {
            report.add(
                Finding::error(
                    codes::IIS_POOL_SHARED,
                    format!(
                        "{} runs in the same pool {:?} with another copy, {}",
                        other.location(),
                        pool.name,
                        row.processor()
                    ),
                )
                .at(other.at.clone())
                .symptom("500 with the page ISH0311 from the copy that is loaded second")
                .cure("give each copy of the DLL a pool of its own, or use one copy for both"),
            );
        } else if web.is_none() {
            report.add(
                Finding::note(
                    codes::IIS_NOT_SEEN,
                    format!("{} runs in the same pool {:?}, and its folder {} has no web.config that can be seen from here", other.location(), pool.name, other.folder),
                )
                .at(other.at.clone())
                .cure("if it uses another copy of PyISAPIe.dll, give it a pool of its own (ISH0311)"),
            );
        }
    }
}
