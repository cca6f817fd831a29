//! `isapi-shim iis`: what is printed for a server, and that each mistake of one is named.

use acceptance::iis::{Server, findings};
use acceptance::pe::{EXTENSION, X64, X86};
use acceptance::target::WINDOWS;
use acceptance::{Finished, finish, shim};

const DLL: &str = "c/inetpub/PyISAPIe/PyISAPIe.dll";
const CORE: &str = "c/inetpub/PyISAPIe/PyISAPIe.cp313-win_amd64.dll";
const TOML: &str = "c/inetpub/PyISAPIe/PyISAPIe.toml";
const ISAPI: &str = "c/inetpub/PyISAPIe/Http/Isapi.py";

/// One mistake, made in a server without any.
struct Mistake {
    what: &'static str,
    make: fn(&Server),
    /// The first finding.
    finding: &'static str,
    /// What stands in the report besides.
    says: &'static str,
}

fn prove(mistakes: &[Mistake]) {
    for mistake in mistakes {
        let server = Server::new();
        (mistake.make)(&server);
        let done = server.check(&[]);
        let what = mistake.what;
        let found = findings(&done.out);
        assert_eq!(
            found.first().map(String::as_str),
            Some(mistake.finding),
            "{what}\n{}{}",
            done.out,
            done.err
        );
        assert!(
            done.out.contains(mistake.says),
            "{what}: no {:?}\n{}",
            mistake.says,
            done.out
        );
        let expected = i32::from(mistake.finding.starts_with("error"));
        assert_eq!(done.code, expected, "{what}\n{}", done.out);
    }
}

#[test]
fn a_server_without_a_mistake_has_no_findings() {
    let done = Server::new().check(&[]);
    assert!(
        done.out.ends_with("\n0 errors, 0 warnings, 0 notes\n"),
        "{}{}",
        done.out,
        done.err
    );
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    for looked_at in [
        "web.config",
        "application Shop, in the pool Shop",
        "PyISAPIe.dll (64-bit)",
        "Python 3.13",
    ] {
        assert!(done.out.contains(looked_at), "{looked_at}: {}", done.out);
    }
}

