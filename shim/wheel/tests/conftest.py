"""What the tests of the wheel share. They run with the wheel installed: see `shim/wheel/test`."""

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

HELLO = """\
from Http import *

def Request():
    Header("Content-Type: text/plain")
    Write("Hello, " + (Env.QUERY_STRING or "World"))
"""

FAILS = """\
from Http import *
import sys

def Request():
    print("a remark", file=sys.stderr)
    broken(0)

def broken(number):
    return 1 / number
"""


@pytest.fixture(autouse=True)
def _away_from_the_users_settings(monkeypatch):
    for name in ("CI", "TF_BUILD", "INSTA_UPDATE", "PYTHONBREAKPOINT", "COVERAGE_FILE"):
        monkeypatch.delenv(name, raising=False)


def write(folder, **files):
    """Writes files; `a__py` becomes `a.py`."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def site(tmp_path):
    """A folder with two scripts: one answers, one fails."""
    return write(tmp_path / "site", hello__py=HELLO, fails__py=FAILS)


@pytest.fixture
def shim():
    """Runs the installed command; standard input is empty and there is no terminal."""

    def run(*arguments, cwd=None, **environment):
        program = Path(sysconfig.get_path("scripts")) / "isapi-shim"
        return subprocess.run(
            [str(program), *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            start_new_session=True,
        )

    return run


@pytest.fixture
def project(pytester, monkeypatch):
    """A project with a site in `site`, that pytest can run in: a process each time."""
    write(pytester.path / "site", hello__py=HELLO, fails__py=FAILS)
    pytester.makeini("[pytest]\nisapi_root = site\n")
    # The tests of the tests are no part of this session's xdist.
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        monkeypatch.delenv(name)

    def run(*arguments):
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)

    pytester.run_tests = run
    return pytester
