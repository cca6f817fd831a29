//! Scripts that go wrong in ways that Python can tell, and in some that it cannot.

use super::Victim;
use acceptance::target::WINDOWS;

/// A script that fails in this way is a 500 page, and the server goes on.
#[track_caller]
fn fails(body: &str, names: &str) {
    let victim = Victim::with(&["--threads", "1"], |site| {
        site.request("fault.py", body);
    });
    for _ in 0..3 {
        let response = victim.connect().get("/fault.py");
        assert_eq!(response.status, 500);
        assert!(response.text().contains(names), "{}", response.text());
    }
    victim.is_well();
}

#[test]
fn recursion_to_the_limit_is_a_recursion_error() {
    fails("def f(n):\n    return f(n + 1)\nf(0)", "RecursionError");
}

#[test]
fn recursion_through_c_to_the_limit_is_a_recursion_error() {
    // Each step takes the stack of C as well.
    let body = "class A:\n    def __repr__(self):\n        return repr([self])\nrepr(A())";
    fails(body, "RecursionError");
    let body = "def f(n):\n    return max([n], key=lambda n: f(n + 1))\nf(0)";
    fails(body, "RecursionError");
}

#[test]
fn a_nesting_that_recurses_in_c_alone_is_a_recursion_error() {
    // Python 3.14 goes by the stack that is left, which is large.
    let body = "a = []\nfor i in range(1000000):\n    a = [a]\nrepr(a)";
    fails(body, "RecursionError");
}

#[test]
fn a_memory_error_is_an_error_of_that_request() {
    fails("bytearray(1 << 62)", "MemoryError");
    fails("'x' * (1 << 62)", "MemoryError");
}

#[test]
fn a_syntax_too_deep_for_the_parser_is_an_error_of_that_script() {
    let victim = Victim::with(&["--threads", "1"], |site| {
        let deep = format!("x = {}1{}\n", "(".repeat(5000), ")".repeat(5000));
        site.file("fault.py", format!("{deep}def Request():\n    pass\n"));
    });
    assert_eq!(victim.connect().get("/fault.py").status, 500);
    victim.is_well();
}

#[test]
fn what_is_no_exception_of_the_usual_kind_ends_one_request_only() {
    for raised in [
        "SystemExit(3)",
        "KeyboardInterrupt()",
        "GeneratorExit()",
        "BaseException()",
    ] {
        let victim = Victim::with(&["--threads", "1"], |site| {
            site.request("fault.py", &format!("raise {raised}"));
        });
        let status = victim.connect().get("/fault.py").status;
        assert!([200, 500].contains(&status), "{raised}: {status}");
        victim.is_well();
    }
}

#[test]
fn a_thread_left_running_harms_no_request_and_is_waited_for_at_the_end() {
    let victim = Victim::with(&["--threads", "1"], |site| {
        let go = site.path("go");
        let body = format!(
            "import os, sys, threading, time\n\
             def work():\n    while not os.path.exists({go:?}):\n        time.sleep(0.005)\n    \
             sys.stderr.write('the thread ended\\n')\n\
             # Without it a thread is a daemon, as the request's thread is: nobody waits for it.\n\
             threading.Thread(target=work, daemon=False).start()\nWrite('left')"
        );
        site.request("leave.py", &body);
    });
    assert_eq!(victim.connect().get("/leave.py").text(), "left");
    victim.is_well();
    victim.server.signal();
    victim.server.wait_for_err(|text| text.contains("ending"));
    std::fs::write(victim.site.path("go"), "").unwrap();
    victim
        .server
        .wait_for_err(|text| text.contains("the thread ended"));
    assert_eq!(victim.server.ended(), Some(0));
}

#[test]
fn a_thread_that_raises_harms_no_request() {
    let victim = Victim::with(&["--threads", "1"], |site| {
        let body = "import threading\ndef work():\n    raise ValueError('in a thread')\n\
                    t = threading.Thread(target=work)\nt.start()\nt.join()\nWrite('joined')";
        site.request("thread.py", body);
    });
    assert_eq!(victim.connect().get("/thread.py").text(), "joined");
    victim
        .server
        .wait_for_err(|text| text.contains("in a thread"));
    victim.is_well();
}

#[test]
fn a_fork_whose_child_ends_itself_harms_no_request() {
    if WINDOWS {
        return; // there is no fork
    }
    let victim = Victim::with(&["--threads", "1"], |site| {
        let body = "import os, warnings\nwarnings.simplefilter('ignore')\npid = os.fork()\n\
                    if pid == 0:\n    os._exit(7)\n\
                    Write('%d' % (os.waitpid(pid, 0)[1] >> 8))";
        site.request("fork.py", body);
    });
    assert_eq!(victim.connect().get("/fork.py").text(), "7");
    victim.is_well();
}

#[test]
fn a_fork_whose_child_comes_back_ends_the_child_and_answers_once() {
    if WINDOWS {
        return; // there is no fork
    }
    let victim = Victim::with(&["--threads", "1"], |site| {
        let body = "import os, warnings\nwarnings.simplefilter('ignore')\npid = os.fork()\n\
                    if pid == 0:\n    Write('child')\nelse:\n    \
                    Write('parent %s' % os.WIFSIGNALED(os.waitpid(pid, 0)[1]))";
        site.request("fork.py", body);
    });
    let mut connection = victim.connect();
    assert_eq!(connection.get("/fork.py").text(), "parent True");
    assert_eq!(connection.get("/app.py?next").text(), "well next");
    drop(connection);
    victim.server.wait_for_err(|text| text.contains("ISH0214"));
    victim.is_well();
}

#[test]
fn os_exit_ends_the_server_and_cuts_the_answer_off() {
    let victim = Victim::with(&["--threads", "1"], |site| {
        site.request("exit.py", "import os\nos._exit(7)");
    });
    let mut connection = victim.connect();
    connection
        .send("GET /exit.py HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    assert!(connection.response(false).is_err());
    // One process: nothing starts another one.
    assert_eq!(victim.server.ended(), Some(7));
}
