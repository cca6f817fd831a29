"""Debuggers, breakpoints at the terminal, coverage: with the command, and in pytest."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import urllib.request
from pathlib import Path

import pytest
from conftest import write
from dap import Client as Debugger

PROGRAM = str(Path(sysconfig.get_path("scripts")) / "isapi-shim")

SCRIPT = """\
from Http import *

def Request():
    name = Env.QUERY_STRING or "nobody"
    length = len(name)
    Write(f"{name} has {length}")
"""
BREAKS = SCRIPT.replace("    Write", "    breakpoint()\n    Write")

at_a_terminal = pytest.mark.skipif(
    not (hasattr(os, "openpty") and shutil.which("setsid")), reason="no way to make a terminal"
)


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "site", plain__py=SCRIPT, breaks__py=BREAKS)


@pytest.fixture
def start():
    """Starts the command; ends it after the test."""
    started = []

    def begin(*arguments, cwd=None):
        process = subprocess.Popen(
            [PROGRAM, *map(str, arguments)],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=60)


@pytest.fixture
def attach():
    """Attaches to the debugger that a process tells of on standard error."""
    clients = []

    def to(process, file, *lines):
        line = process.stderr.readline()
        found = re.search(r"can attach at (\S+):(\d+)", line)
        assert found, line + process.stderr.read()
        client = Debugger(found[1], int(found[2]))
        clients.append(client)
        client.attach(file, *lines)
        return client

    yield to
    for client in clients:
        client.close()


class Ask(threading.Thread):
    """Asks a server; `result` waits for the answer."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self._url = url
        self._body = None
        self.start()

    def run(self):
        with urllib.request.urlopen(self._url, timeout=60) as answer:
            self._body = answer.read().decode()

    def result(self):
        self.join(60)
        return self._body


def test_a_debugger_stops_in_requests(folder, start, attach):
    process = start(
        "serve", "--debugpy", "0", "--wait-for-client", "--listen", "127.0.0.1:0", folder
    )
    debugger = attach(process, folder / "plain.py", 6)
    url = re.search(r"http://\S+", process.stdout.readline())[0]
    # One after the other: debugpy itself may hang when two threads stop at once.
    for name in ("Ann", "Bo"):
        asked = Ask(f"{url}plain.py?{name}")
        reason, thread, frame = debugger.stopped()
        assert reason == "breakpoint" and frame["line"] == 6
        assert frame["source"]["path"] == str(folder / "plain.py")
        value = debugger.ask("evaluate", expression="name + '!'", frameId=frame["id"])
        assert value["result"] == f"'{name}!'"
        debugger.ask("continue", threadId=thread)
        assert asked.result() == f"{name} has {len(name)}"


def test_breakpoint_stops_in_the_debugger_that_is_attached(folder, start, attach):
    process = start("run", "--debugpy", "127.0.0.1:0", "--wait-for-client", folder / "breaks.py")
    debugger = attach(process, folder / "breaks.py")
    _, thread, frame = debugger.stopped()
    assert frame["name"] == "Request"
    debugger.ask("continue", threadId=thread)
    assert process.wait(60) == 0
    # debugpy's own process has the same standard output, and ends with the editor.
    debugger.close()
    assert process.stdout.read() == "nobody has 6"


def test_without_the_module_an_error_says_what_to_install(folder, shim, tmp_path):
    # A module of that name that cannot be imported stands for none.
    for name in ("debugpy", "coverage"):
        write(tmp_path / "hides", **{f"{name}__py": "raise ModuleNotFoundError('no such module')"})
    hides = {"PYTHONPATH": str(tmp_path / "hides")}
    result = shim("run", "--debugpy", "0", folder / "plain.py", **hides)
    assert result.returncode == 3 and result.stdout == ""
    assert "ISH0315" in result.stderr and "pip install debugpy" in result.stderr
    assert "ISH0111" in result.stderr
    result = shim("test", "--coverage", cwd=write(folder, a__http="GET /plain.py\n"), **hides)
    assert result.returncode == 3 and "pip install coverage" in result.stdout


def test_waiting_is_only_for_a_debugger(folder, shim):
    assert shim("run", "--wait-for-client", folder / "plain.py").returncode == 2


