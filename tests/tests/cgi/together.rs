//! Several requests at once.

use super::PLAIN;
use acceptance::http::get;
use acceptance::server::{Server, wait};
use acceptance::site::Site;

#[test]
fn requests_at_once_do_not_mix() {
    let site = Site::new();
    for folder in ["a", "b"] {
        site.file(
            &format!("{folder}/app.cgi"),
            format!(
                "{PLAIN}import os, sys, time\n\
                 for i in range(3):\n    print(os.environ['QUERY_STRING'], os.path.basename(os.getcwd()), os.path.basename(os.path.dirname(sys.argv[0])))\n    time.sleep(0.01)\n"
            ),
        );
    }
    let server = Server::start(site.root(), &[]);
    std::thread::scope(|scope| {
        for number in 0..24 {
            let address = &server.address;
            scope.spawn(move || {
                let folder = ["a", "b"][number % 2];
                let text = get(address, &format!("/{folder}/app.cgi?{number}")).text();
                assert_eq!(text, format!("{number} {folder} {folder}\n").repeat(3));
            });
        }
    });
}

#[test]
fn other_scripts_answer_while_a_cgi_script_runs() {
    let site = Site::with_request("Write('quick')");
    site.file(
        "slow.cgi",
        format!("{PLAIN}import os, time\nopen('started', 'w').close()\nwhile not os.path.exists('go'):\n    time.sleep(0.005)\nprint('slow')"),
    );
    let server = Server::start(site.root(), &[]);
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| get(&server.address, "/slow.cgi").text());
        wait(|| site.path("started").exists().then_some(()));
        assert_eq!(get(&server.address, "/app.py").text(), "quick");
        site.file("go", "");
        assert_eq!(slow.join().unwrap(), "slow\n");
    });
}

#[test]
fn what_other_scripts_set_up_meanwhile_stays() {
    let site = Site::new();
    site.file(
        "app.py",
        "from Http import *\nimport os, sys\n\
         if 'slow' in os.environ.get('SCRIPT_NAME', ''):\n    os.environ['SETTINGS'] = 'mine'\n    os.environ.pop('DROPPED')\n    sys.path.append('/lib')\n    sys.path += ['/lib2']\n\
         def Request():\n    Write(repr([os.environ.get('SETTINGS'), os.environ.get('DROPPED'), os.environ.get('OWN'), sys.path[-2:], 'own' in sys.path, type(sys.path)]))",
    );
    site.file(
        "cgi/slow.cgi",
        format!("{PLAIN}import os, sys, time\nos.environ['OWN'] = 'x'\nsys.path.append('own')\nopen('started', 'w').close()\nwhile not os.path.exists('go'):\n    time.sleep(0.005)\nprint(sys.path[-2:])"),
    );
    let server = Server::start_with(site.root(), &["--reload", "never"], |command| {
        command.env("DROPPED", "no");
    });
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| get(&server.address, "/cgi/slow.cgi").text());
        wait(|| site.path("cgi/started").exists().then_some(()));
        get(&server.address, "/app.py");
        site.file("cgi/go", "");
        assert_eq!(slow.join().unwrap(), "['/lib', '/lib2']\n");
    });
    assert_eq!(
        get(&server.address, "/app.py").text(),
        "['mine', None, None, ['/lib', '/lib2'], False, <class 'list'>]"
    );
}

#[test]
fn who_comes_first_is_run_first() {
    let site = Site::new();
    site.file(
        "app.cgi",
        format!(
            "{PLAIN}import os, time\nq = os.environ['QUERY_STRING']\nopen('order', 'a').write(q + ' ')\n\
             if q == '0':\n    while not os.path.exists('go'):\n        time.sleep(0.005)\n"
        ),
    );
    let server = Server::start(site.root(), &["--reload", "never"]);
    let order = || std::fs::read_to_string(site.path("order")).unwrap_or_default();
    std::thread::scope(|scope| {
        for number in 0..6 {
            let address = &server.address;
            scope.spawn(move || get(address, &format!("/app.cgi?{number}")));
            match number {
                0 => wait(|| (order() == "0 ").then_some(())),
                // Long enough that it waits for its turn before the next one comes.
                _ => std::thread::sleep(std::time::Duration::from_millis(150)),
            }
        }
        site.file("go", "");
    });
    assert_eq!(order(), "0 1 2 3 4 5 ");
}
