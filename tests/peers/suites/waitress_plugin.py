"""Lets waitress's functional tests talk to `isapi-shim serve`.

Each of their classes starts waitress in a process of its own with one of the fixture applications.
Here that is our server with the same application. A pytest plugin.
"""

import pathlib
import socket

from kit.served import PATIENCE, Served

# A server that says nothing ends a test, not the run.
socket.setdefaulttimeout(PATIENCE)

ROOT = pathlib.Path.cwd()
PATH = [ROOT, ROOT / "src"]


class WithHost(socket.socket):
    """Names the host, which waitress does not ask for and RFC 9112, 3.2 does."""

    def send(self, data, *flags):
        if b"Host:" not in data:
            data = data.replace(b" HTTP/1.1\r\n", b" HTTP/1.1\r\nHost: localhost\r\n")
        self.sendall(data, *flags)
        return len(data)


def _start(self, target, **_adjustments):
    module, name = target.__module__, target.__name__
    self.served = Served(f"{module}:{name}", PATH)
    self.bound_to = self.served.address
    self.sock = self.create_socket()


def _stop(self):
    self.sock.close()
    self.served.close()


def pytest_collection_modifyitems(items):
    from tests import test_functional

    test_functional.SubprocessTests.start_subprocess = _start
    test_functional.SubprocessTests.stop_subprocess = _stop
    test_functional.SubprocessTests.create_socket = lambda self: WithHost()
    read = test_functional.read_http

    def read_http(fp):
        line, headers, body = read(fp)
        # The name of the server is not what is tested.
        if headers.get("server"):
            headers["server"] = "waitress"
        # Any case is right (RFC 9110, 7.6.1).
        if headers.get("connection") == "keep-alive":
            headers["connection"] = "Keep-Alive"
        return line, headers, body

    test_functional.read_http = read_http
