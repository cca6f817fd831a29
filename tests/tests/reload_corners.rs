//! Reload where it is easily wrong: lazy imports, namespace packages, archives, odd clocks, circles.

use acceptance::http::get;
use acceptance::server::{Server, wait};
use acceptance::site::Site;
use acceptance::target::shown;
use std::time::{Duration, SystemTime};

#[test]
fn a_module_imported_only_inside_the_request_is_seen_when_edited() {
    let site = Site::with_request("import helper\nWrite(helper.X)");
    site.file("helper.py", "X = 'a'");
    let server = Server::start(site.root(), &[]);
    for text in ["a", "b", "c"] {
        site.file("helper.py", format!("X = '{text}'"));
        assert_eq!(get(&server.address, "/app.py").text(), text);
        // Long enough for the file's time to be no excuse.
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn modules_of_a_folder_without_init_are_seen_when_edited() {
    let site = Site::with_request("from parts import one\nWrite(one.X)");
    let server = Server::start(site.root(), &[]);
    for text in ["a", "b"] {
        site.file("parts/one.py", format!("X = '{text}'"));
        assert_eq!(get(&server.address, "/app.py").text(), text);
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A script that counts its requests, as long as it is not loaded anew.
const COUNTER: &str = "from Http import *\nCOUNT = []\ndef Request():\n    COUNT.append(1)\n    \
                       Write('%d' % len(COUNT))\n";

#[test]
fn a_file_from_the_future_is_not_loaded_at_every_request() {
    let site = Site::new();
    let file = std::fs::File::create(site.file("app.py", COUNTER)).unwrap();
    std::fs::write(site.path("app.py"), COUNTER).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(3600))
        .unwrap();
    let server = Server::start(site.root(), &[]);
    let counts: Vec<String> = (0..3)
        .map(|_| get(&server.address, "/app.py").text())
        .collect();
    assert_eq!(counts, ["1", "2", "3"]);
}

#[test]
fn a_module_in_an_archive_is_not_loaded_at_every_request() {
    let site = Site::new();
    site.request(
        "pack.py",
        "import os, zipfile\n\
         with zipfile.ZipFile(os.path.join(os.getcwd(), 'lib.zip'), 'w') as z:\n    \
         z.writestr('zmod.py', 'X = 1')",
    );
    site.file(
        "app.py",
        format!("import os, sys\nsys.path.append(os.path.join(os.getcwd(), 'lib.zip'))\nimport zmod\n{COUNTER}"),
    );
    assert_eq!(site.run("pack.py", &[]).code, 0);
    std::thread::sleep(Duration::from_millis(50));
    let server = Server::start(site.root(), &[]);
    // The first may be loaded twice: the archive is new.
    get(&server.address, "/app.py");
    let counts: Vec<usize> = (0..3)
        .map(|_| get(&server.address, "/app.py").text().parse().unwrap())
        .collect();
    assert!(
        counts.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{counts:?}"
    );
}

#[test]
fn a_handler_that_goes_and_comes_again_is_seen_each_time() {
    let site = Site::with_request("Write('script')");
    let server = Server::start(site.root(), &[]);
    let handler = "from Http import *\ndef Request():\n    Write('handler')\n";
    for _ in 0..3 {
        site.file("Http/Isapi.py", handler);
        assert_eq!(get(&server.address, "/app.py").text(), "handler");
        std::fs::remove_file(site.path("Http/Isapi.py")).unwrap();
        assert_eq!(get(&server.address, "/app.py").text(), "script");
    }
}

#[test]
fn scripts_that_load_each_other_are_told_and_block_nobody() {
    let site = Site::new();
    for (name, other) in [("a", "b"), ("b", "a")] {
        let (here, there) = (
            site.path(&format!("in_{name}")),
            site.path(&format!("in_{other}")),
        );
        site.file(
            &format!("{name}.py"),
            format!(
                "from Http import *\nimport os, time\nfrom Http.Loader import load\n\
                 open({here:?}, 'w').close()\n\
                 while not os.path.exists({there:?}):\n    time.sleep(0.005)\n\
                 load({:?})\ndef Request():\n    Write('{name}')\n",
                site.path(&format!("{other}.py"))
            ),
        );
    }
    let server = Server::start(site.root(), &[]);
    let texts: Vec<String> = std::thread::scope(|scope| {
        let all = ["/a.py", "/b.py"].map(|url| scope.spawn(|| get(&server.address, url).text()));
        all.map(|one| one.join().unwrap()).into()
    });
    assert!(
        texts.iter().any(|t| t.contains("the script loads itself")),
        "{texts:?}"
    );
    assert_eq!(
        site.run("a.py", &[]).code,
        1,
        "alone it is a circle as well"
    );
}

#[test]
fn a_script_is_one_module_however_it_is_named() {
    let site = Site::new();
    site.file("part.py", COUNTER);
    site.request(
        "app.py",
        &format!(
            "from Http.Loader import load\nload({:?}).Request()",
            shown(&site.path("part.py"))
        ),
    );
    let server = Server::start(site.root(), &["--reload", "never"]);
    let answers = ["/part.py", "/app.py", "/part.py"].map(|url| get(&server.address, url).text());
    assert_eq!(answers, ["1", "2", "3"]);
}

#[test]
fn a_log_that_nobody_reads_holds_up_no_other_thread() {
    let site = Site::new();
    site.request(
        "loud.py",
        "import sys\nsys.stderr.write('x' * 1000000)\nWrite('loud')",
    );
    site.request("app.py", "Write('fine')");
    // Not the helper: it reads what the server writes.
    let mut command = acceptance::shim(&["serve", "--listen", "127.0.0.1:0", "--no-access-log"]);
    let ready = site.path("ready.txt");
    command.arg("--ready-file").arg(&ready).arg(site.root());
    command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let url = wait(|| std::fs::read_to_string(&ready).ok());
    let address = url
        .trim()
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let mut loud = acceptance::http::Connection::open(&address);
    loud.send("GET /loud.py HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    assert_eq!(get(&address, "/app.py").text(), "fine");
    child.kill().unwrap();
    child.wait().unwrap();
}
