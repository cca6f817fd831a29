//! Rules about the files of the site and of the DLL's folder, and about who may ask for them.

use super::check::Subject;
use super::documents::{Row, value};
use super::filtering::Filter;
use super::finding::{At, Finding, Report};
use super::paths;
use crate::codes;
use crate::site::handlers::MappingKind;
use isapi_loader::Place;
use regex::Regex;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use walkdir::WalkDir;

/// What is wrong with files.
pub(super) fn rules(subject: &Subject<'_>, report: &mut Report) {
    let filter = Filter::of(subject);
    filter.rules(subject, report);
    files(subject, &filter, report);
    home(subject, report);
    source_type(subject, report);
    for dll in subject.dlls.iter().filter(|dll| dll.is_carrier()) {
        if let Some(local) = &dll.local {
            handler_files(subject, &Place::new(local.clone()), report);
        }
    }
}

/// Looks at the site's files: few levels and entries, for a site may have very many.
fn files(subject: &Subject<'_>, filter: &Filter, report: &mut Report) {
    let environment = |path: &Path| path.join("pyvenv.cfg").is_file();
    let walk = WalkDir::new(&subject.root)
        .min_depth(1)
        .max_depth(5)
        .sort_by_file_name();
    let walk = walk
        .into_iter()
        .filter_entry(|e| !(e.file_type().is_dir() && environment(e.path())));
    let mut told: Vec<&str> = Vec::new();
    let (mut release, mut packages) = (Vec::new(), Vec::new());
    for entry in walk.flatten().take(20_000) {
        if !entry.file_type().is_file() {
            continue;
        }
        let path = entry.path();
        let path = path.strip_prefix(&subject.root).unwrap_or(path);
        let name = entry.file_name().to_string_lossy().to_ascii_lowercase();
        let parent = path.parent().and_then(Path::file_name).unwrap_or_default();
        let package =
            parent.eq_ignore_ascii_case("Http") && matches!(&*name, "isapi.py" | "config.py");
        let of_release =
            name.starts_with("pyisapie") && (name.ends_with(".dll") || name.ends_with(".toml"));
        match filter.hides(path) {
            None if of_release => release.push(path.to_owned()),
            None if package => packages.push(path.to_owned()),
            Some((segment, at))
                if name.ends_with(".py") && !package && !told.contains(&segment.as_str()) =>
            {
                told.push(segment);
                let what = format!(
                    "{} is below {segment:?}, which request filtering hides",
                    path.display()
                );
                report.add(
                    Finding::warning(codes::IIS_FILTERED, what)
                        .at(at.clone())
                        .symptom("404.8")
                        .cure("move scripts out of that folder, if clients ask for them; modules may stay"),
                );
            }
            _ => {}
        }
    }
    exposed(
        subject,
        &release,
        "clients can load these files",
        "put the DLL, its cores and its settings into a folder outside of all sites",
        report,
    );
    // Under a wildcard alone the handler is asked, and nothing calls the file.
    let called = |(_, row): (usize, &Row<'_>)| {
        row.kind() == MappingKind::ScriptMap
            && row.handler.fit("/Http/Isapi.py", &|_| false).is_some()
    };
    if subject.ours().any(called) {
        exposed(
            subject,
            &packages,
            "clients can call these files as scripts",
            "put the package beside the DLL, outside of all sites, or hide it: <hiddenSegments><add segment=\"Http\" />",
            report,
        );
    }
}

fn exposed(
    subject: &Subject<'_>,
    files: &[PathBuf],
    symptom: &str,
    cure: &str,
    report: &mut Report,
) {
    if files.is_empty() {
        return;
    }
    let shown = files.iter().take(3).map(|path| path.display().to_string());
    let mut names: Vec<String> = shown.collect();
    if files.len() > 3 {
        names.push(format!("{} more", files.len() - 3));
    }
    let what = format!(
        "files of PyISAPIe lie in the site's folder: {}",
        names.join(", ")
    );
    report.add(
        Finding::warning(codes::IIS_EXPOSED, what)
            .at(At::file(&subject.root))
            .symptom(symptom)
            .cure(cure),
    );
}

/// Offline the site's folder is the home; under IIS it is the DLL's.
fn home(subject: &Subject<'_>, report: &mut Report) {
    let Some(dll) = subject.dlls.first() else {
        return;
    };
    let own = dll
        .local
        .as_deref()
        .filter(|file| file.is_file())
        .and_then(|file| file.parent()?.canonicalize().ok());
    if own.is_some() && own == subject.root.canonicalize().ok() {
        return;
    }
    let package = Place::new(PathBuf::from(paths::file_name(&dll.named)));
    let package = package.package();
    for name in ["Isapi.py", "Config.py"] {
        let file = paths::below(&subject.root, &format!("{package}/{name}"));
        if !file.is_file() {
            continue;
        }
        let folder = paths::folder(&dll.named);
        let what = format!(
            "{package}/{name} in the site's folder has no effect: the home is the DLL's folder, {folder}"
        );
        // Where the DLL cannot be seen, its folder may still be this one.
        let finding = match own.is_some() {
            true => Finding::warning(codes::IIS_HOME, what),
            false => Finding::note(codes::IIS_HOME, what + ", unless that is this one"),
        };
        report.add(
            finding
                .at(At::file(&file))
                .symptom("the built-in handler and the built-in settings count")
                .cure(format!(r"put it into {folder}\{package}")),
        );
    }
}

