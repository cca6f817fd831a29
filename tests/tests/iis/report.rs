//! What the report says, and what cannot be used.

use super::*;

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
