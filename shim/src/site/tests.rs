//! The site as a whole: opening it, picking handlers, mapping paths.

use super::*;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A folder with these files; a name that ends in `/` is a folder.
fn folder_of(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        if name.ends_with('/') {
            std::fs::create_dir_all(&path).unwrap();
        } else {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
        }
    }
    dir
}

fn config(rows: &str) -> String {
    format!("<configuration><system.webServer>{rows}</system.webServer></configuration>")
}

fn open(dir: &TempDir) -> Site {
    Site::open(dir.path(), &SiteOptions::default()).unwrap()
}

fn decide(site: &Site, method: &str, target: &str) -> Decision {
    site.route(method, &UrlPath::parse(target).unwrap())
}

fn extension(decision: Decision) -> Arc<Route> {
    match decision {
        Decision::Extension(route) => route,
        other => panic!("not for the extension: {other:?}"),
    }
}

/// `404.3` for a refusal, `static /url`, or `extension SCRIPT_NAME`.
fn told(decision: &Decision) -> String {
    match decision {
        Decision::Extension(route) => format!("extension {}", route.script_name),
        Decision::Static(found) => format!("static {}", found.url),
        Decision::Refused(refusal) => format!("{}.{}", refusal.status, refusal.substatus),
    }
}

#[test]
fn path_variables_follow_the_table_of_mapping_kinds() {
    let dir = folder_of(&[("app/p.x", ""), ("app/m.dll", "")]);
    let cases = [
        // handler, target, mapping, SCRIPT_NAME, PATH_INFO
        (
            ("*.x", false),
            "/app/p.x/e",
            MappingKind::ScriptMap,
            "/app/p.x",
            "/app/p.x/e",
        ),
        (
            ("*.x", false),
            "/app/p.x",
            MappingKind::ScriptMap,
            "/app/p.x",
            "/app/p.x",
        ),
        (
            ("*.x", true),
            "/app/p.x/e",
            MappingKind::ScriptMap,
            "/app/p.x",
            "/e",
        ),
        (
            ("*.x", true),
            "/app/p.x",
            MappingKind::ScriptMap,
            "/app/p.x",
            "",
        ),
        (
            ("*", false),
            "/app/foo/bar",
            MappingKind::Wildcard,
            "/app/foo/bar",
            "/app/foo/bar",
        ),
        (
            ("*", true),
            "/app/p.x/a%20b",
            MappingKind::Wildcard,
            "/app/p.x/a b",
            "/app/p.x/a b",
        ),
        (("*", false), "/", MappingKind::Wildcard, "/", "/"),
        (
            ("*.dll", true),
            "/app/m.dll/e",
            MappingKind::Direct,
            "/app/m.dll",
            "/e",
        ),
        (
            ("*.dll", true),
            "/app/m.dll?q",
            MappingKind::Direct,
            "/app/m.dll",
            "",
        ),
    ];
    let mut site = open(&dir);
    for ((pattern, allow_path_info), target, mapping, script_name, path_info) in cases {
        let handler = Handler::extension("h", pattern);
        site.handlers = vec![
            Handler {
                allow_path_info,
                ..handler
            },
            Handler::static_file(),
        ];
        let route = extension(decide(&site, "GET", target));
        assert_eq!(route.mapping, mapping, "{pattern} {target}");
        assert_eq!(route.script_name, script_name, "{pattern} {target}");
        assert_eq!(route.url, script_name, "{pattern} {target}");
        assert_eq!(route.path_info, path_info, "{pattern} {target}");
        let below = |url: &str| site.root.join(url.trim_start_matches('/'));
        assert_eq!(
            route.path_translated,
            below(path_info),
            "{pattern} {target}"
        );
        assert_eq!(
            route.script_translated,
            below(script_name),
            "{pattern} {target}"
        );
    }
}

#[test]
fn default_site_maps_py_and_sends_the_rest_as_files() {
    let dir = folder_of(&[("a.py", ""), ("b.html", ""), ("sub/", "")]);
    let site = open(&dir);
    for (target, expected) in [
        ("/a.py", "extension /a.py"),
        ("/a.py/x", "extension /a.py"),
        ("/b.html", "static /b.html"),
        ("/sub", "static /sub"),
        ("/sub/", "static /sub/"),
        ("/none.py", "404.0"),
        ("/none.html", "404.0"),
    ] {
        assert_eq!(told(&decide(&site, "GET", target)), expected, "{target}");
    }
}

