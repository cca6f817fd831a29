//! `isapi-shim review`, `accept`, `reject`, `pending`, and cargo-insta.

use super::{hello, test};
use acceptance::site::Site;
use acceptance::target::WINDOWS;
use acceptance::{Finished, finish, root, shim};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

fn run(site: &Site, arguments: &[&str], environment: &[(&str, &str)]) -> Finished {
    let mut command = shim(arguments);
    command
        .current_dir(site.root())
        .envs(environment.iter().copied());
    finish(command)
}

/// A site with one snapshot that differs and one that is new.
fn pending() -> Site {
    let site = hello();
    test(&site, &["--accept", "--filter", "ann"]);
    site.request("app.py", "Write('Goodbye, %s!' % Env.QUERY_STRING)");
    assert_eq!(test(&site, &[]).code, 1);
    site
}

const ANN: &str = "snapshots/app__ann.snap";
const PLAIN: &str = "snapshots/app__plain.snap";

fn read(site: &Site, name: &str) -> String {
    std::fs::read_to_string(site.path(name)).unwrap()
}

#[test]
fn what_is_pending_is_listed() {
    let site = pending();
    let done = run(&site, &["pending"], &[]);
    assert_eq!((done.code, done.out), (0, format!("{ANN}\n{PLAIN}\n")));
    let done = run(&site, &["pending", "--format", "json", PLAIN], &[]);
    assert!(
        done.out.contains("\"new\":true") && done.out.lines().count() == 1,
        "{}",
        done.out
    );
    let done = run(&site, &["pending", "app.http"], &[]);
    assert_eq!(done.out.lines().count(), 2);
    let done = run(&site, &["pending", "gone"], &[]);
    assert!(
        done.code == 2 && done.err.contains("ISH0601"),
        "{}",
        done.err
    );
}

#[test]
fn accepting_gives_what_test_itself_would_have_stored() {
    let site = pending();
    let done = run(&site, &["accept"], &[]);
    assert_eq!(
        (done.code, done.out),
        (0, format!("accepted {ANN}\naccepted {PLAIN}\n"))
    );
    assert!(!site.path(&format!("{ANN}.new")).exists());
    let accepted = (read(&site, ANN), read(&site, PLAIN));
    assert_eq!(test(&site, &[]).code, 0);
    std::fs::remove_dir_all(site.path("snapshots")).unwrap();
    test(&site, &["--accept"]);
    assert_eq!(accepted, (read(&site, ANN), read(&site, PLAIN)));
    assert_eq!(run(&site, &["accept"], &[]).out, "nothing is pending\n");
}

#[test]
fn rejecting_leaves_what_is_stored() {
    let site = pending();
    let before = read(&site, ANN);
    assert_eq!(run(&site, &["reject", ANN], &[]).code, 0);
    assert_eq!(read(&site, ANN), before);
    assert!(!site.path(&format!("{ANN}.new")).exists());
    assert!(site.path(&format!("{PLAIN}.new")).exists());
}

#[test]
fn a_binary_snapshot_is_accepted_and_rejected_with_its_side_file() {
    let site = Site::with_request("Header('Content-Type: image/png')\nWrite(b'\\x89PNG\\0')");
    site.file("app.http", "# @name p\nGET /app.py\n");
    test(&site, &[]);
    run(&site, &["accept"], &[]);
    assert_eq!(
        std::fs::read(site.path("snapshots/app__p.snap.png")).unwrap(),
        b"\x89PNG\0"
    );
    assert_eq!(test(&site, &[]).code, 0);
    site.request("app.py", "Write('text now')");
    test(&site, &[]);
    run(&site, &["accept"], &[]);
    assert!(!site.path("snapshots/app__p.snap.png").exists());
    assert_eq!(test(&site, &[]).code, 0);
}

#[test]
fn without_a_terminal_a_review_shows_and_decides_nothing() {
    let site = pending();
    let done = run(&site, &["review"], &[]);
    assert!(
        done.code == 2 && done.err.contains("ISH0622"),
        "{}",
        done.err
    );
    assert!(done.err.contains("--show"), "{}", done.err);
    let done = run(&site, &["review", "--show"], &[]);
    assert_eq!(done.code, 0);
    assert!(
        done.out.contains("-Hello, Ann!") && done.out.contains("+Goodbye, Ann!"),
        "{}",
        done.out
    );
    assert!(
        done.out.contains("expression: GET /app.py?Ann"),
        "{}",
        done.out
    );
    assert!(site.path(&format!("{ANN}.new")).exists());
}

#[test]
fn a_build_server_never_writes() {
    let site = pending();
    let before = read(&site, ANN);
    for (arguments, ci) in [
        (&["test", "--accept"][..], ("CI", "1")),
        (&["accept"], ("TF_BUILD", "True")),
        (&["review"], ("CI", "true")),
    ] {
        let done = run(&site, arguments, &[ci]);
        assert!(
            done.code == 2 && done.err.contains("ISH0621"),
            "{}",
            done.err
        );
    }
    run(&site, &["reject"], &[]);
    for word in ["always", "new", "force", "unseen"] {
        let done = run(&site, &["test"], &[("CI", "1"), ("INSTA_UPDATE", word)]);
        assert_eq!(done.code, 1);
    }
    assert_eq!(read(&site, ANN), before);
    let files = std::fs::read_dir(site.path("snapshots")).unwrap().count();
    assert_eq!(files, 1);
}

