"""What the tests of all applications share: sites, the server, and the ways to run a WSGI
application. `tests/apps/driver.py` says which program is tested and where the packages are."""

import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from client import Connection

# Set by the driver for one application after the other.
TARGET = None
PACKAGES = []

# Lines of the server's standard error that no test may cause unawares.
TROUBLE = ("Traceback (most recent call last)", "panicked at", "ISH0", "ResourceWarning")


class Site:
    """A folder to serve, which goes away with its test."""

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="isapi-shim-app-"))

    def file(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
        return path

    def copy(self, *files):
        for file in files:
            if file.is_dir():
                shutil.copytree(file, self.root / file.name, dirs_exist_ok=True)
            else:
                shutil.copy(file, self.root / file.name)

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)


class Server:
    """`isapi-shim serve` for a folder."""

    def __init__(self, root, *options, cwd=None, **environment):
        self.folder = tempfile.TemporaryDirectory()
        ready = Path(self.folder.name, "ready")
        command = [*TARGET.command, "serve", "--listen", "127.0.0.1:0"]
        command += ["--ready-file", TARGET.path(ready), *TARGET.options, *options]
        self.process = subprocess.Popen(
            [*command, TARGET.path(root)],
            stdin=subprocess.DEVNULL,
            # Pipes, because Python does not start under Wine where these are files.
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=TARGET.environment(PACKAGES, **environment),
        )
        self.output = {"out": b"", "err": b""}
        self.readers = []
        for name, pipe in ("out", self.process.stdout), ("err", self.process.stderr):
            reader = threading.Thread(target=self._collect, args=(name, pipe), daemon=True)
            reader.start()
            self.readers.append(reader)
        patience = time.monotonic() + 120
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > patience:
                self.stop()
                raise AssertionError(f"the server does not get ready: {self.err}")
            time.sleep(0.01)
        host, port = ready.read_text().strip().split("//")[1].strip("/").split(":")
        self.address = (host, int(port))

    def _collect(self, name, pipe):
        for line in pipe:
            self.output[name] += line
        pipe.close()

    @property
    def err(self):
        return self.output["err"].decode("utf-8", "replace")

    @property
    def out(self):
        return self.output["out"].decode("utf-8", "replace")

    def request(self, method, target, headers=(), body=None, chunks=None):
        """One request on a connection of its own."""
        with Connection(self.address) as connection:
            return connection.request(method, target, headers, body, chunks)

    def get(self, target, headers=()):
        return self.request("GET", target, headers)

    def stop(self):
        """Ends the server as Ctrl-C does; its exit code."""
        if self.process.poll() is None:
            # Wine gives no signals on to the program.
            self.process.send_signal(signal.SIGKILL if TARGET.windows else signal.SIGINT)
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = "none: it had to be killed"
        for reader in self.readers:
            reader.join(10)
        self.folder.cleanup()
        return code


