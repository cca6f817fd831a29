"""Lets cheroot's tests of connections and requests talk to `isapi-shim serve`.

Their fixtures hand out a server object, on which a test sets the application. Here that is an object
that looks like it; the application is made anew in our server's process. A pytest plugin.
"""

import contextlib
import http.client
import pathlib
import socket
import sys

from kit.served import PATIENCE, Served

# A server that says nothing ends a test, not the run.
socket.setdefaulttimeout(PATIENCE)

# The client has the address before a test chooses the application.
LATE = """
import importlib, pathlib
made = {}
def app(environ, start_response):
    name = pathlib.Path(__file__).with_name("application").read_text()
    if name not in made:
        module, _, factory = name.partition(":")
        made[name] = getattr(importlib.import_module(module), factory)()

    def start(status, headers, exc_info=None):
        # Theirs are the items of a dict, and PEP 3333 wants a list.
        return start_response(status, list(headers), exc_info)

    return made[name](environ, start)
"""


class Server:
    """What cheroot's tests see of a server."""

    ssl_adapter = None
    protocol = "HTTP/1.1"
    timeout = 120
    max_request_body_size = 0

    def __init__(self):
        self._served = Served("late:app", [pathlib.Path.cwd(), *sys.path], LATE)
        self.bind_addr = self._served.address

    def error_log(self, *_):
        """Only there to be replaced."""

    @property
    def wsgi_app(self):
        return self._app

    @wsgi_app.setter
    def wsgi_app(self, app):
        self._app = app
        name = f"{type(app).__module__}:{type(app).__qualname__}"
        (self._served.folder / "site" / "application").write_text(name)

    def close(self):
        self._served.close()


@contextlib.contextmanager
def _server(_factory):
    server = Server()
    try:
        yield None, server
    finally:
        server.close()


class WithHost(http.client.HTTPConnection):
    """Names the host, which cheroot does not ask for and RFC 9112, 3.2 does."""

    def _send_output(self, *arguments, **named):
        lines = self._buffer
        if not any(line.lower().startswith(b"host:") for line in lines):
            if lines and lines[0].endswith(b" HTTP/1.1"):
                lines.insert(1, b"Host: localhost")
        super()._send_output(*arguments, **named)


def _has_value(name, value, headers):
    """Names and values of `Connection` are the same in any case (RFC 9110, 7.6.1)."""
    return (name.lower(), value.lower()) in ((n.lower(), v.lower()) for n, v in headers)


def pytest_collection_modifyitems(items):
    import cheroot.testing
    from cheroot.test import test_conn

    test_conn.header_has_value = _has_value
    cheroot.testing._TestClient.get_connection = lambda self: WithHost(
        *self.server_instance.bind_addr
    )
    cheroot.testing.cheroot_server = _server
