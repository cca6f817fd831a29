//! Rules about the handler list.

use super::app_host::Pool;
use super::check::Subject;
use super::documents::{Row, value};
use super::finding::{At, Finding, Report};
use super::paths;
use crate::codes;
use crate::site::handlers::{MappingKind, Verbs};
use crate::site::xml::Element;
use isapi_loader::Machine;

/// What is seen where no handler is left for a script.
const UNMAPPED: &str = "404.17 or 404.3; 404.4 where no handler for static files is left";
/// The methods that scripts are usually asked with.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// What is wrong with the handlers.
pub(super) fn rules(subject: &Subject<'_>, report: &mut Report) {
    if subject.ours().next().is_none() {
        not_mapped(subject, report);
    }
    for (index, row) in subject.ours() {
        module(row, report);
        precondition(subject, row, report);
        resource_type(row, report);
        verb(row, report);
        order(subject, index, row, report);
    }
    access(subject, report);
    statics(subject, report);
}

fn not_mapped(subject: &Subject<'_>, report: &mut Report) {
    let takes = subject
        .rows
        .iter()
        .find(|row| row.handler.fit("/x.py", &|_| false).is_some());
    let other = takes.filter(|row| row.kind() != MappingKind::Wildcard);
    let (what, at) = match (other, subject.web) {
        (Some(row), _) => (
            format!(
                "no handler leads to PyISAPIe.dll; *.py goes to {} by the handler {:?}",
                row.modules.join(", "),
                row.name()
            ),
            row.at(),
        ),
        (None, Some(web)) => (
            "no handler leads to PyISAPIe.dll".to_owned(),
            Some(At {
                file: web.file.clone(),
                line: None,
            }),
        ),
        (None, None) => (
            "there is no web.config, and no handler leads to PyISAPIe.dll".to_owned(),
            Some(At::file(&subject.root)),
        ),
    };
    report.add(
        Finding::error(codes::IIS_NOT_MAPPED, what)
            .at(at)
            .symptom(UNMAPPED)
            .cure("`isapi-shim iis config` prints a web.config with the handler"),
    );
    if subject.host.is_none() {
        report.add(
            Finding::note(
                codes::IIS_NOT_SEEN,
                "handlers that the server's applicationHost.config has were not looked at",
            )
            .cure("give a copy of it with --application-host"),
        );
    }
}

fn module(row: &Row<'_>, report: &mut Report) {
    if row.has_module("IsapiModule") {
        return;
    }
    let (what, symptom) = match &row.modules[..] {
        [] => (
            format!("the handler {:?} names no module", row.name()),
            "500.21",
        ),
        modules => (
            format!(
                "the handler {:?} names {}, which does not load ISAPI extensions",
                row.name(),
                modules.join(", ")
            ),
            "500.0 or 502 from CgiModule and FastCgiModule, 404.3 from StaticFileModule, 500.21 from others",
        ),
    };
    report.add(
        Finding::error(codes::IIS_MODULE, what)
            .at(row.at_value("modules"))
            .symptom(symptom)
            .cure("write modules=\"IsapiModule\""),
    );
}

/// Which condition takes the row out of the list in this pool.
fn taken_out<'r>(row: &Row<'r>, pool: &Pool) -> Option<&'r str> {
    let conditions = row.value("preCondition").split(',').map(str::trim);
    conditions
        .filter(|c| !c.is_empty())
        .find(|condition| match &*condition.to_ascii_lowercase() {
            "bitness32" => !pool.is_32_bit,
            "bitness64" => pool.is_32_bit,
            "integratedmode" => !pool.integrated,
            "classicmode" => pool.integrated,
            other => match other.strip_prefix("runtimeversion") {
                Some(version) => !pool.runtime.eq_ignore_ascii_case(version),
                None => false,
            },
        })
}