/// A content type for scripts sends their source where no handler takes them.
fn source_type(subject: &Subject<'_>, report: &mut Report) {
    for layer in &subject.layers {
        for map in layer.sections("staticContent/mimeMap") {
            if value(map, "fileExtension").eq_ignore_ascii_case(".py") {
                report.add(
                    Finding::warning(
                        codes::IIS_EXPOSED,
                        "the file extension .py has a content type",
                    )
                    .at(layer.document.at_element(map))
                    .symptom("clients get the source of scripts wherever no handler takes them")
                    .cure("remove the mimeMap"),
                );
            }
        }
    }
}

/// The package beside the DLL: `Isapi.py` against the kind of mapping, and Python 2 in its files.
fn handler_files(subject: &Subject<'_>, place: &Place, report: &mut Report) {
    let folder = place.folder().join(place.package());
    let read = |name: &str| {
        let file = folder.join(name);
        // Old files are often in the code page of their author; what is looked for is ASCII.
        let bytes = std::fs::read(&file).ok()?;
        Some((file, String::from_utf8_lossy(&bytes).into_owned()))
    };
    for (file, text) in ["Isapi.py", "Config.py", "__init__.py"]
        .into_iter()
        .filter_map(read)
    {
        if let Some((line, what)) = python2(&text) {
            report.add(
                Finding::error(codes::IIS_PYTHON2, format!("this file is Python 2: {what}"))
                    .at(At {
                        line: Some(line),
                        ..At::file(&file)
                    })
                    .symptom("500 with the page ISH0406 for every request")
                    .cure("port it (docs/porting.md), or remove it: what is not there is built in"),
            );
        }
    }
    let wildcard = subject
        .ours()
        .map(|(_, row)| row)
        .find(|row| row.kind() == MappingKind::Wildcard);
    let isapi = read("Isapi.py");
    let passes = isapi
        .as_ref()
        .and_then(|(_, text)| line_of(text, "return True"));
    match (wildcard, isapi) {
        (Some(row), None) => built_in_under_wildcard(row, place, report),
        (Some(row), Some((file, _))) if passes.is_none() => report.add(
            Finding::note(
                codes::IIS_PASS_THROUGH,
                format!(
                    "{} has no `return True`, and {:?} is a wildcard map",
                    file.display(),
                    row.name()
                ),
            )
            .at(row.at())
            .symptom(
                "static files and default documents are not served, unless this handler does it",
            )
            .cure("return True for what it does not answer"),
        ),
        (None, Some((file, _))) if passes.is_some() && subject.ours().next().is_some() => report
            .add(
            Finding::warning(
                codes::IIS_PASS_THROUGH,
                format!(
                    "{} returns True, and the site has script maps only",
                    file.display()
                ),
            )
            .at(At {
                line: passes,
                ..At::file(&file)
            })
            .symptom(
                "\"Possible recursion detected!\" (ISH0402): a script map has no handler behind it",
            )
            .cure("use a wildcard map (path=\"*\"), or do not return True"),
        ),
        _ => {}
    }
}

fn built_in_under_wildcard(row: &Row<'_>, place: &Place, report: &mut Report) {
    report.add(
        Finding::warning(
            codes::IIS_PASS_THROUGH,
            format!(
                "{:?} is a wildcard map, and there is no {} in {}",
                row.name(),
                Path::new(place.package()).join("Isapi.py").display(),
                place.folder().display()
            ),
        )
        .at(row.at())
        .symptom("the built-in handler runs the file of each URL as Python: ISH0401 for pictures, folders and virtual URLs")
        .cure("write an Http\\Isapi.py that decides, or use a script map"),
    );
}

fn line_of(text: &str, what: &str) -> Option<usize> {
    let code = |line: &str| {
        line.split('#')
            .next()
            .is_some_and(|code| code.contains(what))
    };
    text.lines().position(code).map(|index| index + 1)
}

/// The first line that only Python 2 can read, and what it is. Seen without a Python: only forms
/// that nothing else has.
fn python2(text: &str) -> Option<(usize, &'static str)> {
    static FORMS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let forms = [
            (
                r#"^\s*(?:.*:\s+)?print\s+(?:["'`]|>>|\w+\s*(?:,|%|$))"#,
                "print is a statement",
            ),
            (r"^\s*except\s+[\w.]+\s*,\s*\w+\s*:", "`except Name, name:`"),
            (r"^\s*raise\s+[\w.]+\s*,", "`raise Name, text`"),
            (r#"^\s*exec\s+["'\w]"#, "exec is a statement"),
            (r"\.has_key\s*\(", "has_key"),
            (r"\s<>\s", "`<>`"),
        ];
        let compiled = forms
            .into_iter()
            .filter_map(|(form, what)| Some((Regex::new(form).ok()?, what)));
        compiled.collect()
    });
    let mut quotes: Option<&str> = None;
    for (index, line) in text.lines().enumerate() {
        let inside = quotes.is_some();
        // Whether a text of several lines begins or ends here; prose in one is no code.
        let mut rest = line;
        while let Some(at) = rest
            .find("\"\"\"")
            .into_iter()
            .chain(rest.find("'''"))
            .min()
        {
            let mark = &rest[at..at + 3];
            match quotes {
                None => quotes = Some(if mark == "'''" { "'''" } else { "\"\"\"" }),
                Some(open) if open == mark => quotes = None,
                Some(_) => {}
            }
            rest = &rest[at + 3..];
        }
        let code = line.split('#').next().unwrap_or_default();
        if inside || quotes.is_some() || code.trim_start().starts_with(['"', '\'']) {
            continue;
        }
        if let Some((_, what)) = FORMS.iter().find(|(form, _)| form.is_match(code)) {
            return Some((index + 1, what));
        }
    }
    None
}

#[cfg(test)]
#[path = "file_rules_tests.rs"]
mod tests;
