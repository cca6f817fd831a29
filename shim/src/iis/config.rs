//! `iis config`: what to put into web.config, and what to type, for one site.

use super::paths;
use crate::cli::{Bits, ConfigArgs, ConfigFormat};
use crate::codes;
use crate::error::{Error, Result};
use crate::site::check_pattern;
use crate::site::handlers::{Handler, MappingKind};
use quick_xml::escape::escape;
use std::fmt::Write;

/// The program, which is not on the PATH of a server.
const APPCMD: &str = r"%windir%\System32\inetsrv\appcmd.exe";
const BEFORE: &str = "\
rem Run these lines as administrator in cmd.exe; PowerShell reads the quotes differently.
rem An error that something exists already does no harm.
";

/// `/all` brings the parents of a feature, and not what a site needs besides.
const FEATURES: [&str; 7] = [
    "ISAPIExtensions",
    "StaticContent",
    "DefaultDocument",
    "HttpErrors",
    "HttpLogging",
    "RequestFiltering",
    "ManagementConsole",
];

fn features() -> String {
    let features = FEATURES.map(|name| format!("/featurename:IIS-{name}"));
    features.join(" ")
}

/// A row of the handler list.
struct Row {
    name: String,
    pattern: String,
    wildcard: bool,
    /// A missing file is for IIS to answer (404.0).
    needs_file: bool,
}

/// Everything that is printed, checked.
struct Plan<'a> {
    args: &'a ConfigArgs,
    dll: String,
    rows: Vec<Row>,
    /// `Shop/api`; `Shop` for the root.
    section_path: String,
    /// `Shop/api`; `Shop/` for the root.
    app: String,
}

/// The text that `args` ask for.
///
/// # Errors
/// `ISH0701` for values that cannot be used, `ISH0203` for patterns.
pub(super) fn config(args: &ConfigArgs) -> Result<String> {
    let plan = Plan::new(args)?;
    Ok(match args.format {
        ConfigFormat::WebConfig => plan.web_config(),
        ConfigFormat::Appcmd => {
            let (server, rows, end) = (plan.server_lines(), plan.handler_lines(), plan.last_line());
            format!("{BEFORE}{server}{rows}{end}")
        }
        ConfigFormat::All => plan.all(),
    })
}

fn bad(option: &str, value: &str, why: &str, fix: &str) -> Error {
    let what = format!("the value {value:?} of --{option} {why}");
    Error::new(codes::IIS_OPTION, what).fix(fix)
}

/// Refuses what cmd.exe or appcmd would read as something else: there is no way to quote it.
fn check_text(option: &str, value: &str) -> Result<()> {
    if value.trim().is_empty() {
        return Err(bad(
            option,
            value,
            "is empty",
            "name what IIS Manager shows",
        ));
    }
    // Only the DLL and the patterns stand between single quotes.
    let single = ["dll", "map"].contains(&option);
    let special = |c: &char| c.is_control() || "\"%".contains(*c) || (single && *c == '\'');
    match value.chars().find(special) {
        None => Ok(()),
        Some(c) => Err(bad(
            option,
            value,
            &format!("has a {c:?}, which cannot be quoted for cmd.exe and appcmd"),
            "choose another name, or set this up in IIS Manager",
        )),
    }
}

fn check_path(option: &str, value: &str) -> Result<()> {
    check_text(option, value)?;
    let wrong = match () {
        () if !paths::is_absolute(value) => "is no whole path of Windows",
        () if paths::plain(value)[2..].contains(['<', '>', '|', '?', '*', ':']) => {
            "has a character that paths of Windows cannot have"
        }
        () => return Ok(()),
    };
    let fix = r"write it as the server sees it, for example 'C:\inetpub\PyISAPIe\PyISAPIe.dll'";
    Err(bad(option, value, wrong, fix))
}

