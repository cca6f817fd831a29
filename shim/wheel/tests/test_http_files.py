"""`.http` files as tests, and snapshots of tests."""

from conftest import write

REQUESTS = """\
### A greeting
# @name greeting
# @mark slow
GET /hello.py?Ann

### Not now
# @name later
# @skip needs a database
GET /hello.py
"""
SLOW = "markers = slow: takes long\n"


def test_each_request_is_a_test(project):
    write(project.path / "site", login__http=REQUESTS)
    project.run_tests("--isapi-update").assert_outcomes(passed=1, skipped=1)
    snapshot = project.path / "site" / "snapshots" / "login__greeting.snap"
    assert snapshot.read_text(encoding="utf-8").endswith("Hello, Ann\n")
    result = project.run_tests("-v", "-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["site/login.http::greeting PASSED*", "*needs a database*"])
    project.run_tests("site/login.http::greeting").assert_outcomes(passed=1)


def test_the_command_and_the_plugin_share_snapshots(project, shim):
    write(project.path / "site", login__http=REQUESTS)
    assert shim("test", "--accept", cwd=project.path / "site").returncode == 0
    project.run_tests().assert_outcomes(passed=1, skipped=1)
    write(project.path / "site", login__http=REQUESTS.replace("Ann", "Bob"))
    project.run_tests("--isapi-update").assert_outcomes(passed=1, skipped=1)
    assert shim("test", cwd=project.path / "site").returncode == 0


def test_a_difference_is_shown_and_our_lines_are_not(project):
    write(project.path / "site", login__http=REQUESTS)
    project.run_tests("--isapi-update")
    write(project.path / "site", login__http=REQUESTS.replace("?Ann", "?Bob"))
    result = project.run_tests()
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(["*greeting (GET /hello.py?Bob)*", "-Hello, Ann", "+Hello, Bob"])
    assert "_http_items.py" not in result.stdout.str()
    pending = project.path / "site" / "snapshots" / "login__greeting.snap.new"
    assert pending.exists()
    project.run_tests("--isapi-update").assert_outcomes(passed=1, skipped=1)
    assert not pending.exists()


def test_marks_choose_requests(project):
    write(project.path / "site", login__http=REQUESTS + "\n### B\n# @name b\nGET /hello.py\n")
    project.makeini(f"[pytest]\nisapi_root = site\n{SLOW}")
    result = project.run_tests("--isapi-update", "-m", "slow", "--strict-markers")
    result.assert_outcomes(passed=1, deselected=2)


def test_an_error_page_can_be_what_is_expected(project):
    write(project.path / "site", a__http="GET /fails.py\n")
    project.run_tests("--isapi-update").assert_outcomes(passed=1)
    project.run_tests().assert_outcomes(passed=1)


def test_a_malformed_file_is_an_error_that_points_at_the_line(project):
    write(project.path / "site", a__http="GET hello.py\n")
    result = project.run_tests()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ISH0604*"])
    assert "_http_items.py" not in result.stdout.str()


def test_files_outside_of_the_site_are_tests_only_if_named(project):
    write(project.path / "elsewhere", hello__py="from Http import *\ndef Request(): Write('e')\n")
    write(project.path / "elsewhere", a__http="GET /hello.py\n")
    assert project.run_tests("--isapi-update").ret == 5
    # Its own folder is its site, as for `isapi-shim test`.
    project.run_tests("--isapi-update", "elsewhere/a.http").assert_outcomes(passed=1)
    project.makeini("[pytest]\nisapi_http_files = elsewhere/*.http\n")
    project.run_tests().assert_outcomes(passed=1)


def test_requests_of_a_file_share_the_site_in_their_order(project):
    counter = (
        "from Http import *\nN = []\ndef Request():\n    N.append(1)\n    Write(str(len(N)))\n"
    )
    write(project.path / "site", count__py=counter)
    two = "### a\nGET /count.py\n\n### b\nGET /count.py\n"
    write(project.path / "site", one__http=two, two__http=two)
    project.run_tests("--isapi-update").assert_outcomes(passed=4)
    for name in ("one", "two"):
        for key, text in (("a", "1"), ("b", "2")):
            snapshot = project.path / "site" / "snapshots" / f"{name}__{key}.snap"
            assert snapshot.read_text(encoding="utf-8").endswith(f"\n{text}\n")


def test_a_test_in_python_has_snapshots(project):
    test = """
        class TestIt:
            def test_two(self, isapi, isapi_snapshot):
                assert isapi.get("/hello.py") == isapi_snapshot
                assert isapi.get("/hello.py?b") == isapi_snapshot
                assert isapi.get("/hello.py?named") == isapi_snapshot("a name")
                hidden = isapi_snapshot("c", redact=["regex:Hello => [GREETING]"])
                assert isapi.get("/hello.py?c") == hidden
    """
    project.makepyfile(test_it=test)
    project.run_tests("--isapi-update").assert_outcomes(passed=1)
    folder = project.path / "snapshots"
    base = "test_it__TestIt.test_two"
    names = [f"{base}-2.snap", f"{base}-a-name.snap", f"{base}-c.snap", f"{base}.snap"]
    assert sorted(file.name for file in folder.iterdir()) == names
    assert "[GREETING], c" in (folder / f"{base}-c.snap").read_text(encoding="utf-8")
    assert "Hello, b" in (folder / f"{base}-2.snap").read_text(encoding="utf-8")
    project.run_tests().assert_outcomes(passed=1)
    project.makepyfile(test_it=test.replace("?named", "?other"))
    result = project.run_tests()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E*response == snapshot (*, see below)", "-Hello, named", "+Hello, other"]
    )


