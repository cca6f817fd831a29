# What PEP 3333 allows and few applications do, under the standard library's validator.
import hashlib
import io
import json
import os
import sys
from wsgiref.validate import validator

HERE = os.path.dirname(os.path.abspath(__file__))
closed = []
# A host may change the list that it is given, so everybody makes one of his own.
TEXT = [("Content-Type", "text/plain; charset=utf-8")]


class Closing:
    """A body whose `close` is noted, and which may raise where it is asked for a part."""

    def __init__(self, name, parts):
        self.name, self.parts = name, iter(parts)

    def __iter__(self):
        return self

    def __next__(self):
        part = next(self.parts)
        if isinstance(part, Exception):
            raise part
        return part

    def close(self):
        closed.append(self.name)


def environment(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    plain = {key: value for key, value in environ.items() if isinstance(value, (str, bool))}
    plain["wsgi.version"] = list(environ["wsgi.version"])
    return [json.dumps(plain).encode()]


def status(environ, start_response):
    start_response("299 Fine, Mostly", [*TEXT])
    return [b"299"]


def lines(environ, start_response):
    stream = environ["wsgi.input"]
    seen = [stream.readline(), stream.read(3), stream.readline(4)]
    seen += stream.readlines(1)
    seen += list(stream)
    seen.append(stream.read(10))
    start_response("200 OK", [*TEXT])
    return [json.dumps([part.decode() for part in seen]).encode()]


def digest(environ, start_response):
    stream, sha, size = environ["wsgi.input"], hashlib.sha256(), 0
    while data := stream.read(65536):
        sha.update(data)
        size += len(data)
    start_response("200 OK", [*TEXT])
    return [f"{size} {sha.hexdigest()}".encode()]


def unread(environ, start_response):
    start_response("200 OK", [*TEXT])
    return [b"not read"]


def write(environ, start_response):
    send = start_response("200 OK", [*TEXT])
    send(b"written, ")
    send(b"twice, ")
    return [b"and returned"]


def write_length(environ, start_response):
    send = start_response("200 OK", [*TEXT, ("Content-Length", "12")])
    send(b"123456")
    send(b"")
    return [b"", b"789", b"abc"]


def late(environ, start_response):
    """Starts the response only when its first part is asked for, and that one is empty."""
    start_response("200 OK", [*TEXT])
    yield b""
    yield b"late"


def empty(environ, start_response):
    start_response("200 OK", [*TEXT])
    return []


def no_content(environ, start_response):
    start_response("204 No Content", [])
    return []


def replaced(environ, start_response):
    start_response("200 OK", [*TEXT, ("X-First", "1")])
    try:
        raise ValueError("on purpose")
    except ValueError:
        start_response("503 Replaced", [*TEXT, ("X-Second", "2")], sys.exc_info())
    return [b"replaced"]


def too_late(environ, start_response):
    send = start_response("200 OK", [*TEXT])
    send(b"x" * 300_000)
    try:
        raise ValueError("too late")
    except ValueError:
        start_response("500 Replaced", [*TEXT], sys.exc_info())
    return [b"never"]


def breaks(environ, start_response):
    start_response("200 OK", [*TEXT])
    return Closing("breaks", [b"x" * 300_000, ValueError("in the middle")])


def early(environ, start_response):
    raise ValueError("before anything")


def closing(environ, start_response):
    start_response("200 OK", [*TEXT])
    return Closing("closing", [b"a", b"b"])


def long(environ, start_response):
    start_response("200 OK", [*TEXT])
    return Closing("long", (b"x" * 100_000 for _ in range(1000)))


def what_closed(environ, start_response):
    start_response("200 OK", [*TEXT])
    return [" ".join(closed).encode()]


def file(environ, start_response):
    data = open(os.path.join(HERE, "data.bin"), "rb")
    start_response("200 OK", [("Content-Type", "application/x-a")])
    return environ["wsgi.file_wrapper"](data, 8192)


def memory(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/x-a"), ("Content-Length", "3")])
    return environ["wsgi.file_wrapper"](io.BytesIO(b"abc"))


def headers(environ, start_response):
    many = [("X-Many", str(i)) for i in range(50)]
    start_response("200 OK", [*TEXT, *many, ("X-Latin", "gr\xfc\xdfe"), ("ETag", '"1"')])
    return [b"headers"]


def log(environ, start_response):
    print("a line for the log", file=environ["wsgi.errors"])
    environ["wsgi.errors"].write("größer\n")
    environ["wsgi.errors"].flush()
    start_response("200 OK", [*TEXT])
    return [b"logged"]


def prints(environ, start_response):
    print("printed before")
    start_response("200 OK", [*TEXT, ("Content-Length", "4")])
    print("printed after")
    sys.stdout.write("größer")
    sys.stdout.flush()
    return [b"body"]


def dispatch(environ, start_response):
    name = environ["PATH_INFO"].split("/")[1] if environ["PATH_INFO"] else ""
    return globals()[name](environ, start_response)


checked = validator(dispatch)
# What the validator itself does not allow, though the PEP does: a file wrapper has to come back as
# it was, and it holds that every answer has a type.
UNCHECKED = ("/file", "/memory", "/no_content", "/lines")


def app(environ, start_response):
    if environ["PATH_INFO"].startswith(UNCHECKED):
        return dispatch(environ, start_response)
    return checked(environ, start_response)