#[test]
fn mistakes_in_the_handler_list_are_named() {
    prove(&[
        Mistake {
            what: "no web.config",
            make: |s| std::fs::remove_file(s.files.path("c/inetpub/shop/web.config")).unwrap(),
            finding: "error ISH0703",
            says: "404.17 or 404.3",
        },
        Mistake {
            what: "another handler for *.py",
            make: |s| {
                s.web("modules=\"IsapiModule\"\n           scriptProcessor=\"C:\\inetpub\\PyISAPIe\\PyISAPIe.dll\"", "modules=\"CgiModule\" scriptProcessor=\"C:\\Python27\\python.exe\"")
            },
            finding: "error ISH0703",
            says: "*.py goes to CgiModule",
        },
        Mistake {
            what: "another module",
            make: |s| s.web("IsapiModule", "FastCgiModule"),
            finding: "error ISH0710",
            says: "modules=\"IsapiModule\"",
        },
        Mistake {
            what: "no module",
            make: |s| s.web("modules=\"IsapiModule\"", ""),
            finding: "error ISH0710",
            says: "500.21",
        },
        Mistake {
            what: "no scriptProcessor",
            make: |s| {
                s.web(
                    "scriptProcessor=\"C:\\inetpub\\PyISAPIe\\PyISAPIe.dll\"",
                    "",
                )
            },
            finding: "error ISH0704",
            says: "names no scriptProcessor",
        },
        Mistake {
            what: "a preCondition that the pool is not",
            make: |s| s.web("bitness64", "classicMode,bitness64"),
            finding: "error ISH0709",
            says: "404.17",
        },
        Mistake {
            what: "a preCondition that the DLL is not",
            make: |s| s.web("bitness64", "bitness32"),
            finding: "error ISH0709",
            says: "preCondition=\"bitness64\"",
        },
        Mistake {
            what: "a script map for folders",
            make: |s| s.web("\"File\"", "\"Directory\""),
            finding: "error ISH0711",
            says: "404.0",
        },
        Mistake {
            what: "a script map for anything",
            make: |s| s.web("\"File\"", "\"Unspecified\""),
            finding: "note ISH0711",
            says: "404.0",
        },
        Mistake {
            what: "a wildcard map for files",
            make: |s| {
                s.web("path=\"*.py\"", "path=\"*\"");
                s.files.file(ISAPI, "def Request():\n    return True\n");
            },
            finding: "warning ISH0711",
            says: "resourceType=\"Unspecified\"",
        },
        Mistake {
            what: "a policy without Script",
            make: |s| s.web("<handlers>", "<handlers accessPolicy=\"Read\">"),
            finding: "error ISH0712",
            says: "403.1",
        },
        Mistake {
            what: "a handler that needs Execute",
            make: |s| s.web("requireAccess=\"Script\"", "requireAccess=\"Execute\""),
            finding: "error ISH0712",
            says: "403.1",
        },
        Mistake {
            what: "a narrow verb",
            make: |s| s.web("verb=\"*\"", "verb=\"GET,HEAD\""),
            finding: "warning ISH0713",
            says: "and not POST, PUT, PATCH, DELETE",
        },
        Mistake {
            what: "an earlier handler",
            make: |s| {
                s.web("<handlers>", "<handlers><add name=\"x\" path=\"*\" verb=\"*\" modules=\"StaticFileModule\" />")
            },
            finding: "error ISH0714",
            says: "View Ordered List",
        },
        Mistake {
            what: "an earlier handler for some methods",
            make: |s| {
                s.web("<handlers>", "<handlers><add name=\"WebDAV2\" path=\"*\" verb=\"PUT,DELETE\" modules=\"WebDAVModule\" />")
            },
            finding: "warning ISH0714",
            says: "with PUT, DELETE",
        },
        Mistake {
            what: "a handler at the end of the server's list",
            make: |s| {
                std::fs::remove_file(s.files.path("c/inetpub/shop/web.config")).unwrap();
                s.host("requireAccess=\"Read\" />", "requireAccess=\"Read\" /><add name=\"py\" path=\"*.py\" verb=\"*\" modules=\"IsapiModule\" scriptProcessor=\"C:\\inetpub\\PyISAPIe\\PyISAPIe.dll\" resourceType=\"File\" />");
            },
            finding: "error ISH0714",
            says: "\"StaticFile\"",
        },
        Mistake {
            what: "a list that is cleared",
            make: |s| s.web("<handlers>", "<handlers><clear />"),
            finding: "warning ISH0715",
            says: "404.4",
        },
        Mistake {
            what: "a name that the server has",
            make: |s| s.web("PyISAPIe-py", "TRACEVerbHandler"),
            finding: "error ISH0730",
            says: "0x800700b7",
        },
    ]);
}

#[test]
fn mistakes_in_the_dll_are_named() {
    prove(&[
        Mistake {
            what: "no DLL",
            make: |s| std::fs::remove_file(s.files.path(DLL)).unwrap(),
            finding: "error ISH0704",
            says: "0x8007007e",
        },
        Mistake {
            what: "no DLL but a text",
            make: |s| drop(s.files.file(DLL, "<html>404</html>")),
            finding: "error ISH0705",
            says: "0x800700c1",
        },
        Mistake {
            what: "a core in the handler",
            make: |s| {
                s.web("PyISAPIe.dll", "PyISAPIe.cp313-win_amd64.dll");
                s.host("PyISAPIe.dll", "PyISAPIe.cp313-win_amd64.dll");
            },
            finding: "error ISH0706",
            says: "names the core",
        },
        Mistake {
            what: "the old PyISAPIe",
            make: |s| drop(s.dll(DLL, X64, EXTENSION, &["python27.dll"])),
            finding: "error ISH0706",
            says: "needs python27.dll",
        },
        Mistake {
            what: "decorated exports",
            make: |s| {
                drop(s.dll(
                    DLL,
                    X64,
                    &["_GetExtensionVersion@4", "_HttpExtensionProc@4"],
                    &[],
                ))
            },
            finding: "error ISH0707",
            says: "exports _GetExtensionVersion@4",
        },
        Mistake {
            what: "no exports",
            make: |s| drop(s.dll(DLL, X64, &[], &[])),
            finding: "error ISH0707",
            says: "0x8007007f",
        },
        Mistake {
            what: "a pool of 32 bit",
            make: |s| {
                s.host(
                    "<add name=\"Shop\"",
                    "<add name=\"Shop\" enable32BitAppOnWin64=\"true\"",
                );
                s.web(" preCondition=\"bitness64\"", "");
            },
            finding: "error ISH0708",
            says: "/enable32BitAppOnWin64:false",
        },
        Mistake {
            what: "a DLL of 32 bit",
            make: |s| {
                s.web(" preCondition=\"bitness64\"", "");
                s.dll(DLL, X86, EXTENSION, &[]);
            },
            finding: "error ISH0708",
            says: "0x800700c1",
        },
    ]);
}

