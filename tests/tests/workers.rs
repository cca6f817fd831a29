//! `serve --workers`: several processes as one server.
#![cfg(not(feature = "windows"))]

use acceptance::http::{Connection, get};
use acceptance::metrics::{measured, metric, wait_for};
use acceptance::server::{Server, send_signal, wait};
use acceptance::site::Site;
use acceptance::{Finished, builtin_shim, finish, shim};
use std::collections::HashSet;
use std::net::{TcpListener, TcpStream};

const WORKERS: &str = "isapi_shim_workers";
const RESTARTS: &str = "isapi_shim_worker_restarts_total";

/// A site whose `/app.py` tells the process.
fn site() -> Site {
    let site = Site::with_request("import os\nWrite(str(os.getpid()))");
    site.request("exit.py", "import os\nos._exit(7)");
    site
}

fn start(site: &Site, options: &[&str]) -> Server {
    Server::start(site.root(), &[&["--workers", "2"], options].concat())
}

/// The process that answers on a connection.
fn process(connection: &mut Connection) -> u32 {
    let response = connection.get("/app.py");
    response.text().parse().expect("a number")
}

/// A connection to each of so many processes.
fn one_to_each(address: &str, count: usize) -> Vec<(u32, Connection)> {
    let mut found: Vec<(u32, Connection)> = Vec::new();
    wait(|| {
        let mut connection = Connection::open(address);
        let id = process(&mut connection);
        if found.iter().all(|(known, _)| *known != id) {
            found.push((id, connection));
        }
        (found.len() == count).then_some(())
    });
    found
}

/// Whether nobody listens there.
fn is_free(address: &str) -> Option<()> {
    TcpStream::connect(address).is_err().then_some(())
}

fn serve(site: &Site, options: &[&str]) -> Finished {
    let mut command = shim(&["serve", "--workers", "3", "--listen", "127.0.0.1:0"]);
    command.args(options).arg(site.root());
    finish(command)
}

fn count(text: &str, what: &str) -> usize {
    text.matches(what).count()
}

/// It ended with this exit code, and told this error once.
fn assert_ended(done: &Finished, code: i32, error: &str) {
    let told = (done.code, count(&done.err, error));
    assert_eq!(told, (code, 1), "{}", done.err);
}

/// A module of that name, which runs as Python starts.
fn at_start(site: &Site, source: &str) -> std::path::PathBuf {
    site.file("start/sitecustomize.py", source);
    site.path("start")
}

#[test]
fn requests_are_answered_by_that_many_processes() {
    let site = site();
    let server = Server::start(site.root(), &["--workers", "3"]);
    let found = one_to_each(&server.address, 3);
    let known: HashSet<u32> = found.iter().map(|(id, _)| *id).collect();
    assert!(!known.contains(&server.id()), "the parent answers nobody");
    for _ in 0..30 {
        let mut connection = Connection::open(&server.address);
        assert!(known.contains(&process(&mut connection)));
    }
}

#[test]
fn connections_that_come_together_are_shared_out() {
    let site = site();
    let server = start(&site, &[]);
    let mut connections: Vec<Connection> =
        (0..64).map(|_| Connection::open(&server.address)).collect();
    let taken: Vec<u32> = connections.iter_mut().map(process).collect();
    let ones = taken.iter().filter(|id| **id == taken[0]).count();
    // Exactly half each, unless one of them had to wait long for a processor.
    assert!((8..=56).contains(&ones), "{ones} of 64");
}