#[test]
fn missing_file_tells_of_a_neighbour_that_differs_in_case() {
    let dir = folder_of(&[("Hello.txt", "")]);
    if dir.path().join("hello.txt").exists() {
        return; // This file system does as IIS does.
    }
    let Decision::Refused(refusal) = decide(&open(&dir), "GET", "/hello.txt") else {
        panic!()
    };
    assert!(
        refusal.reason.contains("\"Hello.txt\" differs in case"),
        "{refusal}"
    );
}

#[test]
fn request_filtering_comes_before_all_handlers() {
    let dir = folder_of(&[("bin/a.py", ""), ("a+b.py", "")]);
    let options = SiteOptions {
        wildcard: true,
        ..SiteOptions::default()
    };
    let mut site = Site::open(dir.path(), &options).unwrap();
    let long = format!("/{}", "x/".repeat(10));
    let query = format!("/?{}", "q".repeat(2049));
    site.filtering.max_url = 20;
    for (target, expected) in [
        ("/bin/a.py", "404.8"),
        ("/x/WEB.config", "404.8"),
        ("/app_data/x", "404.8"),
        ("/a+b.py", "404.11"),
        ("/x.cs", "404.7"),
        (long.as_str(), "404.14"),
        (query.as_str(), "404.15"),
        ("/fine", "extension /fine"),
    ] {
        assert_eq!(told(&decide(&site, "GET", target)), expected, "{target}");
    }
    site.filtering.allow_double_escaping = true;
    assert_eq!(told(&decide(&site, "GET", "/a+b.py")), "extension /a+b.py");
    assert!(site.check_length(30_000_000).is_ok());
    assert_eq!(site.check_length(30_000_001).unwrap_err().substatus, 13);
}

#[test]
fn access_beyond_the_policy_is_403() {
    let dir = folder_of(&[("a.py", ""), ("a.html", ""), ("m.dll", "")]);
    let mut site = open(&dir);
    let direct = Handler::extension("dll", "*.dll");
    site.handlers.insert(
        0,
        Handler {
            require_access: Access::Execute,
            ..direct
        },
    );
    assert_eq!(told(&decide(&site, "GET", "/m.dll")), "403.1");
    site.access_policy = AccessPolicy(Vec::new());
    assert_eq!(told(&decide(&site, "GET", "/a.py")), "403.1");
    assert_eq!(told(&decide(&site, "GET", "/a.html")), "403.2");
}

#[test]
fn wrong_verb_goes_to_the_next_handler_and_is_405_when_there_is_none() {
    let dir = folder_of(&[("a.py", "")]);
    let mut site = open(&dir);
    let verbs = Verbs::parse("POST").unwrap();
    site.handlers = vec![
        Handler {
            verbs: verbs.clone(),
            ..Handler::extension("post", "*.py")
        },
        Handler {
            verbs: Verbs::parse("HEAD").unwrap(),
            ..Handler::extension("head", "*")
        },
        Handler::static_file(),
    ];
    assert_eq!(told(&decide(&site, "POST", "/a.py")), "extension /a.py");
    assert_eq!(extension(decide(&site, "HEAD", "/a.py")).handler, "head");
    let Decision::Refused(refusal) = decide(&site, "GET", "/a.py") else {
        panic!("source sent")
    };
    assert_eq!(
        (refusal.status, refusal.allow.as_deref()),
        (405, Some("POST, HEAD"))
    );
    site.handlers = vec![Handler {
        verbs,
        ..Handler::extension("post", "*.py")
    }];
    assert_eq!(told(&decide(&site, "GET", "/a.html")), "404.4");
}

