//! `iis check`: gathers what can be seen of a site, and asks the rules.

use super::app_host::{self, Application, Pool};
use super::dll::{self, Dll};
use super::documents::{self, Document, Layer, Row};
use super::finding::{Finding, Report};
use super::paths::{self, PathMap, Paths};
use super::{file_rules, handler_rules, python_rules, server_rules};
use crate::cli::CheckArgs;
use crate::codes;
use crate::error::{Error, Result};
use crate::site::WebConfig;
use std::path::{Path, PathBuf};

/// What is checked.
pub(super) struct Subject<'d> {
    /// The site's folder.
    pub(super) root: PathBuf,
    /// Its web.config.
    pub(super) web: Option<&'d Document>,
    /// applicationHost.config, where it is given.
    pub(super) host: Option<&'d Document>,
    /// Which application of it the folder is, where that is known.
    pub(super) application: Option<Application>,
    /// The pool it runs in, where that is known.
    pub(super) pool: Option<Pool>,
    /// The files' parts that count for the site, the most general first.
    pub(super) layers: Vec<Layer<'d>>,
    /// The handler list.
    pub(super) rows: Vec<Row<'d>>,
    /// The DLLs that the rows for PyISAPIe name, each once.
    pub(super) dlls: Vec<Dll>,
    /// Where the server's paths are here.
    pub(super) paths: Paths,
    /// The Python that the user named.
    pub(super) python: Option<PathBuf>,
}

impl<'d> Subject<'d> {
    /// The rows that lead to PyISAPIe.dll.
    pub(super) fn ours(&self) -> impl Iterator<Item = (usize, &Row<'d>)> {
        self.rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.is_ours())
    }

    /// The DLL that a row names.
    pub(super) fn dll(&self, row: &Row<'_>) -> Option<&Dll> {
        self.dlls
            .iter()
            .find(|dll| paths::same(&dll.named, row.processor()))
    }
}

/// Checks the site.
///
/// # Errors
/// Folders and files that cannot be used as given, and a web.config that IIS refuses.
pub(super) fn check(args: &CheckArgs) -> Result<Report> {
    let root = folder(&args.dir)?;
    if let Some(dll) = args.dll.as_deref().filter(|dll| !dll.is_file()) {
        return Err(no_such("dll", dll, "name PyISAPIe.dll, as seen from here"));
    }
    if let Some(python) = args.python.as_deref().filter(|python| !python.is_dir()) {
        return Err(no_such(
            "python",
            python,
            "name the folder that has python3XX.dll, or a virtual environment",
        ));
    }
    let mut report = Report::default();
    let web_file = paths::entry(&root, "web.config").filter(|file| file.is_file());
    let web = match &web_file {
        Some(file) => {
            // What IIS answers with 500.19 is an error here as it is for `serve`.
            WebConfig::read(file)?;
            report.checked.push(file.display().to_string());
            Some(Document::read(file)?)
        }
        None => None,
    };
    let host = args
        .application_host
        .as_deref()
        .map(Document::read)
        .transpose()?;
    if let Some(host) = &host {
        report.checked.push(host.file.clone());
    }
    let mut paths = Paths::new(&args.map_paths);
    let mut application = None;
    if let Some(host) = &host {
        application = find_application(args, host, &root, &paths)?;
        if let Some(application) = &application {
            report.checked.push(format!(
                "the application {}, in the pool {}",
                application.location(),
                application.pool
            ));
            if paths::is_absolute(&application.folder) {
                paths.add(PathMap::new(&application.folder, &root));
            }
        } else if args.pool.is_none() {
            report.add(
                Finding::note(codes::IIS_NOT_SEEN, format!("no application of {} has this folder, so its pool and the other sites of that pool were not looked at", host.file))
                    .cure("name the site with --site, or the pool with --pool"),
            );
        }
    }
    let pool = find_pool(args, host.as_ref(), application.as_ref(), &mut report)?;
    let mut layers = Vec::new();
    if let Some(host) = &host {
        let location = application
            .as_ref()
            .map_or(String::new(), Application::location);
        layers.extend(Layer::of(host, &location));
    }
    if let Some(web) = &web {
        layers.extend(Layer::of(web, ""));
    }
    let rows = documents::handlers(&layers, host.is_some(), &mut report);
    let dlls = dll::named_by(&rows, args.dll.as_deref(), &mut paths);
    let subject = Subject {
        root,
        web: web.as_ref(),
        host: host.as_ref(),
        application,
        pool,
        layers,
        rows,
        dlls,
        paths,
        python: args.python.clone(),
    };
    handler_rules::rules(&subject, &mut report);
    dll::rules(&subject, &mut report);
    python_rules::rules(&subject, &mut report);
    server_rules::rules(&subject, &mut report);
    file_rules::rules(&subject, &mut report);
    Ok(report)
}

