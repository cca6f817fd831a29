//! Which handler answers, and what the path variables are then.

use super::Site;
use super::handlers::{Access, Handler, Kind, MappingKind, ResourceType, Verbs};
use super::looks::{Found, Looks};
use super::refusal::Refusal;
use super::routes::Routes;
use super::url::UrlPath;
use super::{mime, names};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// A request for the extension, with the variables that depend on how it was matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// How the handler was matched.
    pub mapping: MappingKind,
    /// The name of the handler.
    pub handler: String,
    /// Its place in [`Site::handlers`].
    pub handler_index: usize,
    /// `responseBufferLimit` of the handler, in bytes.
    pub response_buffer_limit: u32,
    /// The request method.
    pub method: String,
    /// The whole decoded path that was matched; for a default document with its name.
    pub path: String,
    /// `SCRIPT_NAME`, decoded.
    pub script_name: String,
    /// `PATH_INFO`, decoded; may be empty.
    pub path_info: String,
    /// `PATH_TRANSLATED`: `PATH_INFO` mapped as a URL, though nothing may be there.
    pub path_translated: PathBuf,
    /// `SCRIPT_TRANSLATED`, without `\\?\`.
    pub script_translated: PathBuf,
    /// `URL`, decoded: no query, no extra path.
    pub url: String,
}

/// A request for the static file handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticRoute {
    /// The name of the handler.
    pub handler: String,
    /// The file or folder; it existed when the request was routed.
    pub path: PathBuf,
    /// The decoded URL path; for a default document with its name.
    pub url: String,
}

/// Who answers a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The extension.
    Extension(Arc<Route>),
    /// The static file handler: [`static_files::answer`](super::static_files::answer).
    Static(StaticRoute),
    /// Nobody; this is the answer.
    Refused(Refusal),
}

impl Site {
    /// Decides who answers `method` on `url`: request filtering first, then the handlers in
    /// order. A folder's URL that no handler before the static one takes gets its default
    /// documents tried, each through the handlers again.
    pub fn route(&self, method: &str, url: &UrlPath) -> Decision {
        match self.filter(url) {
            Some(refusal) => Decision::Refused(refusal),
            None => self.decide(method, url.path(), 0, &Looks::default()),
        }
    }

    /// As [`route`](Self::route), by what was decided before where that still holds.
    pub fn route_again(&self, routes: &Routes, method: &str, url: &UrlPath) -> Decision {
        if let Some(refusal) = self.filter_form(url) {
            return Decision::Refused(refusal);
        }
        let path = url.path();
        if let Some(route) = routes.get(method, path) {
            return Decision::Extension(route);
        }
        if let Some(refusal) = self.filter_path(url) {
            return Decision::Refused(refusal);
        }
        let since = Instant::now();
        let looks = Looks::default();
        let decision = self.decide(method, path, 0, &looks);
        if let Decision::Extension(route) = &decision {
            routes.keep(path, route, looks, since);
        }
        decision
    }

    /// What the extension's pass-through (`HSE_REQ_EXEC_URL` of the same URL without the current
    /// interceptor) leads to: behind a wildcard the handlers that follow it. A script map or a
    /// direct mapping is no interceptor, IIS does not step over it: the same route again, which
    /// is an endless recursion unless the caller stops it.
    pub fn pass_through(&self, route: &Arc<Route>) -> Decision {
        match route.mapping {
            MappingKind::Wildcard => self.decide(
                &route.method,
                &route.path,
                route.handler_index + 1,
                &Looks::default(),
            ),
            MappingKind::ScriptMap | MappingKind::Direct => Decision::Extension(Arc::clone(route)),
        }
    }

    /// What request filtering refuses before any handler is looked at.
    fn filter(&self, url: &UrlPath) -> Option<Refusal> {
        self.filter_form(url).or_else(|| self.filter_path(url))
    }

    /// By how the URL is written, which is not the same for all URLs of one path.
    fn filter_form(&self, url: &UrlPath) -> Option<Refusal> {
        let limits = &self.filtering;
        if url.raw_path().len() > limits.max_url {
            return Some(Refusal::new(
                404,
                14,
                format!("the URL exceeds {} bytes", limits.max_url),
            ));
        }
        if url.query().len() > limits.max_query_string {
            let reason = format!("the query string exceeds {} bytes", limits.max_query_string);
            return Some(Refusal::new(404, 15, reason));
        }
        if url.is_double_escaped() && !limits.allow_double_escaping {
            return Some(Refusal::new(
                404,
                11,
                "the path would change if it were decoded again",
            ));
        }
        None
    }

    fn filter_path(&self, url: &UrlPath) -> Option<Refusal> {
        let limits = &self.filtering;
        let is_hidden = |s: &str| {
            limits
                .hidden_segments
                .iter()
                .any(|h| h.eq_ignore_ascii_case(s))
        };
        if let Some(hidden) = url.segments().find(|s| is_hidden(s)) {
            return Some(Refusal::new(
                404,
                8,
                format!("the segment \"{hidden}\" is hidden"),
            ));
        }
        url.segments()
            .last()
            .filter(|name| mime::is_denied(name))
            .map(|name| Refusal::new(404, 7, format!("the extension of \"{name}\" is denied")))
    }