#[test]
fn mistakes_around_python_are_named() {
    prove(&[
        Mistake {
            what: "a settings file with a misspelt name",
            make: |s| drop(s.files.file(TOML, "pyton = 'C:\\Python313'\n")),
            finding: "error ISH0722",
            says: "ISH0312",
        },
        Mistake {
            what: "a Python that is gone",
            make: |s| drop(s.files.file(TOML, "python = 'C:\\Python399'\n")),
            finding: "error ISH0720",
            says: "ISH0307",
        },
        Mistake {
            what: "a Python of the other bitness",
            make: |s| drop(s.dll("c/Python313/python313.dll", X86, &[], &[])),
            finding: "error ISH0720",
            says: "ISH0308",
        },
        Mistake {
            what: "no core for this Python",
            make: |s| std::fs::remove_file(s.files.path(CORE)).unwrap(),
            finding: "error ISH0721",
            says: "ISH0309",
        },
        Mistake {
            what: "a core of the other bitness",
            make: |s| drop(s.dll(CORE, X86, EXTENSION, &["python313.dll"])),
            finding: "error ISH0721",
            says: "ISH0310",
        },
        Mistake {
            what: "a core for another Python under this name",
            make: |s| drop(s.dll(CORE, X64, EXTENSION, &["python311.dll"])),
            finding: "error ISH0721",
            says: "needs python311.dll",
        },
        Mistake {
            what: "no core at all, and a Python that nobody names",
            make: |s| {
                std::fs::remove_file(s.files.path(CORE)).unwrap();
                std::fs::remove_file(s.files.path(TOML)).unwrap();
            },
            // On Windows there is a registry, and it names none.
            finding: if WINDOWS {
                "error ISH0720"
            } else {
                "error ISH0721"
            },
            says: "not PyISAPIe.dll alone",
        },
        Mistake {
            what: "a virtual environment of a Python that is gone",
            make: |s| {
                std::fs::remove_file(s.files.path(TOML)).unwrap();
                s.files.file(
                    "c/inetpub/PyISAPIe/venv/pyvenv.cfg",
                    "home = C:\\Python399\n",
                );
            },
            finding: "error ISH0720",
            says: "venv",
        },
    ]);
}

#[test]
fn a_virtual_environment_beside_the_dll_leads_to_its_python() {
    let server = Server::new();
    std::fs::remove_file(server.files.path(TOML)).unwrap();
    server.files.file(
        "c/inetpub/PyISAPIe/venv/pyvenv.cfg",
        "home = C:\\Python313\n",
    );
    let done = server.check(&[]);
    assert!(done.out.contains("(Python 3.13)"), "{}", done.out);
    assert_eq!(findings(&done.out), [""; 0]);
}

