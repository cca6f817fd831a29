//! What is set up beside the library: `PyISAPIe.toml`, the log, and a library of another name.

use acceptance::other_host::{ERROR, Home, target};

#[test]
fn a_traceback_goes_to_the_log_file() {
    let home = Home::with_request(
        "print('from the script', file=__import__('sys').stderr)\nraise KeyError('why')",
    );
    home.file("PyISAPIe.toml", "[log]\nfile = 'logs/site.log'\n");
    let ran = home.host().script("app.py").request().run();
    assert_eq!(ran.answers[0].status, "500 Internal Server Error");
    let log = std::fs::read_to_string(home.path("logs/site.log")).expect("the log is there");
    for part in [
        "Traceback (most recent call last)",
        "app.py",
        "KeyError: 'why'",
        "from the script",
    ] {
        assert!(log.contains(part), "{part}: {log}");
    }
    assert!(!ran.err.contains("Traceback"), "{}", ran.err);
}

#[test]
fn settings_that_mean_nothing_are_told_until_they_are_mended() {
    let home = Home::with_request("Write('hello')");
    let bad = home.file("PyISAPIe.toml", "threads = 2\npyton = 'x'\n");
    let good = home.file("good.toml", "threads = 2\n");
    let host = home.host().script("app.py").request().request();
    let ran = host.path("--copy", &[&good, &bad]).request().run();
    assert!(
        ran.lines[0].starts_with("version TRUE"),
        "loaded all the same: {ran:?}"
    );
    for answer in &ran.answers[..2] {
        let page = answer.text();
        assert_eq!(answer.status, "500 Internal Server Error");
        assert_eq!(
            (answer.returned, answer.http, &*answer.log),
            (ERROR, 500, "ISH0312")
        );
        for part in [
            "Could not initialize interpreter",
            "ISH0312",
            "line 2",
            "pyton",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
    assert_eq!(ran.answers[2].text(), "hello");
    assert_eq!(
        ran.err.matches("ISH0312").count(),
        1,
        "told once: {}",
        ran.err
    );
}

#[test]
fn settings_that_are_mended_hold_for_requests_after_the_first() {
    let home = Home::with_request("Write('hello')");
    let bad = home.file("PyISAPIe.toml", "threads = 'two'\n");
    let good = home.file("good.toml", "threads = 2\n");
    let host = home.host().script("app.py").request();
    let ran = host
        .path("--copy", &[&good, &bad])
        .request()
        .request()
        .run();
    assert_eq!(ran.answers[0].log, "ISH0312");
    // The request that found the settings good ran before there were threads.
    let last = &ran.answers[2];
    assert_eq!(
        (last.text().as_str(), last.returned, last.support(4)),
        ("hello", 3, 1)
    );
}

#[test]
fn a_page_without_settings_is_json_for_who_wants_that_and_has_no_details_for_strangers() {
    let home = Home::with_request("Write('hello')");
    home.file("PyISAPIe.toml", "nonsense\n");
    let json = home.get(&["--header", "Accept: application/json"]);
    assert_eq!(json.header("Content-Type"), Some("application/json"));
    assert!(
        json.text().contains("\"code\": \"ISH0312\""),
        "{}",
        json.text()
    );
    let page = home.get(&["--variable", "REMOTE_ADDR=192.0.2.7"]).text();
    assert!(
        page.contains("ISH0312") && !page.contains("PyISAPIe.toml"),
        "{page}"
    );
}

#[test]
fn a_log_file_that_cannot_be_written_is_told() {
    let home = Home::with_request("Write('hello')");
    home.file("logs", "a file where a folder should be");
    home.file("PyISAPIe.toml", "[log]\nfile = 'logs/site.log'\n");
    let answer = home.get(&[]);
    assert_eq!((answer.returned, &*answer.log), (ERROR, "ISH0314"));
    assert!(answer.text().contains("site.log"));
}

/// A home with handler, settings and script for the name `Shop`, and others for `Http`.
fn shop(name: &str) -> Home {
    let home = Home::named(name);
    for (folder, says) in [("Shop", "shop"), ("Http", "http")] {
        home.file(
            &format!("{folder}/Isapi.py"),
            format!(
                "from Http import *\nfrom Http.Loader import load\n\
                 def Request():\n    Header('X-Handler: {says}')\n    \
                 return load(Env.SCRIPT_TRANSLATED).Request()\n"
            ),
        );
        home.file(
            &format!("{folder}/Config.py"),
            format!("StaticHeaders = 'X-Config: {says}'\n"),
        );
    }
    home.file(
        "app.py",
        "from Http import *\nimport sys\nimport Http.Config, Shop.Config, Shop\n\
         from Shop import Write as write\n\
         def Request():\n    write(' '.join((Config.StaticHeaders, Shop.Config.StaticHeaders, \
         str(Shop.Config is Http.Config), str(Shop.Isapi is sys.modules['Http.Isapi']))))\n",
    );
    home
}

#[test]
fn a_library_with_a_name_behind_a_dash_takes_handler_and_settings_from_that_folder() {
    for name in ["PyISAPIe-Shop", "PyISAPIe-old-Shop"] {
        let answer = shop(name).get(&[]);
        assert_eq!(
            answer.header("X-Handler"),
            Some("shop"),
            "{}",
            answer.text()
        );
        assert_eq!(answer.header("X-Config"), Some("shop"));
        assert_eq!(answer.text(), "X-Config: shop X-Config: shop True True");
    }
}

#[test]
fn a_library_with_the_usual_name_takes_them_from_http() {
    let home = shop("PyISAPIe");
    home.request("app.py", "Write(Config.StaticHeaders)");
    let answer = home.get(&[]);
    assert_eq!(answer.header("X-Handler"), Some("http"));
    assert_eq!(
        (answer.header("X-Config"), &*answer.text()),
        (Some("http"), "X-Config: http")
    );
}

#[test]
fn settings_of_the_librarys_own_name_win() {
    let home = Home::named("PyISAPIe-Shop");
    home.request("app.py", "Write('hello')");
    home.file("PyISAPIe.toml", "nonsense\n");
    // Beside the library, with its name and another ending.
    let prefix = if target().is_windows() { "" } else { "lib" };
    home.file(&format!("{prefix}PyISAPIe-Shop.toml"), "threads = 1\n");
    let answer = home.get(&[]);
    assert_eq!((answer.text().as_str(), answer.returned), ("hello", 3));
}