def test_new_snapshots_alone_can_be_taken(project):
    project.makepyfile(
        """
        def test_old(isapi, isapi_snapshot):
            assert isapi.get("/hello.py") == isapi_snapshot

        def test_new(isapi, isapi_snapshot):
            assert isapi.get("/hello.py") == isapi_snapshot
        """
    )
    project.run_tests("--isapi-update", "-k", "old").assert_outcomes(passed=1, deselected=1)
    write(project.path / "site", hello__py="from Http import *\ndef Request(): Write('x')\n")
    project.run_tests("--isapi-update-new").assert_outcomes(passed=1, failed=1)


def test_a_build_server_writes_nothing(project, monkeypatch):
    write(project.path / "site", a__http="GET /hello.py\n")
    monkeypatch.setenv("CI", "true")
    project.run_tests().assert_outcomes(failed=1)
    assert not (project.path / "site" / "snapshots").exists()
    result = project.run_tests("--isapi-update")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--isapi-update would write snapshots on a build server*"])
    monkeypatch.setenv("INSTA_UPDATE", "force")
    project.run_tests().assert_outcomes(failed=1)
    assert not (project.path / "site" / "snapshots").exists()
    monkeypatch.setenv("CI", "false")
    project.run_tests().assert_outcomes(passed=1)
    assert (project.path / "site" / "snapshots").exists()


def test_variables_come_from_the_environment_that_is_named(project):
    write(
        project.path / "site",
        a__http="GET /hello.py?{{who}}\n",
        **{"http-client.env.json": '{"dev": {"who": "ann"}}'},
    )
    project.run_tests("--isapi-update").assert_outcomes(errors=1)
    project.run_tests("--isapi-update", "-o", "isapi_env=dev").assert_outcomes(passed=1)


LARGE = """\
from Http import *
import sys
def Request():
    Header("Content-type: text/plain")
    sys.stderr.write("about " + Env.REQUEST_METHOD)
    Write(Read() or b"x" * 1000)
"""
HOST = """\
### Gone
# @name gone
# @expect-abort 3
GET /large.py

### Calls
# @name calls
# @record host-calls, stderr
# @fault client-gone=2
# @fault short-reads=1
# @fault unknown-length
POST /large.py

abcdef

### Not sent
# @name not-sent
# @skip later
# @fault zero-read
GET /large.py
"""


def test_aborts_faults_and_host_calls_are_as_with_the_command(project, shim):
    site = write(project.path / "site", large__py=LARGE, host__http=HOST)
    project.run_tests("--isapi-update").assert_outcomes(passed=5, skipped=1)
    folder = site / "snapshots"
    ours = {file.name: file.read_bytes() for file in folder.iterdir()}
    names = ["", "@client-gone-2", "@short-reads-1", "@unknown-length"]
    assert sorted(ours) == [*(f"host__calls{name}.snap" for name in names), "host__gone.snap"]
    assert b"the client went away after 3 bytes" in ours["host__gone.snap"]
    assert b"----- host calls -----" in ours["host__calls.snap"]
    assert b"about POST" in ours["host__calls.snap"]
    result = shim("test", cwd=site)
    assert result.returncode == 0, result.stdout + result.stderr
    assert shim("test", cwd=site, INSTA_UPDATE="force").returncode == 0
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == ours
    # One alone, and what a fault leaves behind is nothing to the next.
    project.run_tests("site/host.http::calls@client-gone-2").assert_outcomes(passed=1)
    project.run_tests().assert_outcomes(passed=5, skipped=1)