fn folder(dir: &Path) -> Result<PathBuf> {
    let shown = dir.display();
    let data = std::fs::metadata(dir).map_err(|error| {
        Error::new(
            codes::SITE_MISSING,
            format!("{shown} cannot be opened: {error}"),
        )
        .fix("name the folder of the site, the one with its web.config")
    })?;
    match data.is_dir() {
        true => Ok(dir.to_owned()),
        false => Err(
            Error::new(codes::SITE_NOT_A_FOLDER, format!("{shown} is not a folder"))
                .fix("name the folder of the site, the one with its web.config"),
        ),
    }
}

fn no_such(option: &str, path: &Path, fix: &str) -> Error {
    let what = format!("--{option} names {}, which does not exist", path.display());
    Error::new(codes::IIS_OPTION, what).fix(fix)
}

fn find_application(
    args: &CheckArgs,
    host: &Document,
    root: &Path,
    paths: &Paths,
) -> Result<Option<Application>> {
    let all = app_host::applications(host);
    if let Some(wanted) = &args.site {
        let wanted = wanted.trim_end_matches('/');
        let found = all
            .iter()
            .find(|a| a.location().eq_ignore_ascii_case(wanted));
        return found.cloned().map(Some).ok_or_else(|| {
            let names: Vec<String> = all.iter().map(Application::location).collect();
            not_listed(host, "site or application", wanted, &names)
        });
    }
    let Ok(root) = root.canonicalize() else {
        return Ok(None);
    };
    let here = |a: &&Application| {
        let local = paths
            .local(&a.folder)
            .and_then(|folder| folder.canonicalize().ok());
        local.is_some_and(|folder| folder == root)
    };
    Ok(all.iter().find(here).cloned())
}

fn not_listed(host: &Document, kind: &str, wanted: &str, names: &[String]) -> Error {
    let names = match names {
        [] => "it has none".to_owned(),
        names => format!("it has: {}", names.join(", ")),
    };
    Error::new(
        codes::IIS_NOT_LISTED,
        format!("{} has no {kind} {wanted:?}", host.file),
    )
    .fix(names)
}

fn find_pool(
    args: &CheckArgs,
    host: Option<&Document>,
    application: Option<&Application>,
    report: &mut Report,
) -> Result<Option<Pool>> {
    let Some(host) = host else { return Ok(None) };
    if let Some(wanted) = &args.pool {
        let pool = app_host::pool(host, wanted);
        return pool
            .map(Some)
            .ok_or_else(|| not_listed(host, "application pool", wanted, &app_host::pools(host)));
    }
    let Some(application) = application else {
        return Ok(None);
    };
    let pool = app_host::pool(host, &application.pool);
    if pool.is_none() {
        report.add(
            Finding::error(
                codes::IIS_POOL,
                format!("there is no application pool {:?}", application.pool),
            )
            .at(application.at.clone())
            .symptom("503 for every request")
            .cure("make the pool, or choose another one for the application"),
        );
    }
    Ok(pool)
}
