//! When something is missing the process stays up, every request is told, and works when the
//! cause is mended.

use acceptance::http::get;
use acceptance::installation::{Installation, NO_PYTHON, python_home};
use acceptance::server::Server;
use acceptance::site::Site;
use acceptance::target::shown;
use acceptance::{Finished, finish};

fn run(installation: &Installation, site: &Site) -> Finished {
    let mut command = installation.command(&site.path("app.py"));
    command.env(NO_PYTHON.0, NO_PYTHON.1);
    finish(command)
}

/// The smallest file whose header says that it is a DLL for 32-bit x86.
fn dll_for_x86() -> Vec<u8> {
    let mut data = vec![0u8; 0x400];
    data[..2].copy_from_slice(b"MZ");
    data[0x3c] = 0x40;
    data[0x40..0x44].copy_from_slice(b"PE\0\0");
    data[0x44..0x46].copy_from_slice(&0x014cu16.to_le_bytes());
    data[0x54..0x56].copy_from_slice(&224u16.to_le_bytes());
    data[0x56..0x58].copy_from_slice(&0x2000u16.to_le_bytes());
    data[0x58..0x5a].copy_from_slice(&0x10bu16.to_le_bytes());
    data[0x58 + 92] = 16;
    data
}

#[track_caller]
fn told(done: &Finished, code: &str, texts: &[&str]) {
    assert_eq!(done.code, 3, "{}{}", done.out, done.err);
    assert!(done.out.starts_with("HTTP/1.1 500 "), "{}", done.out);
    let page = done.out.replace("&#x27;", "'").replace("&quot;", "\"");
    for text in [code, "This process runs as "].iter().chain(texts) {
        assert!(page.contains(text), "page without {text}: {page}");
        assert!(done.err.contains(text), "log without {text}: {}", done.err);
    }
}

#[test]
fn no_python_at_all_is_told_with_every_place_that_was_looked_at() {
    let (site, installation) = (Site::with_request("Write('x')"), Installation::new());
    let done = run(&installation, &site);
    let folder = shown(&installation.path(""))
        .trim_end_matches('\\')
        .to_owned();
    let home = shown(site.root());
    let places = [
        "PyISAPIe.toml",
        "VIRTUAL_ENV",
        "pyvenv.cfg",
        "PYTHONHOME",
        "PythonCore",
    ];
    told(&done, "ISH0301", &places);
    told(&done, "ISH0301", &[&folder, &home]);
}

#[test]
fn the_command_itself_starts_without_python_and_tells_the_same() {
    let site = Site::with_request("Write('x')");
    let mut command = acceptance::builtin_shim(&["run", "-i"]);
    command
        .arg(site.path("app.py"))
        .env(NO_PYTHON.0, NO_PYTHON.1);
    told(&finish(command), "ISH0301", &["PYTHONHOME"]);
    let mut command = acceptance::builtin_shim(&["--version"]);
    command.env(NO_PYTHON.0, NO_PYTHON.1);
    assert_eq!(finish(command).code, 0);
}

#[test]
fn a_python_of_the_other_bitness_is_told() {
    let (site, installation) = (Site::with_request("Write('x')"), Installation::new());
    let python = site.file("python/python311.dll", dll_for_x86());
    let folder = shown(python.parent().expect("a folder"));
    installation.file("PyISAPIe.toml", format!("python = '{folder}'\n"));
    let done = run(&installation, &site);
    told(
        &done,
        "ISH0308",
        &[&folder, "32-bit", "enable32BitAppOnWin64"],
    );
}

#[test]
fn a_folder_without_python_and_one_that_is_not_there_are_told() {
    let (site, installation) = (Site::with_request("Write('x')"), Installation::new());
    std::fs::create_dir(site.path("empty")).expect("writable");
    for name in ["empty", "gone"] {
        let folder = shown(&site.path(name));
        installation.file("PyISAPIe.toml", format!("python = '{folder}'\n"));
        told(
            &run(&installation, &site),
            "ISH0307",
            &[&folder, "PyISAPIe.toml"],
        );
    }
}

#[test]
fn a_core_that_is_missing_damaged_or_none_is_told() {
    let (site, installation) = (Site::with_request("Write('x')"), Installation::new());
    let settings = format!("python = '{}'\n", python_home());
    installation.file("PyISAPIe.toml", settings);
    for core in installation.cores() {
        std::fs::write(&core, "not a DLL").expect("writable");
    }
    told(&run(&installation, &site), "ISH0310", &["PyISAPIe.cp"]);
    for core in installation.cores() {
        std::fs::copy(installation.path("PyISAPIe.dll"), &core).expect("writable");
    }
    told(
        &run(&installation, &site),
        "ISH0310",
        &["PyISAPIeCoreStart"],
    );
    for core in installation.cores() {
        std::fs::remove_file(core).expect("writable");
    }
    told(
        &run(&installation, &site),
        "ISH0309",
        &["PyISAPIe.cp", "release"],
    );
}

#[test]
fn broken_settings_are_told_with_their_line() {
    let (site, installation) = (Site::with_request("Write('x')"), Installation::new());
    installation.file("PyISAPIe.toml", "threads = 2\npyton = 'C:\\x'\n");
    let done = run(&installation, &site);
    assert_eq!(done.code, 3);
    assert!(
        done.out.contains("ISH0312") && done.out.contains("line 2"),
        "{}",
        done.out
    );
}

#[test]
fn a_log_that_cannot_be_written_is_told() {
    let (site, installation) = (Site::with_request("Write('x')"), Installation::new());
    installation.file("a-file", "");
    installation.file("PyISAPIe.toml", "[log]\nfile = 'a-file/p.log'\n");
    let done = run(&installation, &site);
    assert!(
        done.out.contains("ISH0314") && done.out.contains("a-file"),
        "{}",
        done.out
    );
}

#[test]
fn the_next_request_works_when_the_cause_is_mended() {
    let (site, installation) = (Site::with_request("Write('works')"), Installation::new());
    let dll = installation.path("PyISAPIe.dll");
    let options = ["--extension", dll.to_str().expect("text")];
    let server = Server::start_with(site.root(), &options, |command| {
        command.env(NO_PYTHON.0, NO_PYTHON.1);
    });
    let page = |code: &str| {
        let answer = get(&server.address, "/app.py");
        assert!(answer.text().contains(code), "{}", answer.text());
    };
    page("ISH0301");
    page("ISH0301");
    installation.file("PyISAPIe.toml", "pyton = 'x'\n");
    page("ISH0312");
    installation.file("PyISAPIe.toml", format!("python = '{}'\n", python_home()));
    let cores = installation.cores();
    let aside = |name: &std::path::Path| name.with_extension("aside");
    for core in &cores {
        std::fs::rename(core, aside(core)).expect("writable");
    }
    page("ISH0309");
    for core in &cores {
        std::fs::rename(aside(core), core).expect("writable");
    }
    site.file("Http/Config.py", "BufferSize = 'many'\n");
    page("ISH0406");
    site.file("Http/Config.py", "BufferSize = None\n");
    assert_eq!(get(&server.address, "/app.py").text(), "works");
    // Once each, though the page was shown twice.
    assert_eq!(
        server.err().matches("ISH0301").count(),
        1,
        "{}",
        server.err()
    );
}