fn precondition(subject: &Subject<'_>, row: &Row<'_>, report: &mut Report) {
    let conditions = row.value("preCondition").to_ascii_lowercase();
    if let Some(pool) = &subject.pool
        && let Some(condition) = taken_out(row, pool)
    {
        report.add(
            Finding::error(
                codes::IIS_PRECONDITION,
                format!(
                    "the handler {:?} counts only with {condition}, which the pool {:?} is not",
                    row.name(),
                    pool.name
                ),
            )
            .at(row.at_value("preCondition"))
            .symptom(UNMAPPED)
            .cure(
                "change the preCondition, or the pool: enable32BitAppOnWin64, managedPipelineMode",
            ),
        );
    }
    let Some(machine) = subject
        .dll(row)
        .and_then(|dll| dll.pe.as_ref())
        .map(|pe| pe.machine)
    else {
        return;
    };
    let (fits, wrong) = match machine {
        Machine::X86 => ("bitness32", "bitness64"),
        _ => ("bitness64", "bitness32"),
    };
    if conditions.split(',').any(|c| c.trim() == wrong) {
        report.add(
            Finding::error(
                codes::IIS_PRECONDITION,
                format!("the handler {:?} has the preCondition {wrong}, and its DLL is {}", row.name(), machine.bits()),
            )
            .at(row.at_value("preCondition"))
            .symptom("404.17 or 404.3 in a pool of the DLL's bitness, 500.0 with 0x800700c1 in the other")
            .cure(format!("write preCondition=\"{fits}\", or use the DLL of the other bitness")),
        );
    }
}

fn resource_type(row: &Row<'_>, report: &mut Report) {
    let kind = row.value("resourceType");
    let is = |word: &str| kind.eq_ignore_ascii_case(word);
    let unspecified = kind.is_empty() || is("Unspecified");
    let name = row.name();
    let finding = match row.kind() {
        MappingKind::Wildcard if !unspecified => Finding::warning(
            codes::IIS_RESOURCE_TYPE,
            format!(
                "the wildcard map {name:?} takes only URLs of which there is a {}",
                if is("Either") { "file or folder" } else { kind }
            ),
        )
        .symptom("404.0 for URLs without a file, which a wildcard map is usually for")
        .cure("write resourceType=\"Unspecified\""),
        MappingKind::ScriptMap if is("Directory") => Finding::error(
            codes::IIS_RESOURCE_TYPE,
            format!("the script map {name:?} takes only folders"),
        )
        .symptom("404.0 for every script")
        .cure("write resourceType=\"File\""),
        MappingKind::ScriptMap if unspecified => Finding::note(
            codes::IIS_RESOURCE_TYPE,
            format!("the script map {name:?} takes scripts that do not exist, too"),
        )
        .symptom("an error page of PyISAPIe in the place of 404.0 for a script that is missing")
        .cure("write resourceType=\"File\", unless such URLs are meant"),
        _ => return,
    };
    report.add(finding.at(row.at_value("resourceType")));
}

fn verb(row: &Row<'_>, report: &mut Report) {
    let Verbs::List(verbs) = &row.handler.verbs else {
        return;
    };
    let lacks: Vec<&str> = METHODS
        .into_iter()
        .filter(|m| !row.handler.verbs.allows(m))
        .collect();
    if lacks.is_empty() {
        return;
    }
    let what = format!(
        "the handler {:?} takes {}, and not {}",
        row.name(),
        verbs.join(", "),
        lacks.join(", ")
    );
    let finding = match lacks.contains(&"GET") && lacks.contains(&"POST") {
        true => Finding::error(codes::IIS_VERB, what),
        false => Finding::warning(codes::IIS_VERB, what),
    };
    report.add(
        finding
            .at(row.at_value("verb"))
            .symptom("405 or 404.17 for the other methods")
            .cure("write verb=\"*\", and let the script decide"),
    );
}

/// A URL that the row takes.
fn sample(row: &Row<'_>) -> String {
    let pattern = row
        .handler
        .pattern
        .split(',')
        .next()
        .unwrap_or_default()
        .trim();
    let path = match pattern {
        "*." => "x".to_owned(),
        pattern => pattern.replace(['*', '?'], "x"),
    };
    format!("/{}", path.trim_start_matches('/'))
}

