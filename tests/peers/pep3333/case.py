"""A client that sees every byte, and the server that all tests share."""

import atexit
import itertools
import json
import os
import pathlib
import socket
import time
import unittest

from kit.served import PATIENCE, Served

TEXT = [("Content-Type", "text/plain")]
LIMIT = """<configuration><system.webServer><security><requestFiltering>
<requestLimits maxAllowedContentLength="100000000"/>
</requestFiltering></security></system.webServer></configuration>
"""
_server = None
_tokens = itertools.count(1)


def server():
    """Started at the first use; ends with the tests."""
    global _server
    if _server is None:
        here = pathlib.Path(__file__).resolve().parent
        # The server's own limit of a body, 30 MB, is IIS's.
        _server = Served("pep3333.site:app", [here.parent], files={"web.config": LIMIT})
        atexit.register(_server.close)
    return _server


class Response:
    """A response as it was on the wire. `whole`: it ended as its framing says."""

    def __init__(self, line, headers, body, whole):
        self.version, _, rest = line.partition(" ")
        code, _, self.reason = rest.partition(" ")
        self.status = int(code)
        self.headers = headers
        self.body = body
        self.whole = whole

    def all(self, name):
        return [value for other, value in self.headers if other.lower() == name.lower()]

    def get(self, name):
        return next(iter(self.all(name)), None)

    def json(self):
        return json.loads(self.body)


class Wire:
    """A connection, and the responses on it."""

    def __init__(self):
        self.socket = socket.create_connection(server().address, PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data)

    def line(self):
        return self.stream.readline().decode("latin-1").rstrip("\r\n")

    def head(self):
        """The status line and the headers."""
        line = self.line()
        if not line:
            raise EOFError("the connection ended without a response")
        headers = []
        while text := self.line():
            name, _, value = text.partition(":")
            headers.append((name, value.strip(" ")))
        return line, headers

    def piece(self):
        """A chunk of a chunked body; None where it was cut off, empty at the end."""
        size = self.line()
        if not size:
            return None
        size = int(size.partition(";")[0], 16)
        data = self.stream.read(size)
        return data if self.stream.read(2) == b"\r\n" and len(data) == size else None

    def response(self, method="GET"):
        line, headers = self.head()
        found = Response(line, headers, b"", True)
        if method == "HEAD" or found.status in (204, 304) or found.status < 200:
            return found
        try:
            if found.get("Transfer-Encoding") == "chunked":
                while data := self.piece():
                    found.body += data
                found.whole = data is not None
            elif (length := found.get("Content-Length")) is not None:
                found.body = self.stream.read(int(length))
                found.whole = len(found.body) == int(length)
            else:
                found.body = self.stream.read()
        except ConnectionError:
            found.whole = False
        return found

    def ended(self):
        """Whether the server has closed the connection; waits for it."""
        try:
            return self.stream.read(1) == b""
        except ConnectionError:
            return True

    def close(self):
        self.stream.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def head(application, method="GET", target="/", headers=(), version="HTTP/1.1", token=""):
    """The head of a request for one of our applications."""
    name = application
    if callable(application):
        name = f"{application.__module__}:{application.__name__}"
    lines = [f"{method} {target} {version}", "Host: peer", f"X-App: {name}"]
    lines += [f"X-Token: {token}"] if token else []
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def token():
    """A name for what an application notes."""
    return f"{os.getpid()}-{next(_tokens)}"


class Case(unittest.TestCase):
    """A test of PEP 3333. Its section stands in the docstring of the test, or of the module."""

    @classmethod
    def tearDownClass(cls):
        # The validator says some things only when it is thrown away.
        if "AssertionError: Iterator garbage collected" in (log := server().log()):
            raise AssertionError("an iterable was not closed:\n" + log)

    def shortDescription(self):
        return None

    def ask(self, application, method="GET", target="/", headers=(), body=None, lawful=True, **how):
        """Asks an application. A lawful one must say the same behind Python's own validator."""
        headers = list(headers)
        if body is not None:
            headers.append(("Content-Length", str(len(body))))
        found = self._once(application, method, target, headers, body or b"", **how)
        if lawful:
            checked = [*headers, ("X-Validate", "1")]
            how["token"] = ""
            again = self._once(application, method, target, checked, body or b"", **how)
            self.assertEqual(found.status, again.status, again.body[-2000:])
            self.assertEqual(found.whole, again.whole)
            # What shows the environ shows that it was asked for.
            if b"HTTP_X_VALIDATE" not in again.body:
                self.assertEqual(found.body, again.body)
        return found

    def _once(self, application, method, target, headers, body, **how):
        with Wire() as wire:
            wire.send(head(application, method, target, headers, **how) + body)
            return wire.response(method)

    def events(self, name, count=1):
        """What was noted under a token; waits until there is so much."""
        until = time.monotonic() + PATIENCE
        while True:
            found = self.ask("events", lawful=False, token=name).json()
            if len(found) >= count or time.monotonic() > until:
                return found
            time.sleep(0.01)
