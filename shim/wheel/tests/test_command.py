"""The command in this Python, and scripts outside of a request."""

import os
import subprocess
import sys

from conftest import write

MODULE = "from Http import *\ndef Request():\n    import only_here\n    Write(only_here.NAME)\n"


def python(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120
    )


def test_a_script_is_run_by_this_python(tmp_path, shim):
    code = "from Http import *\nimport sys\ndef Request(): Write(sys.prefix + sys.version)\n"
    result = shim("run", write(tmp_path, a__py=code) / "a.py")
    assert result.returncode == 0, result.stderr
    assert result.stdout == sys.prefix + sys.version


def test_packages_of_the_environment_can_be_imported(tmp_path, shim):
    code = "from Http import *\nimport pytest\ndef Request(): Write(pytest.__version__)\n"
    result = shim("run", write(tmp_path, a__py=code) / "a.py")
    assert result.returncode == 0, result.stderr


def test_a_script_sees_nothing_of_the_command(tmp_path, shim):
    code = """\
from Http import *
import sys, threading
def Request():
    Write(repr((sys.argv, sys.path[0], threading.current_thread().name)))
"""
    write(tmp_path, a__py=code)
    result = shim("run", tmp_path / "a.py")
    assert result.stdout == repr(([""], str(tmp_path), "MainThread")), result.stderr


def test_sites_of_several_folders_are_tested_in_processes_of_this_python(tmp_path, shim):
    for name in ("one", "two"):
        write(tmp_path / name / "Http", Config__py="")
        write(tmp_path / name, a__py=MODULE, a__http="GET /a.py\n", only_here__py=f"NAME={name!r}")
    result = shim("test", "--accept", cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "2 passed, 0 failed" in result.stdout
    snapshot = tmp_path / "two" / "snapshots" / "a__get-a-py.snap"
    assert snapshot.read_text(encoding="utf-8").endswith("\ntwo\n")


def test_errors_have_codes_and_exit_codes(tmp_path, shim):
    result = shim("run", tmp_path / "missing.py")
    assert result.returncode == 2 and "ISH0101" in result.stderr
    assert shim("--version").stdout.startswith("isapi-shim ")


def test_a_script_can_be_imported_in_a_plain_python(site):
    code = """\
import hello, Http, PyISAPIe
from Http.Config import *
for call in (hello.Request, lambda: Http.Header("A: b"), lambda: Http.Read()):
    try:
        call()
    except Exception as error:
        print(type(error).__name__, error)
"""
    result = python("-c", code, cwd=site)
    line = "Exception Not currently processing a request\n"
    assert result.stdout == 3 * line, result.stderr
    assert result.stderr == ""


def test_a_script_that_is_started_alone_says_how_to_run_it(site):
    result = python("hello.py", cwd=site)
    assert result.returncode == 0 and result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert "Run it: isapi-shim run " in result.stderr and "hello.py" in result.stderr


def test_a_program_that_only_uses_http_is_told_nothing(tmp_path):
    write(tmp_path, tool__py="import Http\nprint(Http.Version)\n")
    result = python("tool.py", cwd=tmp_path)
    assert result.returncode == 0 and result.stderr == ""


def test_the_package_http_of_the_standard_library_is_another_one():
    result = python("-c", "import Http, http.client; print(int(http.client.OK), Http.Loaded)")
    assert result.stdout == "200 True\n", result.stderr


def test_a_new_user_comes_from_a_first_script_to_a_build_server(tmp_path, shim):
    site = write(tmp_path, hello__py="from Http import *\ndef Request(): Write('Hello')\n")
    write(site, bye__py="from Http import *\ndef Request(): Write('Bye')\n")
    write(site, site__http="### hello\nGET /hello.py\n\n### bye\nGET /bye.py\n")
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "site.http"]

    def run_pytest(**environment):
        return subprocess.run(
            pytest, cwd=site, env={**os.environ, **environment}, capture_output=True, text=True
        )

    assert shim("test", cwd=site).returncode == 1
    assert shim("test", "--accept", cwd=site).returncode == 0
    assert shim("test", cwd=site, CI="true").returncode == 0
    assert "2 passed" in run_pytest(CI="true").stdout
    write(site, hello__py="from Http import *\ndef Request(): Write('Hello, you')\n")
    for result in (shim("test", cwd=site), run_pytest(), run_pytest(CI="true")):
        assert result.returncode == 1
        assert "-Hello\n" in result.stdout.replace("    ", "")
        assert "+Hello, you\n" in result.stdout.replace("    ", "")
    assert shim("test", "--accept", cwd=site).returncode == 0
    assert "2 passed" in run_pytest().stdout