#[test]
fn mistakes_of_the_server_are_named() {
    prove(&[
        Mistake {
            what: "no restriction",
            make: |s| {
                s.host("<add path=\"C:\\inetpub\\PyISAPIe\\PyISAPIe.dll\" allowed=\"true\" description=\"PyISAPIe\" />", "")
            },
            finding: "error ISH0716",
            says: "/section:system.webServer/security/isapiCgiRestriction /+\"[path='C:\\inetpub\\PyISAPIe\\PyISAPIe.dll',allowed='true'",
        },
        Mistake {
            what: "a restriction that forbids",
            make: |s| s.host("allowed=\"true\"", "allowed=\"false\""),
            finding: "error ISH0716",
            says: "404.2",
        },
        Mistake {
            what: "a restriction in quotes",
            make: |s| {
                s.host(
                    "path=\"C:\\inetpub\\PyISAPIe\\PyISAPIe.dll\"",
                    "path=\"&quot;C:\\inetpub\\PyISAPIe\\PyISAPIe.dll&quot;\"",
                )
            },
            finding: "error ISH0717",
            says: "404.2",
        },
        Mistake {
            what: "a restriction in other letters",
            make: |s| {
                s.host(
                    "path=\"C:\\inetpub\\PyISAPIe\\PyISAPIe.dll\"",
                    "path=\"c:\\Inetpub\\pyisapie\\PyISAPIe.dll\"",
                )
            },
            finding: "note ISH0717",
            says: "upper and lower case",
        },
        Mistake {
            what: "a restriction for the core",
            make: |s| {
                s.host(
                    "PyISAPIe\\PyISAPIe.dll\" allowed",
                    "PyISAPIe\\PyISAPIe.cp313-win_amd64.dll\" allowed",
                )
            },
            finding: "error ISH0716",
            says: "which needs no entry",
        },
        Mistake {
            what: "no IsapiModule",
            make: |s| {
                s.host(
                    "<add name=\"IsapiModule\" image=\"%windir%\\System32\\inetsrv\\isapi.dll\" />",
                    "",
                )
            },
            finding: "error ISH0718",
            says: "IIS-ISAPIExtensions",
        },
        Mistake {
            what: "IsapiModule removed by the site",
            make: |s| {
                s.web(
                    "<handlers>",
                    "<modules><remove name=\"IsapiModule\" /></modules><handlers>",
                )
            },
            finding: "error ISH0718",
            says: "500.21",
        },
        Mistake {
            what: "a locked section",
            make: |s| {
                s.host(
                    "<location path=\"\" overrideMode=\"Allow\">",
                    "<location path=\"\">",
                )
            },
            finding: "error ISH0729",
            says: "unlock config /section:system.webServer/handlers",
        },
        Mistake {
            what: "a restriction in web.config",
            make: |s| {
                s.web(
                    "<handlers>",
                    "<security><isapiCgiRestriction /></security><handlers>",
                )
            },
            finding: "error ISH0729",
            says: "0x80070021",
        },
        Mistake {
            what: "a pool that does not exist",
            make: |s| s.host("applicationPool=\"Shop\"", "applicationPool=\"Gone\""),
            finding: "error ISH0728",
            says: "503",
        },
        Mistake {
            what: "a pool that does not start",
            make: |s| {
                s.host(
                    "<add name=\"Shop\"",
                    "<add name=\"Shop\" autoStart=\"false\"",
                )
            },
            finding: "warning ISH0728",
            says: "503",
        },
        Mistake {
            what: "another copy in the same pool",
            make: |s| {
                s.host(
                    "<application path=\"/\">",
                    "<application path=\"/\" applicationPool=\"shop\">",
                );
                let web =
                    acceptance::iis::WEB_CONFIG.replace("inetpub\\PyISAPIe", "inetpub\\Other");
                s.files.file("c/inetpub/wwwroot/web.config", web);
            },
            finding: "error ISH0723",
            says: "ISH0311",
        },
        Mistake {
            what: "two copies in one site",
            make: |s| {
                s.web("</handlers>", "<add name=\"two\" path=\"*.psp\" verb=\"*\" modules=\"IsapiModule\" scriptProcessor=\"C:\\inetpub\\PyISAPIe\\PyISAPIe-Two.dll\" resourceType=\"File\" /></handlers>")
            },
            finding: "error ISH0704",
            says: "error ISH0723",
        },
    ]);
}

#[test]
fn one_copy_for_two_sites_in_one_pool_is_no_mistake() {
    let server = Server::new();
    server.host(
        "<application path=\"/\">",
        "<application path=\"/\" applicationPool=\"Shop\">",
    );
    server
        .files
        .file("c/inetpub/wwwroot/web.config", acceptance::iis::WEB_CONFIG);
    assert_eq!(findings(&server.check(&[]).out), [""; 0]);
}

