//! applicationHost.config: sites, applications and pools.

use super::documents::{Document, below, flag, value};
use super::finding::At;
use super::paths;
use crate::site::xml::Element;

/// An application of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Application {
    pub(super) site: String,
    /// `/`, or `/api`.
    path: String,
    pub(super) pool: String,
    /// The folder on the server.
    pub(super) folder: String,
    pub(super) at: At,
}

impl Application {
    /// `Shop`, or `Shop/api`, as `<location>` has it.
    pub(super) fn location(&self) -> String {
        format!("{}{}", self.site, self.path.trim_end_matches('/'))
    }
}

/// An application pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pool {
    pub(super) name: String,
    pub(super) is_32_bit: bool,
    pub(super) integrated: bool,
    /// The version of .NET; empty: none.
    pub(super) runtime: String,
    pub(super) starts: bool,
    pub(super) at: At,
}

/// All applications, in the file's order.
pub(super) fn applications(document: &Document) -> Vec<Application> {
    let mut found = Vec::new();
    let sites = below(&document.root, "system.applicationHost/sites");
    for sites in sites {
        let server = default(sites, "applicationDefaults", "applicationPool");
        for site in sites.children("site") {
            let of_site = default(site, "applicationDefaults", "applicationPool");
            for application in site.children("application") {
                let own = value(application, "applicationPool");
                let pool = [own, of_site, server, "DefaultAppPool"];
                let pool = pool.into_iter().find(|pool| !pool.is_empty());
                let root = application.children("virtualDirectory");
                let root = root.filter(|folder| value(folder, "path") == "/").last();
                found.push(Application {
                    site: value(site, "name").to_owned(),
                    path: value(application, "path").to_owned(),
                    pool: pool.unwrap_or_default().to_owned(),
                    folder: root.map_or(String::new(), |folder| {
                        paths::plain(value(folder, "physicalPath"))
                    }),
                    at: document.at_element(application),
                });
            }
        }
    }
    found
}

fn default<'e>(of: &'e Element, element: &'e str, name: &str) -> &'e str {
    of.children(element)
        .map(|defaults| value(defaults, name))
        .find(|value| !value.is_empty())
        .unwrap_or("")
}

/// The pool of that name.
pub(super) fn pool(document: &Document, name: &str) -> Option<Pool> {
    let pools = below(&document.root, "system.applicationHost/applicationPools");
    let defaults: Vec<&Element> = pools
        .iter()
        .flat_map(|p| p.children("applicationPoolDefaults"))
        .collect();
    let element = pools
        .iter()
        .flat_map(|pools| pools.children("add"))
        .find(|pool| value(pool, "name").eq_ignore_ascii_case(name))?;
    let set = |name: &str| {
        let all = std::iter::once(element).chain(defaults.iter().copied());
        let mut said = all.filter_map(|e| e.attribute(name));
        said.next().map(|a| a.value.trim())
    };
    Some(Pool {
        name: value(element, "name").to_owned(),
        is_32_bit: set("enable32BitAppOnWin64").is_some_and(|v| v.eq_ignore_ascii_case("true")),
        integrated: set("managedPipelineMode").is_none_or(|v| !v.eq_ignore_ascii_case("Classic")),
        runtime: set("managedRuntimeVersion").unwrap_or("v4.0").to_owned(),
        starts: flag(element, "autoStart").unwrap_or(true),
        at: document.at_element(element),
    })
}

/// The names of all pools.
pub(super) fn pools(document: &Document) -> Vec<String> {
    let pools = below(&document.root, "system.applicationHost/applicationPools");
    let pools = pools.iter().flat_map(|pools| pools.children("add"));
    pools.map(|pool| value(pool, "name").to_owned()).collect()
}