#[test]
fn pass_through_steps_over_an_interceptor_but_not_over_a_script_map() {
    let dir = folder_of(&[("a.py", ""), ("b.html", ""), ("index.html", "")]);
    let options = SiteOptions {
        wildcard: true,
        map_is_explicit: true,
        ..SiteOptions::default()
    };
    let site = Site::open(dir.path(), &options).unwrap();
    for (target, expected) in [
        ("/b.html", "static /b.html"),
        ("/", "static /index.html"),
        ("/none", "404.0"),
        ("/a.py/x", "extension /a.py"),
    ] {
        let route = extension(decide(&site, "GET", target));
        assert_eq!(route.mapping, MappingKind::Wildcard);
        assert_eq!(told(&site.pass_through(&route)), expected, "{target}");
    }
    let first = extension(decide(&site, "GET", "/a.py"));
    let second = extension(site.pass_through(&first));
    assert_eq!(second.mapping, MappingKind::ScriptMap);
    assert_eq!(site.pass_through(&second), Decision::Extension(second));
}

#[test]
fn folder_gets_its_default_documents_in_order_scripts_included() {
    let dir = folder_of(&[
        ("s/index.py", ""),
        ("t/index.html", ""),
        ("t/index.py", ""),
        ("u/", ""),
    ]);
    let site = open(&dir);
    assert_eq!(told(&decide(&site, "POST", "/s/")), "extension /s/index.py");
    assert_eq!(told(&decide(&site, "GET", "/t/")), "static /t/index.html");
    assert_eq!(told(&decide(&site, "GET", "/s")), "static /s");
    assert_eq!(told(&decide(&site, "GET", "/u/")), "static /u/");
}

#[test]
fn extension_handlers_of_web_config_replace_the_default_map_only() {
    let row = "<add name='h' path='*.psp' verb='*' modules='IsapiModule' scriptProcessor='PyISAPIe.dll'/>";
    let dir = folder_of(&[(
        "Web.config",
        &config(&format!("<handlers>{row}</handlers>")),
    )]);
    let patterns = |options: &SiteOptions| {
        let site = Site::open(dir.path(), options).unwrap();
        site.handlers
            .iter()
            .map(|h| h.pattern.clone())
            .collect::<Vec<_>>()
    };
    let plain = SiteOptions::default();
    assert_eq!(patterns(&plain), ["*.psp", "*"]);
    assert_eq!(
        patterns(&SiteOptions {
            map_is_explicit: true,
            ..plain.clone()
        }),
        ["*.py", "*.cgi", "*"]
    );
    assert_eq!(
        patterns(&SiteOptions {
            wildcard: true,
            ..plain.clone()
        }),
        ["*", "*.psp", "*"]
    );
    assert_eq!(
        patterns(&SiteOptions {
            use_web_config: false,
            ..plain
        }),
        ["*.py", "*.cgi", "*"]
    );
}

#[test]
fn cleared_handlers_leave_nobody_for_files() {
    let dir = folder_of(&[
        ("web.config", &config("<handlers><clear/></handlers>")),
        ("a.html", ""),
    ]);
    assert_eq!(told(&decide(&open(&dir), "GET", "/a.html")), "404.4");
}

#[test]
fn web_config_below_the_root_is_noted_and_not_followed() {
    let dir = folder_of(&[("a/web.config", "<broken"), ("b/c/d/e/web.config", "")]);
    let site = open(&dir);
    assert_eq!(site.notes.len(), 1, "{:?}", site.notes);
    assert!(site.notes[0].ends_with("is not followed here"));
}

#[test]
fn site_that_cannot_be_opened_is_an_error_of_its_code() {
    let dir = folder_of(&[("f.py", "")]);
    let plain = SiteOptions::default();
    let code = |root: &Path, options: &SiteOptions| Site::open(root, options).unwrap_err().code();
    assert_eq!(code(&dir.path().join("none"), &plain), codes::SITE_MISSING);
    assert_eq!(
        code(&dir.path().join("f.py"), &plain),
        codes::SITE_NOT_A_FOLDER
    );
    let home = SiteOptions {
        home: Some(dir.path().join("none")),
        ..plain.clone()
    };
    assert_eq!(code(dir.path(), &home), codes::HOME_MISSING);
    for pattern in [".py", "", " ", "a\\*.py"] {
        let map = SiteOptions {
            map: vec![pattern.into()],
            ..plain.clone()
        };
        assert_eq!(code(dir.path(), &map), codes::BAD_MAP, "{pattern}");
    }
}

