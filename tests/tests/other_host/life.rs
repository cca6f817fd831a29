//! Loading, first calls, last calls, and calls that no host should make.

use acceptance::other_host::{ERROR, Home};

fn hello() -> Home {
    Home::with_request("Write('hello')")
}

#[test]
fn the_version_structure_is_filled_in_and_not_overrun() {
    let ran = hello().host().words(&["--version"]).run();
    assert!(
        ran.lines[0].starts_with("version TRUE 6.0 PyISAPIe"),
        "{ran:?}"
    );
}

#[test]
fn a_missing_structure_or_control_block_is_refused() {
    let home = hello();
    let host = home
        .host()
        .words(&["--version-null", "--null"])
        .script("app.py");
    // ... and nothing is spoiled for those that come.
    let ran = host.request().words(&["--version-null", "--null"]).run();
    assert_eq!(
        ran.lines
            .iter()
            .filter(|l| *l == "version-null FALSE")
            .count(),
        2
    );
    assert_eq!(ran.lines.iter().filter(|l| *l == "null 4").count(), 2);
    assert_eq!(ran.answers[0].text(), "hello");
}

#[test]
fn the_thread_that_asks_for_the_version_may_end() {
    let home = hello();
    let host = home.host().words(&["--version-thread"]).script("app.py");
    let ran = host.words(&["--thread", "--request", "--thread"]).run();
    for answer in &ran.answers {
        assert_eq!(answer.text(), "hello");
    }
    assert_eq!(ran.answers.len(), 3);
}

#[test]
fn the_home_is_the_folder_of_the_library() {
    let home = Home::with_request(
        "import os, sys\nWrite(repr(os.path.samefile(os.getcwd(), os.path.dirname(__file__)) \
         and os.path.samefile(sys.path[0], os.getcwd())))",
    );
    assert_eq!(home.get(&[]).text(), "True");
}

#[test]
fn an_advice_to_unload_is_refused_and_changes_nothing() {
    let home = Home::with_request(
        "from concurrent.futures import ThreadPoolExecutor\n\
         Write(ThreadPoolExecutor(1).submit(lambda: 'hello').result())",
    );
    let host = home.host().script("app.py").request();
    let ran = host
        .words(&["--terminate", "1", "--request", "--thread"])
        .run();
    assert!(ran.has("terminate FALSE"), "{:?}", ran.lines);
    assert_eq!(ran.answers.len(), 3);
    for answer in &ran.answers {
        assert_eq!(answer.text(), "hello");
    }
}

#[test]
fn a_library_that_was_ended_can_be_started_again() {
    let home = hello();
    let host = home.host().script("app.py").request();
    let host = host.words(&[
        "--terminate",
        "2",
        "--version-again",
        "--request",
        "--thread",
    ]);
    let ran = host.words(&["--terminate", "2"]).run();
    assert!(
        ran.lines
            .iter()
            .filter(|l| l.starts_with("version TRUE"))
            .count()
            == 2
    );
    assert_eq!(
        ran.lines.iter().filter(|l| *l == "terminate TRUE").count(),
        2
    );
    assert_eq!(ran.answers.len(), 3);
    for answer in &ran.answers {
        assert_eq!(answer.text(), "hello");
    }
}

#[test]
fn a_library_may_be_unloaded_and_loaded_again() {
    // Servers that keep no extension loaded do so for each request.
    for settings in ["", "threads = 2\n"] {
        let home = hello();
        home.file("PyISAPIe.toml", settings);
        let mut host = home.host().script("app.py").request();
        for _ in 0..3 {
            host = host.words(&["--terminate", "2", "--unload"]);
            host = host
                .path("--library", &[home.library()])
                .words(&["--thread"]);
        }
        let ran = host.run();
        assert_eq!(ran.answers.len(), 4);
        for answer in &ran.answers {
            assert_eq!(answer.text(), "hello");
        }
    }
}

#[test]
fn the_end_without_any_request_is_an_end() {
    let ran = hello().host().words(&["--terminate", "2"]).run();
    assert_eq!(ran.lines, ["terminate TRUE"]);
    let ran = hello()
        .host()
        .words(&["--version", "--terminate", "2"])
        .run();
    assert!(ran.has("terminate TRUE"));
}

#[test]
fn exit_functions_run_once_when_the_library_is_ended() {
    let home = Home::new();
    home.file(
        "app.py",
        "import atexit\natexit.register(lambda: open('ended', 'a').write('x'))\ndef Request(): pass\n",
    );
    let host = home.host().script("app.py").request();
    host.words(&["--terminate", "2", "--terminate", "2"]).run();
    let ended = std::fs::read_to_string(home.path("ended")).expect("it ran");
    assert_eq!(ended, "x");
}

#[test]
fn a_handler_that_does_not_load_is_told_and_tried_again() {
    let home = hello();
    let bad = home.file("Http/Config.py", "BufferSize = 1\n");
    let good = home.file("good.py", "BufferSize = 64\n");
    let host = home.host().script("app.py").request().request();
    let ran = host.path("--copy", &[&good, &bad]).request().run();
    for answer in &ran.answers[..2] {
        let page = answer.text();
        assert!(page.contains("Could not initialize interpreter"), "{page}");
        assert!(
            page.contains("Config parameter 'BufferSize' is invalid"),
            "{page}"
        );
        assert_eq!((answer.returned, &*answer.log), (ERROR, "ISH0406"));
    }
    assert_eq!(ran.answers[2].text(), "hello");
}

#[test]
fn a_handler_without_a_request_function_is_told() {
    let home = hello();
    home.file("Http/Isapi.py", "Request = 5\n");
    let page = home.get(&[]).text();
    assert!(page.contains("Attribute 'Request' not callable"), "{page}");
}

#[test]
fn edits_are_not_seen_where_the_host_does_not_ask_for_them() {
    // As in the original: a server in production does not look at files at each request.
    let home = hello();
    let other = home.request("other.py", "Write('edited')");
    let app = home.path("app.py");
    let host = home.host().script("app.py").request();
    let ran = host.path("--copy", &[&other, &app]).request().run();
    assert_eq!(ran.answers[1].text(), "hello");
}

#[test]
fn edits_are_seen_where_the_sites_settings_ask_for_them() {
    let home = hello();
    home.file("Http/Config.py", "Reload = 'changed'\n");
    let other = home.request("other.py", "Write('edited')");
    let app = home.path("app.py");
    let host = home.host().script("app.py").request();
    let ran = host.path("--copy", &[&other, &app]).request().run();
    assert_eq!(ran.answers[1].text(), "edited");
}

#[test]
fn a_second_copy_of_the_library_in_one_process_explains_itself() {
    let home = hello();
    let second = home.second_library();
    let host = home.host().script("app.py").request();
    let ran = host.path("--library", &[&second]).request().request().run();
    assert_eq!(ran.answers[0].text(), "hello");
    for answer in &ran.answers[1..] {
        let page = answer.text();
        assert!(page.contains("ISH0311"), "{page}");
        assert_eq!((answer.returned, &*answer.log), (ERROR, "ISH0311"));
    }
}
