"""One application for every WSGI server: the same responses as the scripts in `site/`."""

import time

from names import NAMES

HELLO = b"Hello, World!"
PAGE = b"x" * 65536


def hello(environ):
    return "text/html", HELLO


def large(environ):
    return "text/plain", PAGE


def echo(environ):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return "application/octet-stream", body


def variables(environ):
    values = [environ.get(name, "") for name in NAMES]
    return "text/plain", "\n".join(values).encode("latin-1")


def sleep(environ):
    time.sleep(1)
    return "text/plain", b"slept"


def spin(environ):
    end = time.monotonic() + 1
    while time.monotonic() < end:
        pass
    return "text/plain", b"spun"


PAGES = {f"/{page.__name__}": page for page in (hello, large, echo, variables, sleep, spin)}


def application(environ, start_response):
    page = PAGES.get(environ["PATH_INFO"])
    if page is None:
        start_response("404 Not Found", [("Content-Length", "0")])
        return [b""]
    kind, body = page(environ)
    # With a length, so that every server can keep the connection.
    start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