#[test]
fn a_worker_that_a_script_ends_is_started_again_and_the_others_lose_nothing() {
    let site = site();
    let (server, metrics) = measured(site.root(), &["--workers", "2"]);
    wait_for(&metrics, WORKERS, 2.0);
    let mut both = one_to_each(&server.address, 2);
    let (lost, mut victim) = both.remove(0);
    let (other, mut bystander) = both.remove(0);
    victim
        .send("GET /exit.py HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    assert!(victim.is_closed(), "no answer, and no other's");
    // Nobody waits for the new one, and nobody's connection is lost.
    for _ in 0..10 {
        assert_eq!(process(&mut bystander), other);
        assert_ne!(process(&mut Connection::open(&server.address)), lost);
    }
    let report = format!("ISH0216: worker 1 (process {lost}) ended with 7; it is started again");
    let report = if server.err().contains("worker 2 (") {
        report.replace("worker 1", "worker 2")
    } else {
        report
    };
    server.wait_for_err(|text| text.contains(&report));
    wait_for(&metrics, RESTARTS, 1.0);
    wait_for(&metrics, WORKERS, 2.0);
    let again = one_to_each(&server.address, 2);
    assert!(again.iter().any(|(id, _)| *id == other));
    assert!(again.iter().all(|(id, _)| *id != lost));
}

#[test]
fn a_worker_that_is_killed_is_told_with_its_signal() {
    let site = site();
    let server = start(&site, &[]);
    let (id, _connection) = one_to_each(&server.address, 1).remove(0);
    send_signal("KILL", id);
    server.wait_for_err(|text| {
        text.contains(&format!(
            "(process {id}) was ended by signal 9; it is started again"
        ))
    });
    one_to_each(&server.address, 2);
}

#[test]
fn a_worker_that_is_told_to_end_finishes_its_requests_and_is_replaced() {
    let site = site();
    let (began, go) = (site.path("began"), site.path("go"));
    site.request(
        "waits.py",
        &format!(
            "import os, time\nopen({began:?}, 'w').close()\n\
             while not os.path.exists({go:?}):\n    time.sleep(0.005)\nWrite('through')"
        ),
    );
    let (server, metrics) = measured(site.root(), &["--workers", "2"]);
    let (id, mut connection) = one_to_each(&server.address, 1).remove(0);
    connection
        .send("GET /waits.py HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    wait(|| began.exists().then_some(()));
    send_signal("TERM", id);
    std::fs::write(&go, "").unwrap();
    assert_eq!(connection.response(false).unwrap().text(), "through");
    wait_for(&metrics, RESTARTS, 1.0);
    wait_for(&metrics, WORKERS, 2.0);
    server.wait_for_err(|text| text.contains("ended with 0; it is started again"));
}

#[test]
fn requests_that_run_in_any_worker_finish_after_sigterm() {
    let site = site();
    let go = site.path("go");
    site.request(
        "waits.py",
        &format!(
            "import os, time\nopen({:?} + str(os.getpid()), 'w').close()\n\
             while not os.path.exists({go:?}):\n    time.sleep(0.005)\nWrite('through')",
            site.path("began")
        ),
    );
    let server = start(&site, &[]);
    let mut both = one_to_each(&server.address, 2);
    for (_, connection) in &mut both {
        connection
            .send("GET /waits.py HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
    }
    for (id, _) in &both {
        wait(|| site.path(&format!("began{id}")).exists().then_some(()));
    }
    send_signal("TERM", server.id());
    let err = server.wait_for_err(|text| text.contains("running requests finish"));
    assert_eq!(count(&err, "running requests finish"), 1, "{err}");
    // No new ones are taken, and nobody waits in vain.
    wait(|| is_free(&server.address));
    std::fs::write(&go, "").unwrap();
    for (_, connection) in &mut both {
        assert_eq!(connection.response(false).unwrap().text(), "through");
    }
    assert!(!server.err().contains("ISH0216"), "{}", server.err());
    assert_eq!(server.ended(), Some(0));
}

#[test]
fn exit_functions_run_in_each_worker() {
    let site = Site::with_request(
        "import atexit, os, sys\nid = str(os.getpid())\n\
         atexit.register(lambda: sys.stderr.write('bye ' + id + '\\n'))\nWrite(id)",
    );
    let server = start(&site, &["--reload", "never"]);
    let both = one_to_each(&server.address, 2);
    server.signal();
    for (id, _) in &both {
        server.wait_for_err(|text| text.contains(&format!("bye {id}\n")));
    }
    drop(both);
    assert_eq!(server.ended(), Some(0));
}

#[test]
fn a_second_ctrl_c_stops_all_workers_at_once() {
    let site = site();
    let began = site.path("began");
    site.request(
        "loops.py",
        &format!("import time\nopen({began:?}, 'w').close()\nwhile True:\n    time.sleep(0.01)"),
    );
    let server = start(&site, &[]);
    let address = server.address.clone();
    let mut connection = Connection::open(&address);
    connection
        .send("GET /loops.py HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    wait(|| began.exists().then_some(()));
    server.signal();
    server.wait_for_err(|text| text.contains("running requests finish"));
    server.signal();
    assert_eq!(server.ended(), Some(130));
    assert!(connection.is_closed());
}

#[test]
fn workers_end_with_a_parent_that_is_killed() {
    let site = site();
    let began = site.path("began");
    site.request(
        "loops.py",
        &format!("open({began:?}, 'w').close()\nwhile True:\n    pass"),
    );
    let server = start(&site, &[]);
    let mut both = one_to_each(&server.address, 2);
    let busy = &mut both[0].1;
    busy.send("GET /loops.py HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    wait(|| began.exists().then_some(()));
    let address = server.address.clone();
    send_signal("KILL", server.id());
    // Each of them had the listener.
    wait(|| is_free(&address));
    for (_, connection) in &mut both {
        assert!(connection.is_closed());
    }
}

#[test]
fn a_script_that_fails_as_it_is_loaded_keeps_answering_with_its_page() {
    let site = site();
    site.file("broken.py", "raise ValueError('at import')\n");
    let (server, metrics) = measured(site.root(), &["--workers", "2"]);
    for (_, mut connection) in one_to_each(&server.address, 2) {
        let response = connection.get("/broken.py");
        assert_eq!(response.status, 500);
        assert!(response.text().contains("at import"), "{}", response.text());
        for _ in 0..3 {
            assert_eq!(get(&server.address, "/broken.py").status, 500);
        }
    }
    assert_eq!(metric(&metrics, WORKERS), 2.0);
    assert_eq!(metric(&metrics, RESTARTS), 0.0);
}

#[test]
fn metrics_are_the_sums_of_all_workers_and_outlive_them() {
    let site = site();
    let options = ["--workers", "2", "--threads", "5"];
    let (server, metrics) = measured(site.root(), &options);
    let both = one_to_each(&server.address, 2);
    let ok = "isapi_shim_requests_total{code=\"200\",method=\"GET\"}";
    // How many it took to meet both is chance; each had one request.
    let before = metric(&metrics, "isapi_shim_connections_total");
    wait_for(&metrics, ok, before);
    let mut asked = 0.0;
    let (mut first, mut rest) = (None, Vec::new());
    for (id, mut connection) in both {
        for _ in 0..5 {
            assert_eq!(process(&mut connection), id);
            asked += 1.0;
        }
        match first {
            None => first = Some(connection),
            Some(_) => rest.push(connection),
        }
    }
    wait_for(&metrics, ok, before + asked);
    wait_for(&metrics, "isapi_shim_connections_open", 2.0);
    assert_eq!(metric(&metrics, "isapi_shim_threads_max"), 10.0);
    let mut victim = first.expect("a connection");
    victim
        .send("GET /exit.py HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    assert!(victim.is_closed());
    wait_for(&metrics, RESTARTS, 1.0);
    // What was under way is gone; what was counted is not.
    wait_for(&metrics, "isapi_shim_requests_in_progress", 0.0);
    wait_for(&metrics, "isapi_shim_connections_open", 1.0);
    assert_eq!(metric(&metrics, ok), before + asked);
    let documented = acceptance::docs::read("docs/observing.md");
    for name in [WORKERS, RESTARTS] {
        assert!(documented.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn the_access_log_of_all_workers_is_one_with_one_head() {
    let site = site();
    let server = start(&site, &["--log-format", "w3c"]);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..25 {
                    assert_eq!(get(&server.address, "/app.py").status, 200);
                }
            });
        }
    });
    let text = server.wait_for_out(|text| text.lines().count() >= 204 && text.ends_with('\n'));
    assert_eq!(count(&text, "#Fields"), 1);
    assert!(text.starts_with("#Software"), "{text}");
    for line in text.lines().skip(4) {
        assert!(line.contains(" GET /app.py - "), "{line}");
        assert_eq!(line.split(' ').count(), 15, "{line}");
    }
}

#[test]
fn wsgi_applications_are_told_of_other_processes() {
    let site = Site::new();
    site.file(
        "told.py",
        "def app(environ, start_response):\n    start_response('200 OK', [])\n    \
         return [str(environ['wsgi.multiprocess']).encode()]\n",
    );
    for (workers, told) in [("1", "False"), ("2", "True")] {
        let server = Server::start(site.root(), &["--wsgi", "told:app", "--workers", workers]);
        assert_eq!(get(&server.address, "/").text(), told);
    }
}

#[test]
fn child_processes_of_scripts_have_nothing_of_the_workers() {
    let site = site();
    // Without a look at Python's own closing of descriptors.
    site.request(
        "child.py",
        "import os\nout = os.popen('ls -l /proc/self/fd')\nWrite(out.read())",
    );
    let server = start(&site, &[]);
    let text = get(&server.address, "/child.py").text();
    assert!(text.contains("pipe:"), "{text}");
    assert!(
        !text.contains("socket:") && !text.contains("memfd"),
        "{text}"
    );
}

#[test]
fn a_port_in_use_is_told_once() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let site = site();
    let mut command = shim(&["serve", "--workers", "3", "--listen", &address]);
    command.arg(site.root());
    let done = finish(command);
    assert_ended(&done, 3, "ISH0209");
}

#[test]
fn two_servers_do_not_share_a_port() {
    let site = site();
    let server = start(&site, &[]);
    let mut command = shim(&["serve", "--workers", "2", "--listen", &server.address]);
    command.arg(site.root());
    let done = finish(command);
    assert_ended(&done, 3, "ISH0209");
}

#[test]
fn what_stops_the_first_worker_is_told_once() {
    let site = site();
    let library = site.file("extension.so", "no library");
    let mut command = builtin_shim(&["serve", "--workers", "3", "--listen", "127.0.0.1:0"]);
    command.arg("--extension").arg(library).arg(site.root());
    let done = finish(command);
    assert_ended(&done, 3, "ISH0502");
    assert!(!done.err.contains("ISH021"), "{}", done.err);
    site.file("web.config", "<configuration>");
    let done = serve(&site, &[]);
    assert_ended(&done, 2, "ISH0205");
}

#[test]
fn workers_that_end_before_they_are_ready_end_the_server() {
    let site = site();
    let start = at_start(&site, "import os\nos._exit(9)\n");
    let mut command = shim(&["serve", "--workers", "3", "--listen", "127.0.0.1:0"]);
    command.arg(site.root()).env("PYTHONPATH", start);
    let done = finish(command);
    assert_ended(&done, 3, "ISH0217");
    assert!(done.err.contains("ended with 9 before"), "{}", done.err);
    assert!(!done.out.contains("Serving"), "{}", done.out);
}

#[test]
fn a_worker_that_ends_as_it_starts_is_tried_ever_more_seldom_until_it_is_mended() {
    let site = site();
    let broken = site.path("broken");
    let source = format!("import os\nif os.path.exists({broken:?}):\n    os._exit(9)\n");
    let start = at_start(&site, &source);
    let server = Server::start_with(site.root(), &["--workers", "2"], |command| {
        command.env("PYTHONPATH", start);
    });
    let mut both = one_to_each(&server.address, 2);
    std::fs::write(&broken, "").unwrap();
    send_signal("KILL", both.remove(0).0);
    server.wait_for_err(|text| text.contains("ended with 9; it is started again in 0.4 s"));
    // The other one answers all.
    let (id, mut connection) = both.remove(0);
    assert_eq!(process(&mut connection), id);
    assert_eq!(process(&mut Connection::open(&server.address)), id);
    std::fs::remove_file(&broken).unwrap();
    one_to_each(&server.address, 2);
}

#[test]
fn a_debugger_and_several_workers_are_refused() {
    let done = serve(&site(), &["--debugpy", "0"]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains("ISH0215"), "{}", done.err);
}

#[test]
fn a_number_of_workers_that_is_none_is_refused() {
    let site = site();
    for number in ["0", "-1", "many", "256"] {
        let mut command = shim(&["serve", "--workers", number]);
        command.arg(site.root());
        assert_eq!(finish(command).code, 2, "{number}");
    }
}

#[test]
fn words_behind_two_dashes_are_the_site_for_workers_too() {
    let site = site();
    let server = Server::start(site.root(), &["--workers", "2", "--"]);
    one_to_each(&server.address, 2);
}