impl<'a> Plan<'a> {
    fn new(args: &'a ConfigArgs) -> Result<Self> {
        check_text("site", &args.site)?;
        if args.site.contains([
            '/', '\\', '?', ';', ':', '@', '&', '=', '+', '$', ',', '|', '<', '>',
        ]) {
            let fix = "name the site as IIS Manager does, and an application in it with --app";
            return Err(bad(
                "site",
                &args.site,
                "has a character that no site's name has",
                fix,
            ));
        }
        check_text("pool", &args.pool)?;
        check_path("dll", &args.dll)?;
        let dll = paths::plain(&args.dll);
        let name = paths::file_name(&dll).to_ascii_lowercase();
        if !name.ends_with(".dll") {
            return Err(bad(
                "dll",
                &args.dll,
                "is no DLL",
                "name PyISAPIe.dll in its folder",
            ));
        }
        if super::dll::is_core_name(&name) {
            let why = "is a core, which PyISAPIe.dll loads by itself";
            return Err(bad(
                "dll",
                &args.dll,
                why,
                "name PyISAPIe.dll in the same folder",
            ));
        }
        if let Some(folder) = &args.physical_path {
            check_path("physical-path", folder)?;
        }
        check_text("app", &args.app)?;
        if !args.app.starts_with('/') || args.app.contains(['\\', '*', '?']) {
            let fix = "write / for the whole site, or a path such as /api";
            return Err(bad("app", &args.app, "is no path of an application", fix));
        }
        let app = args.app.trim_end_matches('/');
        Ok(Self {
            args,
            dll,
            rows: rows(args)?,
            section_path: format!("{}{app}", args.site),
            app: match app {
                "" => format!("{}/", args.site),
                app => format!("{}{app}", args.site),
            },
        })
    }

    fn bits(&self) -> u8 {
        match self.args.bits {
            Bits::Bits32 => 32,
            Bits::Bits64 => 64,
        }
    }

    /// The attributes of a row, in their order, without `path` and `verb` being special.
    fn attributes(&self, row: &Row) -> Vec<(&'static str, String)> {
        let kind = if row.needs_file {
            "File"
        } else {
            "Unspecified"
        };
        let mut attributes = vec![
            ("name", row.name.clone()),
            ("path", row.pattern.clone()),
            ("verb", "*".to_owned()),
            ("modules", "IsapiModule".to_owned()),
            ("scriptProcessor", self.dll.clone()),
            ("resourceType", kind.to_owned()),
            ("requireAccess", "Script".to_owned()),
        ];
        if !row.wildcard {
            attributes.push(("allowPathInfo", "true".to_owned()));
        }
        attributes.push(("responseBufferLimit", "0".to_owned()));
        attributes.push(("preCondition", format!("bitness{}", self.bits())));
        attributes
    }