#[test]
fn pending_snapshots_may_have_a_folder_of_their_own() {
    let site = pending();
    run(&site, &["reject"], &[]);
    let apart = [("INSTA_PENDING_DIR", "waiting")];
    assert_eq!(run(&site, &["test"], &apart).code, 1);
    assert!(site.path("waiting/snapshots/app__ann.snap.new").exists());
    assert!(!site.path(&format!("{ANN}.new")).exists());
    let done = run(&site, &["pending"], &apart);
    assert_eq!(done.out, format!("{ANN}\n{PLAIN}\n"));
    let done = run(&site, &["pending", PLAIN], &apart);
    assert_eq!(done.out, format!("{PLAIN}\n"));
    run(&site, &["accept"], &apart);
    assert_eq!(test(&site, &[]).code, 0);
}

/// Runs the command in a terminal, with keys; Python has one everywhere but on Windows.
fn in_a_terminal(site: &Site, arguments: &[&str], keys: &str) -> Option<String> {
    const DRIVER: &str = "
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
keys, text = sys.argv[1], b''
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    text += data
    if data.rstrip().endswith(b'q quit') and keys:
        os.write(terminal, keys[0].encode())
        keys = keys[1:]
os.waitpid(child, 0)
sys.stdout.buffer.write(text)
";
    if WINDOWS {
        return None;
    }
    let inner = shim(arguments);
    let mut command = Command::new("python3");
    command
        .args(["-c", DRIVER, keys])
        .arg(inner.get_program())
        .args(inner.get_args());
    command
        .current_dir(site.root())
        .stdin(Stdio::null())
        .env("TERM", "xterm");
    for name in ["CI", "TF_BUILD", "INSTA_PENDING_DIR", "NO_COLOR"] {
        command.env_remove(name);
    }
    let Ok(output) = command.output() else {
        say("python3 is not there: no review was made in a terminal");
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Aloud, past the test's own capture.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "\nNOT TESTED: {text}\n");
}

#[test]
fn in_a_terminal_single_keys_decide() {
    let site = pending();
    let before = read(&site, ANN);
    let Some(shown) = in_a_terminal(&site, &["review"], "ra") else {
        return;
    };
    assert!(shown.contains("1/2 snapshots/app__ann.snap"), "{shown}");
    assert!(
        shown.contains("rejected snapshots/app__ann.snap"),
        "{shown}"
    );
    assert!(
        shown.contains("accepted snapshots/app__plain.snap"),
        "{shown}"
    );
    assert_eq!(read(&site, ANN), before);
    assert!(site.path(PLAIN).exists());

    let site = pending();
    in_a_terminal(&site, &["review"], "A");
    assert_eq!(test(&site, &[]).code, 0, "A holds for all that are left");
    let site = pending();
    in_a_terminal(&site, &["review"], "q");
    assert_eq!(run(&site, &["pending"], &[]).out.lines().count(), 2);
}

/// cargo-insta, in the path or where `CARGO_INSTA` says.
fn cargo_insta() -> Option<Command> {
    let program = std::env::var_os("CARGO_INSTA").unwrap_or_else(|| "cargo-insta".into());
    let found = Command::new(&program).arg("--version").output();
    if WINDOWS || !found.is_ok_and(|output| output.status.success()) {
        say(
            "cargo-insta is not there (CARGO_INSTA names it): install it with `cargo install cargo-insta`",
        );
        return None;
    }
    let mut command = Command::new(program);
    command.arg("insta").env_remove("CI");
    Some(command)
}

/// A package whose sources would lie in the site: so cargo-insta looks there.
fn stub(site: &Site, folder: &Path) -> std::path::PathBuf {
    let manifest = folder.join("Cargo.toml");
    let text = format!(
        "[package]\nname = \"x\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[lib]\npath = {:?}\n[workspace]\n",
        site.path("x.rs")
    );
    std::fs::write(&manifest, text).unwrap();
    manifest
}

#[test]
fn cargo_insta_sees_and_accepts_what_is_pending() {
    let Some(mut list) = cargo_insta() else {
        return;
    };
    let site = pending();
    site.file(
        "two.http",
        "# @name png\nGET /png.py\n\n###\n# @name odd\nGET /odd.py\n",
    );
    site.request(
        "png.py",
        "Header('Content-Type: image/png')\nWrite(b'\\x89PNG\\0')",
    );
    site.request(
        "odd.py",
        "Write('cr\\r\\n  blank \\ntab\\t\\n---\\n\\n\\n')",
    );
    test(&site, &[]);
    let folder = tempfile::tempdir().unwrap();
    let manifest = stub(&site, folder.path());
    let options = ["--include-ignored", "--manifest-path"];
    let listed = list
        .arg("pending-snapshots")
        .args(options)
        .arg(&manifest)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    for name in ["app__ann", "app__plain", "two__png", "two__odd"] {
        assert!(text.contains(&format!("{name}.snap")), "{text}");
    }
    let mut accept = cargo_insta().unwrap();
    let done = accept
        .arg("accept")
        .args(options)
        .arg(&manifest)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert_eq!(run(&site, &["pending"], &[]).out, "");
    let done = test(&site, &[]);
    assert_eq!(done.code, 0, "what it wrote is what we read: {}", done.out);
}

#[test]
fn cargo_insta_can_be_called_for_the_review() {
    let Some(insta) = cargo_insta() else { return };
    let site = pending();
    let folder = Path::new(insta.get_program()).parent().map(Path::to_owned);
    let mut command = shim(&["review", "--with-cargo-insta"]);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = folder.into_iter().chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(paths).unwrap());
    command.current_dir(site.root());
    let done = finish(command);
    // Without a terminal it shows what is pending, and says so.
    let all = done.out + &done.err;
    assert!(
        all.contains("app__ann") || all.contains("terminal"),
        "{all}"
    );
    assert!(!all.contains("failed to load cargo metadata"), "{all}");
    assert!(root().exists());
}