#[test]
fn mistakes_in_files_and_filters_are_named() {
    prove(&[
        Mistake {
            what: "a denied file extension",
            make: |s| {
                s.web("<handlers>", "<security><requestFiltering><fileExtensions><add fileExtension=\".py\" allowed=\"false\" /></fileExtensions></requestFiltering></security><handlers>")
            },
            finding: "error ISH0719",
            says: "404.7",
        },
        Mistake {
            what: "file extensions that must be listed",
            make: |s| {
                s.host(
                    "<requestFiltering>",
                    "<requestFiltering><fileExtensions allowUnlisted=\"false\" />",
                )
            },
            finding: "error ISH0719",
            says: "404.7",
        },
        Mistake {
            what: "a denied method",
            make: |s| {
                s.host(
                    "<requestFiltering>",
                    "<requestFiltering><verbs><add verb=\"POST\" allowed=\"false\" /></verbs>",
                )
            },
            finding: "error ISH0719",
            says: "404.6",
        },
        Mistake {
            what: "a script in a hidden folder",
            make: |s| drop(s.files.request("c/inetpub/shop/bin/tool.py", "Write('x')")),
            finding: "warning ISH0719",
            says: "404.8",
        },
        Mistake {
            what: "the DLL in the site",
            make: |s| drop(s.dll("c/inetpub/shop/PyISAPIe.dll", X64, EXTENSION, &[])),
            finding: "warning ISH0726",
            says: "can load these files",
        },
        Mistake {
            what: "the package in the site",
            make: |s| {
                drop(s.files.file(
                    "c/inetpub/shop/Http/Isapi.py",
                    "from Http.Loader import Request\n",
                ))
            },
            finding: "warning ISH0726",
            says: "can call these files as scripts",
        },
        Mistake {
            what: "settings beside the scripts, where the DLL does not look",
            make: |s| {
                s.files
                    .file("c/inetpub/shop/Http/Config.py", "KeepAlive = True\n");
                s.host(
                    "<add segment=\"bin\" />",
                    "<add segment=\"bin\" /><add segment=\"Http\" />",
                );
            },
            finding: "warning ISH0731",
            says: r"put it into C:\inetpub\PyISAPIe\Http",
        },
        Mistake {
            what: "a content type for scripts",
            make: |s| {
                s.web("<handlers>", "<staticContent><mimeMap fileExtension=\".py\" mimeType=\"text/plain\" /></staticContent><handlers>")
            },
            finding: "warning ISH0726",
            says: "source",
        },
        Mistake {
            what: "a handler of Python 2",
            make: |s| drop(s.files.file(ISAPI, "def Request():\n  print 'x'\n")),
            finding: "error ISH0725",
            says: "Isapi.py, line 2",
        },
        Mistake {
            what: "a pass-through without a wildcard",
            make: |s| drop(s.files.file(ISAPI, "def Request():\n  return True\n")),
            finding: "warning ISH0724",
            says: "Possible recursion",
        },
        Mistake {
            what: "a wildcard without a handler",
            make: |s| {
                s.web("path=\"*.py\"", "path=\"*\"");
                s.web("\"File\"", "\"Unspecified\"");
            },
            finding: "warning ISH0724",
            says: "Isapi.py",
        },
    ]);
}

/// On Windows every path of a server can be looked at.
#[cfg(not(feature = "windows"))]
#[test]
fn what_cannot_be_seen_is_a_note_and_no_error() {
    let server = Server::new();
    let site = server.files.path("c/inetpub/shop");
    let done = finish(shim(&["iis", "check", site.to_str().unwrap()]));
    assert_eq!(done.code, 0, "{}", done.out);
    let found = findings(&done.out);
    assert!(
        !found.is_empty() && found.iter().all(|f| f == "note ISH0727"),
        "{}",
        done.out
    );
    assert!(
        done.out.contains("--application-host") && done.out.contains("--dll"),
        "{}",
        done.out
    );
}

#[test]
fn the_dll_and_python_can_be_named() {
    let server = Server::new();
    let site = server.files.path("c/inetpub/shop");
    let path = |name: &str| server.files.path(name).display().to_string();
    let (dll, python) = (path(DLL), path("c/Python313"));
    let done = finish(shim(&[
        "iis",
        "check",
        "--dll",
        &dll,
        "--python",
        &python,
        site.to_str().unwrap(),
    ]));
    assert!(done.out.contains("(Python 3.13)"), "{}", done.out);
    assert_eq!(findings(&done.out), ["note ISH0727"], "{}", done.out);
}

#[test]
fn the_pool_can_be_named_alone() {
    let server = Server::new();
    server.host(
        "<add name=\"DefaultAppPool\"",
        "<add name=\"DefaultAppPool\" enable32BitAppOnWin64=\"true\"",
    );
    let done = server.check(&["--pool", "DefaultAppPool"]);
    assert!(
        findings(&done.out).contains(&"error ISH0708".to_owned()),
        "{}",
        done.out
    );
}

#[test]
fn what_cannot_be_used_is_told_with_its_code_and_exit_2() {
    let server = Server::new();
    let usage = |done: Finished, code: &str| {
        assert_eq!(done.code, 2, "{}{}", done.out, done.err);
        assert!(done.err.contains(code), "{code}: {}", done.err);
    };
    usage(server.check(&["--site", "Nowhere"]), "ISH0702");
    usage(server.check(&["--pool", "Nowhere"]), "ISH0702");
    usage(server.check(&["--dll", "nowhere.dll"]), "ISH0701");
    usage(server.check(&["--map-path", "nowhere"]), "ISH0701");
    usage(finish(shim(&["iis", "check", "nowhere"])), "ISH0201");
    server
        .files
        .file("applicationHost.config", "<configuration>");
    usage(server.check(&[]), "ISH0205");
    server.web("\"File\"", "\"Fil\"");
    usage(server.check_site(&[]), "ISH0206");
    server
        .files
        .file("c/inetpub/shop/web.config", "<configuration");
    usage(server.check_site(&[]), "ISH0205");
}

