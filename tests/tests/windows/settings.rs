//! What `PyISAPIe.toml` and the DLL's name change.

use acceptance::http::get;
use acceptance::installation::Installation;
use acceptance::server::{Server, wait};
use acceptance::site::Site;
use acceptance::{builtin_shim, finish, root};
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn the_log_file_gets_tracebacks_with_the_time() {
    let (site, installation) = (
        Site::with_request("raise ValueError('mine')"),
        Installation::new(),
    );
    installation.file("PyISAPIe.toml", "[log]\nfile = 'logs\\p.log'\n");
    let done = installation.run(&site.path("app.py"));
    assert_eq!(done.code, 1, "{}", done.err);
    let log = std::fs::read_to_string(installation.path("logs/p.log")).expect("a log");
    assert!(
        log.contains("Traceback") && log.contains("ValueError: mine"),
        "{log}"
    );
    assert!(log.starts_with("20"), "{log}");
}

#[test]
fn the_examples_match_their_snapshots_on_threads_of_the_extensions_own() {
    let installation = Installation::new();
    // One thread: the requests of some examples count what was before them on their thread.
    installation.file("PyISAPIe.toml", "threads = 1\n");
    let mut command = builtin_shim(&["test", "--extension"]);
    command
        .arg(installation.path("PyISAPIe.dll"))
        .arg(root().join("examples"));
    let done = finish(command);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
}

#[test]
fn more_requests_than_the_queue_takes_get_a_503_and_the_rest_is_answered() {
    let installation = Installation::new();
    installation.file("PyISAPIe.toml", "threads = 1\nqueue = 1\n");
    let site = Site::with_request(
        "import os, time\nopen('begun', 'w').close()\n\
         while not os.path.exists('go'):\n    time.sleep(0.01)\nWrite('done')",
    );
    site.request("fast.py", "Write('fast')");
    let dll = installation.path("PyISAPIe.dll");
    let server = Server::start(site.root(), &["--extension", dll.to_str().expect("text")]);
    let address = &server.address;
    let refused = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| get(address, "/app.py").text());
        wait(|| site.path("begun").exists().then_some(()));
        // One of these waits; what comes while it does is refused.
        let fast = || {
            let answer = get(address, "/fast.py");
            if answer.status == 503 {
                assert!(answer.text().contains("ISH0409"), "{}", answer.text());
                refused.fetch_add(1, Ordering::AcqRel);
            } else {
                assert_eq!(answer.text(), "fast");
            }
        };
        for _ in 0..8 {
            scope.spawn(fast);
        }
        wait(|| (refused.load(Ordering::Acquire) == 7).then_some(()));
        site.file("go", "");
        assert_eq!(slow.join().expect("an answer"), "done");
    });
    assert_eq!(refused.into_inner(), 7, "one was answered");
}

#[test]
fn a_dll_with_a_name_takes_handler_and_settings_from_the_folder_of_that_name() {
    let installation = Installation::new();
    std::fs::rename(
        installation.path("PyISAPIe.dll"),
        installation.path("PyISAPIe-Shop.dll"),
    )
    .expect("writable");
    let site = Site::with_request("raise RuntimeError('not by this handler')");
    site.file(
        "Shop/Isapi.py",
        "from Http import *\nimport Shop.Config\nimport Http.Config\n\
         def Request():\n    Write('%s %s' % (Shop.Config is Http.Config, Shop.Config.Mine))\n",
    );
    site.file("Shop/Config.py", "BufferSize = None\nMine = 'shop'\n");
    site.file("Http/Isapi.py", "raise RuntimeError('the wrong folder')\n");
    let mut command = builtin_shim(&["run", "--extension"]);
    command
        .arg(installation.path("PyISAPIe-Shop.dll"))
        .arg(site.path("app.py"));
    let done = finish(command);
    assert_eq!(done.out, "True shop", "{}", done.err);
}