LOGIN = """\
from Http import *
import os, sys
TOKENS = []
def Request():
    sys.stderr.write("about a login\\n")
    if Env.QUERY_STRING:
        Write("welcome" if Env.QUERY_STRING in TOKENS else "go away")
        return
    TOKENS.append(os.urandom(8).hex())
    Header("Content-type: application/json")
    Write('{"token": "%s"}' % TOKENS[-1])
"""
TALK = """\
@token = {{login.response.body.$.token}}

### Log in
# @name login
# @redact json:$.token
GET /login.py

### Look
# @name look
# @fault small-buffers
GET /login.py?{{token}}

### Look again
# @name again
# @record stderr
GET {{look.request.headers.X-Gone}}
"""


def test_requests_refer_to_the_responses_of_earlier_ones(project, shim):
    text = TALK.replace("{{look.request.headers.X-Gone}}", "/login.py?{{token}}")
    site = write(project.path / "site", login__py=LOGIN, talk__http=text)
    project.run_tests("--isapi-update").assert_outcomes(passed=4)
    stored = (site / "snapshots" / "talk__look.snap").read_text(encoding="utf-8")
    assert stored.endswith("\nwelcome\n")
    assert 'expression: "GET /login.py?{{login.response.body.$.token}}"' in stored
    project.run_tests().assert_outcomes(passed=4)
    assert shim("test", cwd=site).returncode == 0
    # What is referred to is sent though it is no test of this run.
    project.run_tests("site/talk.http::again").assert_outcomes(passed=1)
    project.run_tests("-n", "2").assert_outcomes(passed=4)


def test_a_reference_without_a_value_fails_that_request_only(project):
    write(project.path / "site", login__py=LOGIN, talk__http=TALK)
    result = project.run_tests("--isapi-update")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        ["*ISH0629*", "*the request of `look` has no header `X-Gone`*", "*talk.http:16:5*"]
    )
    write(project.path / "site", talk__http=TALK.replace("{{look.", "{{lok."))
    result = project.run_tests()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ISH0626*"])


def test_another_file_between_does_not_spoil_what_was_answered(project):
    text = TALK.replace("{{look.request.headers.X-Gone}}", "/login.py?{{token}}")
    site = write(project.path / "site", login__py=LOGIN, talk__http=text)
    write(site, other__http="GET /hello.py\n")
    other = ["site/other.http::get-hello-py", "site/talk.http::look"]
    names = ["site/talk.http::login", *other]
    project.run_tests("--isapi-update", *names).assert_outcomes(passed=3)
    project.run_tests(*names).assert_outcomes(passed=3)


def test_syrupy_takes_responses(project):
    test = "def test_it(isapi, snapshot):\n    assert isapi.get('/hello.py') == snapshot\n"
    project.makepyfile(test_it=test)
    project.run_tests("--snapshot-update").assert_outcomes(passed=1)
    project.run_tests().assert_outcomes(passed=1)
    write(project.path / "site", hello__py="from Http import *\ndef Request(): Write('x')\n")
    project.run_tests().assert_outcomes(failed=1)


def test_inline_snapshot_takes_responses(project):
    project.makepyfile(
        test_it="""
        from inline_snapshot import HasRepr, snapshot
        from isapi_shim import Response

        def test_it(isapi):
            assert isapi.get("/hello.py") == snapshot()
        """
    )
    project.run_tests("--inline-snapshot=create")
    assert "Hello, World" in (project.path / "test_it.py").read_text(encoding="utf-8")
    project.run_tests("--inline-snapshot=disable").assert_outcomes(passed=1)
    write(project.path / "site", hello__py="from Http import *\ndef Request(): Write('x')\n")
    project.run_tests("--inline-snapshot=disable").assert_outcomes(failed=1)
