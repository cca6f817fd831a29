//! Somebody else's ISAPI extension, as it is installed: pywin32's `PyISAPI_loader.dll`, copied as
//! `_name.dll` beside `name.py`.

use acceptance::http::{get, send};
use acceptance::server::Server;
use acceptance::site::Site;
use acceptance::target::shown;
use acceptance::{builtin_shim, finish};
use std::path::PathBuf;
use std::process::Command;

/// Answers by itself, on the thread it is called on.
const SIMPLE: &str = r#"
from isapi import isapicon
from isapi.simple import SimpleExtension

class Extension(SimpleExtension):
    "a simple extension"
    def HttpExtensionProc(self, ecb):
        body = ecb.AvailableData if ecb.TotalBytes else b"hello"
        # This loader gives bytes for what IIS gives as bytes.
        name = ecb.GetServerVariable("SCRIPT_NAME").decode()
        text = "%s %s " % (ecb.Method.decode(), name)
        try:
            ecb.GetServerVariable("NO_SUCH_VARIABLE")
        except Exception as error:
            text += "%s " % error.args[0]
        ecb.SendResponseHeaders("200 OK", "Content-Type: text/plain\r\n\r\n", False)
        ecb.WriteClient(text.encode() + body)
        return isapicon.HSE_STATUS_SUCCESS

def __ExtensionFactory__():
    return Extension()
"#;

/// Returns PENDING, and answers on a thread of its pool.
const POOL: &str = r#"
import threading
from isapi.threaded_extension import ThreadPoolExtension

class Extension(ThreadPoolExtension):
    "an extension with a pool of threads"
    def Dispatch(self, ecb):
        query = ecb.GetServerVariable("QUERY_STRING")
        if query == b"raise":
            raise ValueError("on purpose")
        ecb.SendResponseHeaders("200 OK", "Content-Type: text/plain\r\n\r\n", False)
        ecb.WriteClient(b"pool " + query)
        ecb.DoneWithSession()

def __ExtensionFactory__():
    return Extension()
"#;

/// pywin32's folder, as `pip` unpacks it.
fn pywin32() -> PathBuf {
    PathBuf::from(std::env::var("ISAPI_SHIM_TEST_PYWIN32").expect("the runner names it"))
}

/// What an installation's `pywin32.pth` adds to the path.
fn add_path(command: &mut Command) {
    let paths = ["", "win32", "win32/lib"].map(|part| shown(&pywin32().join(part)));
    command.env("PYTHONPATH", paths.join(";"));
}

/// A site with the extension, and what it needs beside it; the loader's path.
fn install(site: &Site, source: &str) -> PathBuf {
    let pywin32 = pywin32();
    site.file("ext.py", source);
    site.file("page.x", "");
    let loader = site.path("_ext.dll");
    std::fs::copy(pywin32.join("isapi/PyISAPI_loader.dll"), &loader).expect("the loader is there");
    let libraries = pywin32.join("pywin32_system32");
    for entry in std::fs::read_dir(libraries).expect("the libraries are there") {
        let path = entry.expect("the libraries are there").path();
        std::fs::copy(
            &path,
            site.path(path.file_name().unwrap().to_str().unwrap()),
        )
        .unwrap();
    }
    let python = std::env::var("ISAPI_SHIM_TEST_PYTHON").expect("the runner names it");
    for entry in std::fs::read_dir(python).expect("the Python is there") {
        let path = entry.expect("the Python is there").path();
        if path.extension().is_some_and(|e| e == "dll") {
            std::fs::copy(
                &path,
                site.path(path.file_name().unwrap().to_str().unwrap()),
            )
            .unwrap();
        }
    }
    loader
}

#[test]
fn its_simple_extension_answers_in_run_serve_and_test() {
    let site = Site::new();
    let loader = install(&site, SIMPLE);
    let mut command = builtin_shim(&["run", "--extension"]);
    command.arg(&loader).arg(site.path("page.x"));
    add_path(&mut command);
    let done = finish(command);
    assert_eq!(done.out, "GET /page.x 1413 hello", "{}", done.err);
    let loader = loader.to_str().expect("text");
    let options = ["--extension", loader, "--map", "*.x"];
    let server = Server::start_with(site.root(), &options, add_path);
    let request = "POST /page.x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody";
    let answer = send(&server.address, request).expect("an answer");
    assert_eq!(answer.text(), "POST /page.x 1413 body");
    site.file("web.config", "<configuration><system.webServer><handlers><add name=\"x\" path=\"*.x\" \
        verb=\"*\" modules=\"IsapiModule\" scriptProcessor=\"ext\" /></handlers></system.webServer></configuration>");
    site.file("all.http", "GET /page.x\n");
    let mut command = builtin_shim(&["test", "--accept", "--extension", loader]);
    command.arg(site.root());
    add_path(&mut command);
    let done = finish(command);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let snapshots = std::fs::read_dir(site.path("snapshots")).expect("a snapshot");
    let snapshot = snapshots.flatten().next().expect("a snapshot").path();
    let text = std::fs::read_to_string(snapshot).expect("text");
    assert!(text.contains("GET /page.x 1413 hello"), "{text}");
}

#[test]
fn its_extension_with_a_thread_pool_answers_from_many_threads() {
    let site = Site::new();
    let loader = install(&site, POOL);
    let options = [
        "--extension",
        loader.to_str().expect("text"),
        "--map",
        "*.x",
    ];
    let server = Server::start_with(site.root(), &options, add_path);
    let address = &server.address;
    std::thread::scope(|scope| {
        for thread in 0..8 {
            scope.spawn(move || {
                for number in 0..20 {
                    let token = format!("{thread}-{number}");
                    let text = get(address, &format!("/page.x?{token}")).text();
                    assert_eq!(text, format!("pool {token}"));
                }
            });
        }
    });
    let text = get(address, "/page.x?raise").text();
    assert!(text.contains("ValueError: on purpose"), "{text}");
}