#[test]
fn json_has_the_same_findings() {
    let server = Server::new();
    server.web("verb=\"*\"", "verb=\"GET\"");
    let done = server.check(&["--format", "json"]);
    for part in [
        "\"code\": \"ISH0713\"",
        "\"severity\": \"warning\"",
        "\"line\": 5",
        "\"errors\": 0",
        "\"warnings\": 1",
    ] {
        assert!(done.out.contains(part), "{part}: {}", done.out);
    }
}

fn config(options: &[&str]) -> Finished {
    let mut command = shim(&["iis", "config", "--site", "Shop", "--pool", "Shop"]);
    command.args(options);
    finish(command)
}

#[test]
fn what_is_printed_for_a_site_passes_the_check() {
    for maps in [
        &[][..],
        &["--map", "*.py", "--wildcard"],
        &["--map", "*.py", "--map", "*.psp"],
    ] {
        let server = Server::new();
        server
            .files
            .file(ISAPI, "def Request():\n    return None\n");
        let mut options = vec![
            "--dll",
            r"C:\inetpub\PyISAPIe\PyISAPIe.dll",
            "--format",
            "web.config",
        ];
        options.extend(maps);
        let done = config(&options);
        assert_eq!(done.code, 0, "{}", done.err);
        server.files.file("c/inetpub/shop/web.config", &done.out);
        let checked = server.check(&[]);
        assert!(
            checked.out.contains("\n0 errors, 0 warnings"),
            "{}{}",
            checked.out,
            checked.err
        );
    }
}

#[test]
fn values_that_no_server_can_have_are_refused() {
    for (options, code) in [
        (&["--dll", "PyISAPIe.dll"][..], "ISH0701"),
        (&["--dll", "/srv/PyISAPIe.dll"], "ISH0701"),
        (&["--dll", r"C:\x\PyISAPIe.exe"], "ISH0701"),
        (&["--dll", r"C:\x\PyISAPIe.cp313-win_amd64.dll"], "ISH0701"),
        (&["--dll", r"C:\100%\PyISAPIe.dll"], "ISH0701"),
        (&["--dll", r"C:\Ann's\PyISAPIe.dll"], "ISH0701"),
        (&["--dll", r"C:\x\PyISAPIe.dll", "--app", "api"], "ISH0701"),
        (
            &["--dll", r"C:\x\PyISAPIe.dll", "--physical-path", "www"],
            "ISH0701",
        ),
        (&["--dll", r"C:\x\PyISAPIe.dll", "--map", "*"], "ISH0701"),
        (&["--dll", r"C:\x\PyISAPIe.dll", "--map", ".py"], "ISH0203"),
    ] {
        let done = config(options);
        assert_eq!(done.code, 2, "{options:?}: {}", done.out);
        assert!(done.err.contains(code), "{options:?}: {}", done.err);
    }
}

#[test]
fn texts_are_escaped_for_xml() {
    let done = config(&["--dll", r"C:\A & B\PyISAPIe.dll", "--format", "web.config"]);
    assert!(
        done.out
            .contains(r#"scriptProcessor="C:\A &amp; B\PyISAPIe.dll""#),
        "{}",
        done.out
    );
}

#[test]
fn the_guide_has_the_lines_that_are_printed() {
    let guide = acceptance::docs::read("docs/iis.md");
    let place = ["--physical-path", r"C:\inetpub\hello", "--port", "8080"];
    for format in ["appcmd", "web.config"] {
        let mut command = shim(&["iis", "config", "--site", "Hello", "--pool", "Hello"]);
        command.args(["--dll", r"C:\inetpub\PyISAPIe\PyISAPIe.dll"]);
        command.args(place).args(["--format", format]);
        let done = finish(command);
        assert_eq!(done.code, 0, "{}", done.err);
        for line in done.out.lines().filter(|line| !line.starts_with("rem ")) {
            assert!(
                guide.contains(&format!("\n{line}\n")),
                "docs/iis.md lacks: {line}"
            );
        }
    }
}