#[test]
fn mapped_paths_stay_below_the_root_and_keep_a_trailing_slash() {
    let dir = folder_of(&[]);
    let site = open(&dir);
    assert_eq!(site.map_path(""), site.root);
    assert_eq!(
        site.map_path("/a/../../b\\c"),
        site.root.join("b").join("c")
    );
    let folder = site.map_path("/a/").into_os_string().into_string().unwrap();
    assert!(folder.ends_with(std::path::MAIN_SEPARATOR), "{folder}");
    assert_eq!(site.map_path("/.. /x"), site.root.join("x"));
}

proptest! {
    #[test]
    fn map_path_never_leaves_the_root(url in "[/\\\\.a: ]{0,20}") {
        let dir = folder_of(&[]);
        let site = open(&dir);
        let path = site.map_path(&url);
        prop_assert!(path.starts_with(&site.root));
        prop_assert!(!path.components().any(|c| c == std::path::Component::ParentDir));
    }
}

#[test]
fn a_name_that_is_no_files_goes_to_an_interceptor_and_to_nothing_that_looks_for_one() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.py"), "").unwrap();
    let wildcard = SiteOptions {
        wildcard: true,
        ..SiteOptions::default()
    };
    let site = Site::open(dir.path(), &wildcard).unwrap();
    for target in ["/wiki/Special:Version", "/a.py::$DATA", "/con", "/x."] {
        let Decision::Extension(route) = decide(&site, "GET", target) else {
            panic!("{target} is the interceptor's");
        };
        assert_eq!(route.path_info, target);
        // The static handler behind it looks for a file.
        let next = site.pass_through(&route);
        assert!(
            matches!(&next, Decision::Refused(r) if r.status == 404 && r.reason.contains("segment")),
            "{target}: {next:?}"
        );
    }
    let mapped = Site::open(dir.path(), &SiteOptions::default()).unwrap();
    let route = decide(&mapped, "GET", "/a.py/Special:Version/x.");
    assert!(
        matches!(&route, Decision::Extension(r) if r.script_name == "/a.py"),
        "{route:?}"
    );
    for target in ["/a.py::$DATA", "/a.py.", "/x:y/a.py", "/con/a.py/b"] {
        let decision = decide(&mapped, "GET", target);
        assert!(
            matches!(&decision, Decision::Refused(r) if r.status == 404),
            "{target}: {decision:?}"
        );
    }
}

#[test]
fn a_route_that_was_decided_before_follows_the_disk() {
    let dir = folder_of(&[("a.py", ""), ("index.py", "")]);
    let site = open(&dir);
    let routes = Routes::new(Duration::ZERO);
    let told_again = |method: &str, target: &str| {
        told(&site.route_again(&routes, method, &UrlPath::parse(target).unwrap()))
    };
    let file = dir.path().join("a.py");
    for _ in 0..2 {
        assert_eq!(told_again("GET", "/a.py?q"), "extension /a.py");
        assert_eq!(told_again("GET", "/a.py/b.py"), "extension /a.py");
        assert_eq!(told_again("GET", "/"), "extension /index.py");
        std::fs::remove_file(&file).unwrap();
        assert_eq!(told_again("GET", "/a.py"), "404.0");
        std::fs::create_dir(&file).unwrap();
        std::fs::write(file.join("b.py"), "").unwrap();
        assert_eq!(told_again("GET", "/a.py/b.py"), "extension /a.py/b.py");
        std::fs::remove_dir_all(&file).unwrap();
        std::fs::write(&file, "").unwrap();
    }
    std::fs::write(dir.path().join("index.html"), "").unwrap();
    let first = told(&decide(&site, "GET", "/"));
    assert_eq!(
        told_again("GET", "/"),
        first,
        "an earlier default document has come"
    );
}

#[test]
fn a_look_at_the_disk_is_good_for_as_long_as_wanted() {
    let dir = folder_of(&[("a.py", "")]);
    let site = open(&dir);
    let url = UrlPath::parse("/a.py").unwrap();
    let routes = Routes::new(Duration::from_secs(600));
    let now = || told(&site.route_again(&routes, "GET", &url));
    assert_eq!(now(), "extension /a.py");
    std::fs::remove_file(dir.path().join("a.py")).unwrap();
    assert_eq!(now(), "extension /a.py");
}
