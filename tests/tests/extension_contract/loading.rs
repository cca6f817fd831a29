//! From the load of an extension to its end.

use acceptance::pe;
use acceptance::probe::{Ran, Server, Site, compile, finish, probe, run};
use acceptance::target::{WINDOWS, program};
use std::path::Path;

fn run_with(extension: &Path) -> Ran {
    let site = Site::default();
    let mut command = program();
    command
        .arg("run")
        .arg("--extension")
        .arg(extension)
        .arg(site.path().join("page.x"));
    finish(command)
}

fn assert_fails(ran: &Ran, exit: i32, code: &str) {
    assert_eq!(ran.code, exit, "{}", ran.err);
    assert!(ran.err.contains(code), "{}", ran.err);
    assert!(ran.out.is_empty());
}

#[test]
fn an_extension_that_refuses_is_told_so() {
    let ran = run_with(&compile(&["-DREFUSE=1114"]));
    assert_fails(&ran, 3, "ISH0504");
    assert!(
        !ran.err.contains("TerminateExtension"),
        "it never began: {}",
        ran.err
    );
}

#[test]
fn a_missing_export_is_told_by_name() {
    for name in ["HttpExtensionProc", "GetExtensionVersion"] {
        let flag = if name == "HttpExtensionProc" {
            "-DEXPORT_WITHOUT_PROC"
        } else {
            "-DEXPORT_WITHOUT_VERSION"
        };
        let ran = run_with(&compile(&[flag]));
        assert_fails(&ran, 3, "ISH0503");
        assert!(ran.err.contains(name), "{}", ran.err);
    }
}