def talk(command, conversation, cwd):
    """Runs a command at a terminal; answers each text of the conversation. Output, exit code."""
    terminal, theirs = os.openpty()
    # Not pty.fork(): this process has threads.
    process = subprocess.Popen(
        ["setsid", "--ctty", *map(str, command)],
        cwd=cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    text, seen = "", 0
    conversation = list(conversation)
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            # Linux's word for the end.
            break
        if not data:
            break
        text += data.decode()
        if conversation and conversation[0][0] in text[seen:]:
            wanted, answer = conversation.pop(0)
            seen = text.index(wanted, seen) + len(wanted)
            os.write(terminal, answer.encode() + b"\n")
    status = process.wait(60)
    os.close(terminal)
    assert not conversation, f"{conversation[0][0]!r} never came in:\n{text}"
    return text.replace("\r\n", "\n"), status


@at_a_terminal
def test_breakpoint_talks_to_the_terminal(folder):
    told = [("(Pdb) ", "p name"), ("'Ann'", "name = 'Bob'"), ("(Pdb) ", "c")]
    command = [PROGRAM, "run", "-q", "Ann", folder / "breaks.py"]
    text, status = talk(command, told, folder)
    assert status == 0 and "Bob has 3" in text and "Request()" in text


@at_a_terminal
def test_the_response_has_nothing_of_the_conversation(folder, tmp_path):
    shell = f"{PROGRAM} run -d sent {folder / 'breaks.py'} > {tmp_path / 'out'}"
    text, status = talk(["/bin/sh", "-c", shell], [("(Pdb) ", "c")], folder)
    assert status == 0
    assert (tmp_path / "out").read_text() == "nobody has 6"


@at_a_terminal
@pytest.mark.parametrize("capture", ["-s", "--capture=fd"])
def test_breakpoint_works_in_pytest(folder, capture):
    write(folder, test_it__py="def test(isapi): assert isapi.get('/breaks.py?a').text == 'x has 1'")
    write(folder, pytest__ini="[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", capture, "test_it.py"]
    text, status = talk(command, [("(Pdb) ", "name = 'x'"), ("(Pdb) ", "c")], folder)
    assert status == 0 and "1 passed" in text


def test_without_a_terminal_a_breakpoint_is_passed_over(folder, shim):
    result = shim("run", folder / "breaks.py")
    assert result.stdout == "nobody has 6" and result.returncode == 0
    assert f"no terminal for the breakpoint() at {folder / 'breaks.py'}:6" in result.stderr


def test_pythonbreakpoint_is_honoured(folder, shim):
    result = shim("run", folder / "breaks.py", PYTHONBREAKPOINT="0")
    assert result.stdout == "nobody has 6" and result.stderr == ""
    write(folder, mine__py="def stop(): print('stopped in mine')\n")
    result = shim("run", folder / "breaks.py", PYTHONBREAKPOINT="mine.stop")
    assert result.stdout == "stopped in mine\nnobody has 6"


def measured(folder):
    """The lines that ran, by file."""
    subprocess.run(
        [sys.executable, "-m", "coverage", "json", "-q", "-o", "report.json"],
        cwd=folder,
        check=True,
    )
    files = json.loads((folder / "report.json").read_text())["files"]
    return {Path(name).name: data["executed_lines"] for name, data in files.items()}


WHOLE = [1, 3, 4, 5, 6]


def test_coverage_of_a_run(folder, shim):
    result = shim("run", "--coverage", "plain.py", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert measured(folder) == {"plain.py": WHOLE}


@pytest.mark.skipif(os.name == "nt", reason="a server is ended by force there, and saves nothing")
def test_coverage_of_a_server_has_all_its_threads(folder, start):
    process = start("serve", "--coverage", "--listen", "127.0.0.1:0", cwd=folder)
    url = re.search(r"http://\S+", process.stdout.readline())[0]
    assert Ask(f"{url}plain.py").result() == "nobody has 6"
    process.terminate()
    assert process.wait(60) == 0
    assert measured(folder) == {"plain.py": WHOLE}


def test_coverage_of_tests_in_several_processes_is_one(tmp_path, shim):
    for name in ("one", "two"):
        write(tmp_path / name / "Http", Config__py="")
        write(tmp_path / name, **{f"{name}__py": SCRIPT, "a__http": f"GET /{name}.py\n"})
    for _ in range(2):
        result = shim("test", "--accept", "--coverage", cwd=tmp_path)
        assert result.returncode == 0, result.stdout + result.stderr
        found = measured(tmp_path)
        assert found["one.py"] == WHOLE and found["two.py"] == WHOLE
    left = sorted(file.name for file in tmp_path.glob(".coverage*"))
    assert left == [".coverage"]


def test_coverage_keeps_to_its_settings(folder, shim):
    write(folder, **{"__coveragerc": "[run]\ndata_file = data\ninclude = plain*\n"})
    result = shim("run", "--coverage", "breaks.py", cwd=folder)
    assert result.returncode == 0
    result = shim("run", "--coverage", "plain.py", cwd=folder)
    assert (folder / "data").exists() and not (folder / ".coverage").exists()
    assert measured(folder) == {"plain.py": WHOLE}