def run(root, *arguments):
    """`isapi-shim run` in a folder: what it prints."""
    done = subprocess.run(
        [*TARGET.command, "run", *TARGET.options, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=root,
        env=TARGET.environment(PACKAGES),
        timeout=120,
    )
    if done.returncode:
        raise AssertionError(f"run ended with {done.returncode}: {done.stderr.decode()}")
    return done.stdout


class AppTest(unittest.TestCase):
    """Tests of one application. `site` and `server` live as long as the class."""

    # Texts in the server's standard error that its tests cause on purpose.
    expected_trouble = ()

    @classmethod
    def setUpClass(cls):
        cls.site = Site()
        cls.addClassCleanup(cls.site.remove)
        cls.server = cls.start()
        cls.addClassCleanup(cls.end, cls.server)

    @classmethod
    def start(cls):
        """Fills `cls.site`, and starts the server."""
        raise NotImplementedError

    @classmethod
    def end(cls, server):
        """Stops a server. It must end well, and have had nothing to complain about."""
        code = server.stop()
        if not TARGET.windows and code != 0:
            raise AssertionError(f"the server ended with {code}: {server.err}")
        blocks = server.err
        for text in cls.expected_trouble:
            blocks = blocks.replace(text, "(expected)")
        for text in TROUBLE:
            if text in blocks:
                raise AssertionError(f"{text!r} in the server's standard error:\n{server.err}")

    def get(self, target, headers=()):
        return self.server.get(target, headers)

    def request(self, method, target, headers=(), body=None, chunks=None):
        return self.server.request(method, target, headers, body, chunks)

    def assert_logged(self, *texts):
        """The server's standard error has these texts, or gets them soon."""
        patience = time.monotonic() + 30
        while missing := [text for text in texts if text not in self.server.err]:
            self.assertLess(time.monotonic(), patience, f"{missing} not in: {self.server.err}")
            time.sleep(0.02)

    def assert_status(self, response, status):
        self.assertEqual(response.status, status, f"{response!r}\n{self.server.err}")
        return response


def side_by_side(functions):
    """Calls functions at the same time; their results."""
    results = [None] * len(functions)
    barrier = threading.Barrier(len(functions))

    def run(index):
        barrier.wait()
        try:
            results[index] = functions[index]()
        except BaseException as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


SCRIPT = """
from Http.WSGI import RunWSGI
from {module} import {name}

def Request():
    RunWSGI({name})
"""

HANDLER = """
from Http import Env
from Http.WSGI import RunWSGI
from {module} import {name}

Base = "/"
Exclude = {exclude!r}

def Request():
    if Env.URL.startswith(Exclude):
        return True
    return RunWSGI({name}, Base)
"""

CGI = """#!/usr/bin/env python3
import sys, os
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wsgiref.handlers import CGIHandler
from {module} import {name}
CGIHandler().run({name})
"""


def run_wsgi(site, way, application, exclude=("/files/",), cgi=CGI):
    """Serves a WSGI application of a site, `module:name`, in one of the ways; the server, and the
    prefix of the application's URLs."""
    module, name = application.split(":")
    words = {"module": module, "name": name, "exclude": exclude}
    if way == "command":
        return Server(site.root, "--wsgi", application), ""
    if way == "mounted":
        return Server(site.root, "--wsgi", application, "--mount", "/at/this"), "/at/this"
    if way == "script":
        site.file("app.py", SCRIPT.format(**words))
        return Server(site.root), "/app.py"
    if way == "wildcard":
        site.file("Http/Isapi.py", HANDLER.format(**words))
        return Server(site.root, "--wildcard"), ""
    if way == "cgi":
        site.file("app.cgi", cgi.format(**words)).chmod(0o755)
        return Server(site.root), "/app.cgi"
    raise ValueError(way)


WAYS = ("command", "mounted", "script", "wildcard", "cgi")


class WsgiTest(AppTest):
    """Tests of a WSGI application in one way; `in_all_ways` makes a class for each."""

    way = None
    application = None
    # The CGI script that runs it.
    cgi = CGI
    # The folder with the application's files.
    files = None
    base = ""

    @classmethod
    def start(cls):
        cls.fill()
        server, cls.base = run_wsgi(cls.site, cls.way, cls.application, cgi=cls.cgi)
        return server

    @classmethod
    def fill(cls):
        """Puts the application's files into the site."""
        cls.site.copy(*(f for f in cls.files.iterdir() if f.name != "__pycache__"))

    def get(self, target, headers=()):
        return super().get(self.base + target, headers)

    def request(self, method, target, headers=(), body=None, chunks=None):
        return super().request(method, self.base + target, headers, body, chunks)


def not_in(*ways):
    """A test that makes no sense in these ways, and is not there then."""

    def mark(function):
        function.not_in = ways
        return function

    return mark


def in_all_ways(namespace, pattern, ways=WAYS):
    """Adds a class of tests for each way to a module, and takes the pattern out."""
    for way in ways:
        name = f"{pattern.__name__}_{way}"
        members = {"way": way, "__module__": pattern.__module__}
        for test in dir(pattern):
            if way in getattr(getattr(pattern, test), "not_in", ()):
                members[test] = None
        namespace[name] = type(name, (pattern,), members)
    del namespace[pattern.__name__]
