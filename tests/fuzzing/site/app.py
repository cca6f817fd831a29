"""A WSGI application, and a function that makes one."""

import io


def application(environ, start_response):
    body = environ["wsgi.input"].read(5000)
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Length", str(len(body)))])
    if environ["QUERY_STRING"] == "file":
        return environ["wsgi.file_wrapper"](open(__file__, "rb"))
    if environ["QUERY_STRING"] == "memory":
        return environ["wsgi.file_wrapper"](io.BytesIO(body))
    return [key.encode("latin-1", "replace") for key in sorted(environ)]


def make():
    def made(environ, start_response):
        write = start_response("404 Not here", [])
        write(b"written")
        raise KeyError("after the headers")

    return made