    fn decide(&self, method: &str, path: &str, from: usize, looks: &Looks) -> Decision {
        // Behind such a name nothing is looked for on disk.
        let unreal = names::first_unreal(path);
        let is_real = |prefix: &str| unreal.as_ref().is_none_or(|(at, _)| prefix.len() <= *at);
        let is_folder =
            |prefix: &str| is_real(prefix) && looks.at(self.map_path(prefix)) == Found::Folder;
        // Methods of handlers that know the path but not the method.
        let mut allowed: Vec<&str> = Vec::new();
        // Such a handler names scripts: the static handler must not send their source instead.
        let mut is_script = false;
        for (index, handler) in self.handlers.iter().enumerate().skip(from) {
            let Some((mapping, end)) = handler.fit(path, &is_folder) else {
                continue;
            };
            let is_static = handler.kind == Kind::StaticFile;
            if is_static && (end != path.len() || is_script) {
                continue;
            }
            if let Verbs::List(names) = &handler.verbs
                && !handler.verbs.allows(method)
            {
                let new: Vec<&str> = names
                    .iter()
                    .map(String::as_str)
                    .filter(|n| !allowed.contains(n))
                    .collect();
                allowed.extend(new);
                is_script |= !is_static && mapping != MappingKind::Wildcard;
                continue;
            }
            if let Some(refusal) = self.access(handler) {
                return Decision::Refused(refusal);
            }
            // What follows a script's name, and what an interceptor gets, is no file's name.
            let names_file = is_static
                || mapping != MappingKind::Wildcard
                || handler.resource_type != ResourceType::Unspecified;
            if let Some((at, refusal)) = &unreal
                && names_file
                && *at < end
            {
                return Decision::Refused(refusal.clone());
            }
            let subject = self.map_path(&path[..end]);
            if !is_there(handler.resource_type, &subject, looks) {
                return Decision::Refused(missing(handler, &path[..end], &subject));
            }
            return match is_static {
                true => self.static_decision(handler, method, path, from, looks),
                false => {
                    let route = self.extension_route(index, mapping, method, path, end);
                    Decision::Extension(Arc::new(route))
                }
            };
        }
        Decision::Refused(if allowed.is_empty() {
            Refusal::new(404, 4, format!("no handler maps {path}"))
        } else {
            let reason = format!("no handler for {path} takes {method}");
            Refusal::method(reason, allowed.join(", "))
        })
    }

    fn access(&self, handler: &Handler) -> Option<Refusal> {
        let wanted = handler.require_access;
        let substatus = match wanted {
            Access::Read => 2,
            Access::Write => 3,
            _ => 1,
        };
        let reason = format!(
            "the handler \"{}\" requires {wanted:?}, which the site does not grant",
            handler.name
        );
        (!self.access_policy.grants(wanted)).then(|| Refusal::new(403, substatus, reason))
    }

    /// The file itself; for the URL of a folder its first default document that is there.
    fn static_decision(
        &self,
        handler: &Handler,
        method: &str,
        path: &str,
        from: usize,
        looks: &Looks,
    ) -> Decision {
        if path.ends_with('/') {
            for document in &self.default_documents {
                let child = format!("{path}{document}");
                if looks.at(self.map_path(&child)) == Found::File {
                    return self.decide(method, &child, from, looks);
                }
            }
        }
        Decision::Static(StaticRoute {
            handler: handler.name.clone(),
            path: self.map_path(path),
            url: path.to_owned(),
        })
    }

    /// The table "Paths" of the facts: with a script map, `PATH_INFO` repeats the script's name
    /// unless `allowPathInfo` is set; a DLL named by the URL always gets the rest only.
    fn extension_route(
        &self,
        index: usize,
        mapping: MappingKind,
        method: &str,
        path: &str,
        end: usize,
    ) -> Route {
        let handler = &self.handlers[index];
        let (script, rest) = path.split_at(end);
        let path_info = match mapping {
            MappingKind::Direct => rest,
            MappingKind::ScriptMap if handler.allow_path_info => rest,
            MappingKind::ScriptMap | MappingKind::Wildcard => path,
        };
        Route {
            mapping,
            handler: handler.name.clone(),
            handler_index: index,
            response_buffer_limit: handler.response_buffer_limit,
            method: method.to_owned(),
            path: path.to_owned(),
            script_name: script.to_owned(),
            path_info: path_info.to_owned(),
            path_translated: self.map_path(path_info),
            script_translated: self.map_path(script),
            url: script.to_owned(),
        }
    }
}

fn is_there(resource_type: ResourceType, path: &Path, looks: &Looks) -> bool {
    let found = || looks.at(path.to_owned());
    match resource_type {
        ResourceType::File => found() == Found::File,
        ResourceType::Directory => found() == Found::Folder,
        ResourceType::Either => found() != Found::Neither,
        ResourceType::Unspecified => true,
    }
}

fn missing(handler: &Handler, url: &str, path: &Path) -> Refusal {
    let what = match handler.resource_type {
        ResourceType::File => "file",
        ResourceType::Directory => "folder",
        ResourceType::Either | ResourceType::Unspecified => "file or folder",
    };
    let mut reason = format!(
        "there is no {what} {}, which the handler \"{}\" is to answer {url} with",
        path.display(),
        handler.name
    );
    if let Some(similar) = other_case(path) {
        reason.push_str(&format!(
            "; \"{similar}\" differs in case, which matters here and not in IIS"
        ));
    }
    Refusal::new(404, 0, reason)
}

/// The name of a neighbour that differs from `path` in nothing but case.
fn other_case(path: &Path) -> Option<String> {
    let name = path.file_name()?;
    let mut neighbours = std::fs::read_dir(path.parent()?)
        .ok()?
        .flatten()
        .map(|e| e.file_name());
    let similar = neighbours.find(|n| n != name && n.eq_ignore_ascii_case(name))?;
    Some(similar.to_string_lossy().into_owned())
}