/// Standard error in one line: where a line of a message ends is not the message's.
fn said(ran: &Ran) -> String {
    ran.err.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_decorated_export_is_named() {
    let ran = run_with(&compile(&["-DHttpExtensionProc=_HttpExtensionProc"]));
    assert_fails(&ran, 3, "ISH0503");
    let wanted = "exports _HttpExtensionProc in the place of HttpExtensionProc";
    assert!(said(&ran).contains(wanted), "{}", ran.err);
}

/// The header of an ELF file; `class` 1: 32-bit, 2: 64-bit; `kind` 3: a library, 1: an object.
fn elf(class: u8, kind: u8) -> Vec<u8> {
    let mut header = b"\x7fELF".to_vec();
    header.extend([class, 1, 1]);
    header.resize(16, 0);
    header.extend([kind, 0]);
    header.resize(4096, 0);
    header
}

#[test]
fn a_file_that_is_no_library_for_this_process_is_told_what_it_is() {
    let site = Site::default();
    let wide = pe::dll(pe::X64, pe::EXTENSION, &["KERNEL32.dll"]);
    let narrow = pe::dll(pe::X86, pe::EXTENSION, &["KERNEL32.dll"]);
    let probe = std::fs::read(probe()).unwrap();
    let everywhere = [
        // Windows puts `.dll` behind a name without an ending.
        ("empty.dll", vec![], "it is empty"),
        (
            "text.dll",
            b"this is no library\n".to_vec(),
            "it is a text file",
        ),
        ("noise.dll", (0..=255).collect(), "it is no library"),
    ];
    let linux = [
        (
            "wide.dll",
            wide,
            "this is a Windows DLL (64-bit); this command loads shared libraries",
        ),
        (
            "narrow.dll",
            narrow.clone(),
            "this is a Windows DLL (32-bit)",
        ),
        (
            "narrow.so",
            elf(1, 3),
            "it is 32-bit, and this process is 64-bit",
        ),
        ("object.so", elf(2, 1), "it is an object file"),
        // The loader would not live through it.
        (
            "half.so",
            probe[..probe.len() / 8].to_vec(),
            "it is shorter than its header says",
        ),
    ];
    let windows = [
        (
            "narrow.dll",
            narrow,
            "it is 32-bit, and this process is 64-bit (Win32 error 193)",
        ),
        ("library.so", elf(2, 3), "it is a library of Linux"),
    ];
    let mut cases = everywhere.to_vec();
    cases.extend(if WINDOWS {
        windows.to_vec()
    } else {
        linux.to_vec()
    });
    for (name, data, wanted) in cases {
        let ran = run_with(&site.write(name, data));
        assert_fails(&ran, 3, "ISH0502");
        assert!(said(&ran).contains(wanted), "{name}: {}", ran.err);
        assert_eq!(ran.err.contains("0x8007"), WINDOWS, "{name}: {}", ran.err);
    }
}

#[test]
fn what_a_library_needs_and_does_not_find_is_named() {
    if WINDOWS {
        return; // It cannot be linked without.
    }
    let ran = run_with(&compile(&["-DNEEDS_WHAT_IS_NOT_THERE"]));
    assert_fails(&ran, 3, "ISH0502");
    assert!(ran.err.contains("absent_symbol"), "{}", ran.err);
}

#[test]
fn a_server_with_a_broken_extension_does_not_begin() {
    let site = Site::default();
    let file = site.write("text.so", "this is no library");
    for extension in [file, compile(&["-DREFUSE=1114"])] {
        let mut command = program();
        command.args(["serve", "--listen", "127.0.0.1:0", "--extension"]);
        command.arg(extension).arg(site.path());
        let ran = finish(command);
        assert_fails(&ran, 3, "ISH050");
    }
}

#[test]
fn a_missing_file_is_a_mistake_of_the_user() {
    let site = Site::default();
    assert_fails(&run_with(&site.path().join("absent.so")), 2, "ISH0501");
}

#[test]
fn an_extension_may_lack_terminate_extension() {
    let library = compile(&["-DTerminateExtension=NotTerminateExtension"]);
    let site = Site::default();
    let mut command = program();
    command.args(["run", "-q", "scenario=return&send=1", "--extension"]);
    command.arg(library).arg(site.path().join("page.x"));
    let ran = finish(command);
    assert_eq!((ran.code, &ran.out[..]), (0, &b"sent"[..]), "{}", ran.err);
}

#[test]
fn an_extension_is_loaded_from_a_relative_path() {
    let (folder, name) = (probe().parent().unwrap(), probe().file_name().unwrap());
    let site = Site::default();
    let mut command = program();
    command
        .current_dir(folder)
        .args(["run", "-q", "scenario=return&send=1", "--extension"]);
    command.arg(name).arg(site.path().join("page.x"));
    assert_eq!(finish(command).out, b"sent");
}

#[test]
fn an_extension_is_told_once_that_it_begins_and_that_it_must_go() {
    let ran = run(&Site::default(), "scenario=return&send=1", &[]);
    assert_eq!(
        ran.err.matches("probe: GetExtensionVersion").count(),
        1,
        "{}",
        ran.err
    );
    // 2: must unload.
    assert_eq!(
        ran.err.matches("probe: TerminateExtension 2").count(),
        1,
        "{}",
        ran.err
    );
}

#[test]
fn the_end_of_run_writes_the_marker() {
    let site = Site::default();
    let marker = site.path().join("marker");
    let mut command = program();
    command
        .env("PROBE_MARKER", &marker)
        .args(["run", "-q", "scenario=return", "--extension"]);
    command.arg(probe()).arg(site.path().join("page.x"));
    assert_eq!(finish(command).code, 0);
    assert_eq!(std::fs::read_to_string(marker).unwrap(), "2\n");
}

#[test]
fn a_server_terminates_its_extension_when_running_requests_are_done() {
    let site = Site::default();
    let server = Server::start(&site);
    let mut held = server.connect();
    held.send("GET /page.x?scenario=held HTTP/1.1\r\nHost: t\r\n\r\n");
    server.said("held");
    let mut other = server.connect();
    // A request that is under way when the server is asked to end, and that ends the held one.
    other.send(
        "POST /page.x?scenario=release HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\n\
         Expect: 100-continue\r\n\r\n",
    );
    assert_eq!(other.head_only().status, 100);
    server.ask_to_end();
    server.said("running requests finish");
    other.send("x");
    let (code, err) = server.ended();
    assert_eq!(held.response().text(), "from a thread");
    assert_eq!(code, 0, "{err}");
    assert_eq!(err.matches("TerminateExtension 2").count(), 1, "{err}");
    assert_eq!(
        std::fs::read_to_string(site.path().join("marker")).unwrap(),
        "2\n"
    );
}