fn order(subject: &Subject<'_>, index: usize, row: &Row<'_>, report: &mut Report) {
    let url = sample(row);
    for earlier in &subject.rows[..index] {
        let fits = earlier.handler.fit(&url, &|_| false).is_some();
        // A wildcard is there for what others leave: only another one for everything counts.
        let competes =
            row.kind() != MappingKind::Wildcard || earlier.kind() == MappingKind::Wildcard;
        if !fits
            || !competes
            || subject
                .pool
                .as_ref()
                .is_some_and(|pool| taken_out(earlier, pool).is_some())
        {
            continue;
        }
        let taken: Vec<&str> = METHODS
            .into_iter()
            .filter(|m| earlier.handler.verbs.allows(m) && row.handler.verbs.allows(m))
            .collect();
        if taken.is_empty() {
            continue;
        }
        let all = METHODS
            .iter()
            .all(|m| taken.contains(m) || !row.handler.verbs.allows(m));
        let methods = if all {
            String::new()
        } else {
            format!(" with {}", taken.join(", "))
        };
        let what = format!(
            "the handler {:?} for {} stands before {:?} and takes its requests{methods}",
            earlier.name(),
            earlier.handler.pattern,
            row.name()
        );
        let same = earlier.is_ours() && paths::same(earlier.processor(), row.processor());
        let finding = match (same, all) {
            (true, _) => Finding::warning(codes::IIS_ORDER, what)
                .symptom("the later one never answers, or a request goes round in a circle when the first passes it on to it (ISH0402, ISH0403)")
                .cure("put the script map before the wildcard map, and drop what is there twice"),
            (false, true) => Finding::error(codes::IIS_ORDER, what)
                .symptom("404.3 or the script's source from the handler for static files, or another extension answers")
                .cure("move the handler for PyISAPIe up: \"View Ordered List\" in IIS Manager, or the order in the file"),
            (false, false) => Finding::warning(codes::IIS_ORDER, what)
                .symptom("405 or a strange answer for these methods only")
                .cure("move the handler for PyISAPIe up, or remove the other one for this site"),
        };
        report.add(finding.at(row.at()));
        return;
    }
}

/// The `accessPolicy` that counts, with where it stands.
fn policy<'d>(subject: &Subject<'d>) -> Option<(&'d str, At)> {
    let said = |section: &&Element| section.attribute("accessPolicy").is_some();
    let layers = subject.layers.iter().rev();
    let mut found = layers.filter_map(|layer| {
        let section = layer.sections("handlers").into_iter().rev().find(said)?;
        let attribute = section.attribute("accessPolicy")?;
        Some((
            value(section, "accessPolicy"),
            layer.document.at_attribute(attribute),
        ))
    });
    found.next()
}

fn access(subject: &Subject<'_>, report: &mut Report) {
    let Some((policy, at)) = policy(subject) else {
        return;
    };
    let grants = |word: &str| {
        policy
            .split(',')
            .any(|granted| granted.trim().eq_ignore_ascii_case(word))
    };
    for (_, row) in subject.ours() {
        let wanted = match row.value("requireAccess") {
            "" => "Script",
            wanted => wanted,
        };
        if wanted.eq_ignore_ascii_case("None") || grants(wanted) {
            continue;
        }
        let code = match &*wanted.to_ascii_lowercase() {
            "read" => "403.2",
            "write" => "403.3",
            _ => "403.1",
        };
        report.add(
            Finding::error(
                codes::IIS_ACCESS,
                format!("the handler {:?} needs {wanted}, and the access policy is {policy:?}", row.name()),
            )
            .at(at.clone())
            .symptom(code)
            .cure("write accessPolicy=\"Read, Script\" (Handler Mappings, Edit Feature Permissions), and requireAccess=\"Script\""),
        );
    }
}

fn statics(subject: &Subject<'_>, report: &mut Report) {
    let is_static = |row: &Row<'_>| row.has_module("StaticFileModule");
    if subject.ours().next().is_none() || subject.rows.iter().any(is_static) {
        return;
    }
    let at = subject.layers.iter().rev().find_map(|layer| {
        let sections = layer.sections("handlers").into_iter();
        let mut children = sections.flat_map(|section| &section.children);
        let clear = children
            .find(|c| c.name == "clear" || value(c, "name").eq_ignore_ascii_case("StaticFile"))?;
        Some(layer.document.at_element(clear))
    });
    report.add(
        Finding::warning(codes::IIS_NO_STATIC, "no handler for static files is left")
            .at(at)
            .symptom("404.4 for pictures, style sheets and folders; for those that a wildcard map passes on, too")
            .cure("drop <clear />, or add a last handler: name=\"StaticFile\" path=\"*\" verb=\"*\" modules=\"StaticFileModule,DefaultDocumentModule,DirectoryListingModule\" resourceType=\"Either\" requireAccess=\"Read\""),
    );
}
