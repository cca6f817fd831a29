"""Sends gunicorn's recorded requests to `isapi-shim serve`.

Its tests of the parser are files: a request as bytes, and beside it what must come of it, or the
error. Here the server parses them, and an application says what it got.
"""

import http.client
import json
import os
import pathlib
import socket

from kit.served import PATIENCE, Served
from tests import treq

ECHO = """
import json
def app(environ, start_response):
    got = {
        "method": environ["REQUEST_METHOD"],
        "uri": environ["REQUEST_URI"],
        "version": environ["SERVER_PROTOCOL"],
        "headers": {k[5:]: v for k, v in environ.items() if k.startswith("HTTP_")},
        "body": environ["wsgi.input"].read().decode("latin-1"),
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(got).encode()]
"""


def talk(address, data, count):
    """What the application said of up to `count` requests sent at once, or the error's status."""
    answers = []
    with socket.create_connection(address, PATIENCE) as connection:
        connection.sendall(data)
        stream = connection.makefile("rb")
        while len(answers) < count:
            response = http.client.HTTPResponse(_Held(stream))
            try:
                response.begin()
                body = response.read()
            except TimeoutError:
                answers.append("nothing")
                break
            except (http.client.HTTPException, OSError):
                answers.append("closed")
                break
            if response.status != 200:
                answers.append(response.status)
                break
            answers.append(json.loads(body))
    return answers


class _Held:
    """A socket's place for HTTPResponse; the stream stays open for the next response."""

    def __init__(self, stream):
        self.stream = stream

    def makefile(self, *_):
        return self

    def read(self, *size):
        return self.stream.read(*size)

    def readinto(self, buffer):
        return self.stream.readinto(buffer)

    def readline(self, *size):
        return self.stream.readline(*size)

    def read1(self, *size):
        return self.stream.read1(*size)

    def peek(self, *size):
        return self.stream.peek(*size)

    def close(self):
        """Not ours to close."""

    def flush(self):
        """Nothing to write."""


def bytes_of(path):
    """The request of a file, unescaped by gunicorn's own code."""
    return treq.request(str(path), {}).data


def named_host(data):
    """With the host that RFC 9112, 3.2 demands, in each request that names none."""
    if b"host:" in data.lower():
        return data
    # Behind a length, what looks like a request may be a body.
    measured = b"content-length" in data.lower()
    if measured and data.partition(b"\r\n")[0].endswith(b" HTTP/1.0"):
        return data
    return data.replace(b" HTTP/1.1\r\n", b" HTTP/1.1\r\nHost: peer\r\n", 1 if measured else -1)


def difference(wanted, got):
    """The first thing in which a request came out as something else; None where it is the same."""
    if not isinstance(got, dict):
        return f"answered {got}"
    if got["method"] != wanted["method"]:
        return f"method {got['method']!r}"
    uri = wanted["uri"]
    target = uri["path"] + ("?" + uri["query"] if uri["query"] else "")
    if got["uri"].partition("#")[0] != target:
        return f"target {got['uri']!r} for {target!r}"
    version = "HTTP/{}.{}".format(*wanted["version"])
    if got["version"] != version:
        return f"version {got['version']!r}"
    body = wanted["body"]
    body = body if isinstance(body, str) else body.decode("latin-1")
    if got["body"] != body:
        return f"body {got['body']!r}"
    for name, value in wanted["headers"]:
        key = name.upper().replace("-", "_")
        if key in ("CONTENT_TYPE", "CONTENT_LENGTH", "TRANSFER_ENCODING", "PROXY"):
            continue
        if value not in got["headers"].get(key, ""):
            return f"header {name}: {got['headers'].get(key)!r} for {value!r}"
    return None


def main():
    skip = json.loads(pathlib.Path(os.environ["PEERS_SKIP"]).read_text())
    results = {name: ["skipped", ""] for name in skip}
    folder = pathlib.Path("tests/requests")
    with Served("echo:app", source=ECHO) as server:
        for path in sorted((folder / "valid").glob("*.http")):
            name = f"valid/{path.stem}"
            if name in results:
                continue
            wanted = treq.load_py(str(path.with_suffix(".py")))["request"]
            wanted = wanted if isinstance(wanted, list) else [wanted]
            answers = talk(server.address, named_host(bytes_of(path)), len(wanted))
            wrong = [difference(w, g) for w, g in zip(wanted, answers)]
            wrong = [w for w in wrong if w] or (
                [] if len(answers) == len(wanted) else ["too few answers"]
            )
            results[name] = ["failed", wrong[0]] if wrong else ["passed", ""]
        for path in sorted((folder / "invalid").glob("*.http")):
            name = f"invalid/{path.stem}"
            if name in results:
                continue
            data = named_host(bytes_of(path))
            # Some are a good request with a bad one behind it.
            last = talk(server.address, data, max(data.count(b" HTTP/1"), 1))[-1:]
            refused = last == ["closed"] or (last and isinstance(last[0], int))
            results[name] = ["passed", ""] if refused else ["failed", f"accepted: {last}"[:150]]
    pathlib.Path(os.environ["PEERS_RESULTS"]).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