    fn web_config(&self) -> String {
        let mut text = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<configuration>\n  <system.webServer>\n    \
             <handlers>\n",
        );
        for row in &self.rows {
            let why = match (row.wildcard, row.needs_file) {
                (true, _) if row.pattern != "*" => {
                    "A wildcard map for a part of the site: all its URLs go to Http\\Isapi.py beside \
                     the DLL."
                }
                (true, _) => {
                    "A wildcard map: what no row above takes goes to Http\\Isapi.py beside the DLL. \
                     What that\n           passes on (return True) goes to the rows of the server, \
                     such as the one for static files."
                }
                (false, true) => {
                    "A script map: these files are scripts. IIS answers 404.0 for one that is missing."
                }
                (false, false) => "A script map: these URLs go to the DLL, and need not be files.",
            };
            let _ = writeln!(text, "      <!-- {why} -->");
            let pairs = self.attributes(row);
            let shown: Vec<String> = pairs
                .iter()
                .map(|(name, value)| format!("{name}=\"{}\"", escape(value.as_str())))
                .collect();
            // Four to a line, the long one on its own.
            let lines = [
                &shown[..4],
                &shown[4..5],
                &shown[5..shown.len() - 2],
                &shown[shown.len() - 2..],
            ];
            let lines: Vec<String> = lines.iter().map(|line| line.join(" ")).collect();
            let _ = writeln!(text, "      <add {} />", lines.join("\n           "));
        }
        text.push_str("    </handlers>\n  </system.webServer>\n</configuration>\n");
        text
    }

    /// What is done once on the server, whoever keeps the handlers.
    fn server_lines(&self) -> String {
        let ConfigArgs {
            site,
            pool,
            physical_path,
            ..
        } = self.args;
        let mut text = String::new();
        let mut line = |what: String| {
            text.push_str(&what);
            text.push('\n');
        };
        line("rem IIS with ISAPI extensions, and IIS Manager".into());
        line(format!("dism /online /enable-feature /all {}", features()));
        line(format!(
            "rem An application pool of {} bit, without .NET",
            self.bits()
        ));
        line(format!("{APPCMD} add apppool /name:\"{pool}\""));
        line(format!(
            "{APPCMD} set apppool /apppool.name:\"{pool}\" /managedRuntimeVersion:\"\" /managedPipelineMode:Integrated /enable32BitAppOnWin64:{}",
            self.args.bits == Bits::Bits32
        ));
        if let Some(folder) = physical_path.as_deref().map(paths::plain) {
            line("rem The site's folder".into());
            line(format!("if not exist \"{folder}\" mkdir \"{folder}\""));
            let root = self.section_path == *site;
            if let Some(port) = self.args.port {
                // Where the application is not the root, the site's own folder is above it.
                let base = if root {
                    folder.clone()
                } else {
                    r"%SystemDrive%\inetpub\wwwroot".into()
                };
                line(format!(
                    "{APPCMD} add site /name:\"{site}\" /bindings:http/*:{port}: /physicalPath:\"{base}\""
                ));
            }
            if !root {
                let path = self.section_path.strip_prefix(site.as_str()).unwrap_or("/");
                line(format!(
                    "{APPCMD} add app /site.name:\"{site}\" /path:\"{path}\" /physicalPath:\"{folder}\""
                ));
            }
        }
        line("rem The site or application runs in this pool".into());
        line(format!(
            "{APPCMD} set app /app.name:\"{}\" /applicationPool:\"{pool}\"",
            self.app
        ));
        line("rem The DLL is allowed under ISAPI and CGI Restrictions (else 404.2)".into());
        line(format!(
            "{APPCMD} set config /section:system.webServer/security/isapiCgiRestriction /+\"[path='{}',allowed='true',description='PyISAPIe']\" /commit:apphost",
            self.dll
        ));
        line("rem The pool, and the account of anonymous requests, may read the folders".into());
        let own = paths::folder(&self.dll);
        for folder in [Some(own), physical_path.as_deref().map(paths::plain)]
            .into_iter()
            .flatten()
        {
            line(format!(
                "icacls \"{folder}\" /grant \"IIS AppPool\\{pool}:(OI)(CI)RX\" /grant \"IUSR:(OI)(CI)RX\""
            ));
        }
        text
    }

    /// The handlers in applicationHost.config.
    fn handler_lines(&self) -> String {
        let mut text = String::from(
            "rem The handler mappings, in applicationHost.config: not together with those in web.config\n",
        );
        for row in &self.rows {
            let pairs = self.attributes(row);
            let pairs: Vec<String> = pairs
                .iter()
                .map(|(name, value)| format!("{name}='{value}'"))
                .collect();
            let _ = writeln!(
                text,
                "{APPCMD} set config \"{}\" /section:system.webServer/handlers /+\"[{}]\" /commit:apphost",
                self.section_path,
                pairs.join(",")
            );
        }
        text
    }

    fn last_line(&self) -> String {
        let pool = &self.args.pool;
        format!(
            "rem A new process, which reads all this\n{APPCMD} recycle apppool /apppool.name:\"{pool}\"\n"
        )
    }

    fn all(&self) -> String {
        format!(
            "== 1. Once on the server ==\n\n{BEFORE}{}\n\
             == 2. The file web.config in the folder of \"{}\" ==\n\n{}\n\
             If the site answers 500.19 with 0x80070021, the server has locked this section. Unlock it:\n\n\
             {APPCMD} unlock config /section:system.webServer/handlers\n\n\
             == Or in the place of 2, on the server ==\n\n{}\n\
             == 3. At the end, and whenever a new process is wanted ==\n\n{}",
            self.server_lines(),
            self.app,
            self.web_config(),
            self.handler_lines(),
            self.last_line(),
        )
    }
}

/// Script maps first: a wildcard before them would take the scripts as well, and what it passes on
/// to a script map of the same DLL comes back to the same handler.
fn rows(args: &ConfigArgs) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    let standard = ["*.py".to_owned()];
    let patterns = match args.map.is_empty() && !args.wildcard {
        true => &standard[..],
        false => &args.map[..],
    };
    for pattern in patterns.iter().map(|pattern| pattern.trim()) {
        check_pattern(pattern)?;
        check_text("map", pattern)?;
        let whole = Handler::extension("", pattern).fit("/a/b", &|_| false);
        if matches!(whole, Some((MappingKind::Wildcard, _))) {
            let fix = "use --wildcard";
            return Err(bad("map", pattern, "takes every URL", fix));
        }
        let letters = pattern
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
        let letters: String = letters.collect();
        let base = match letters.trim_matches('-') {
            "" => "PyISAPIe".to_owned(),
            letters => format!("PyISAPIe-{letters}"),
        };
        let mut name = base.clone();
        let mut number = 1;
        while rows.iter().any(|row| row.name.eq_ignore_ascii_case(&name)) {
            number += 1;
            name = format!("{base}-{number}");
        }
        rows.push(Row {
            name,
            pattern: pattern.to_owned(),
            wildcard: pattern.ends_with("/*"),
            needs_file: pattern.contains('.')
                && !pattern.ends_with("*.")
                && !pattern.ends_with("/*"),
        });
    }
    if args.wildcard {
        rows.push(Row {
            name: "PyISAPIe-wildcard".into(),
            pattern: "*".into(),
            wildcard: true,
            needs_file: false,
        });
    }
    Ok(rows)
}
