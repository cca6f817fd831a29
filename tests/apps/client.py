"""HTTP over a plain socket, so that the tests see what is on the wire: reason phrases, the order
and the number of headers, and whether a body is whole."""

import json
import socket

# Longer than any answer takes, however loaded the machine; only a hang reaches it.
PATIENCE = 120


class Response:
    def __init__(self, line, headers, body):
        self.line = line
        self.headers = headers
        self.body = body
        _, code, *reason = line.split(" ", 2)
        self.status = int(code)
        self.reason = reason[0] if reason else ""

    def all(self, name):
        """Every value of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        """The only value of a header, or `None`."""
        values = self.all(name)
        if len(values) > 1:
            raise AssertionError(f"more than one {name}: {values}")
        return values[0] if values else None

    @property
    def text(self):
        return self.body.decode("utf-8")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        heads = "\n".join(f"{k}: {v}" for k, v in self.headers)
        return f"{self.line}\n{heads}\n\n{self.body[:3000]!r}"


class Connection:
    """One connection, kept open between requests."""

    def __init__(self, address):
        self.address = address
        self.socket = socket.create_connection(address, PATIENCE)
        self.file = self.socket.makefile("rb")

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, method, target, headers=(), body=None, chunks=None):
        lines = [f"{method} {target} HTTP/1.1", "Host: %s:%d" % self.address]
        lines += [f"{name}: {value}" for name, value in dict(headers).items()]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        if chunks is not None:
            lines.append("Transfer-Encoding: chunked")
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        if body:
            self.socket.sendall(body)
        for chunk in [*(chunks or ()), b""] if chunks is not None else ():
            self.socket.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))

    def line(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise AssertionError(f"the response is cut off after {line!r}")
        return line[:-2].decode("latin-1")

    def head(self):
        line, headers = self.line(), []
        while header := self.line():
            name, _, value = header.partition(": ")
            headers.append((name, value))
        return Response(line, headers, b"")

    def chunk(self):
        """The next chunk of a body; empty at its end."""
        size = int(self.line().split(";")[0], 16)
        data = self.exactly(size)
        if self.line():
            raise AssertionError("a chunk is longer than it says")
        return data

    def exactly(self, size):
        data = self.file.read(size)
        if len(data) != size:
            raise AssertionError(f"the body is cut off: {len(data)} of {size} bytes")
        return data

    def response(self, method="GET"):
        response = self.head()
        length = response.header("Content-Length")
        if method == "HEAD" or response.status in (204, 304) or response.status < 200:
            pass
        elif (response.header("Transfer-Encoding") or "").lower() == "chunked":
            parts = []
            while part := self.chunk():
                parts.append(part)
            response.body = b"".join(parts)
        elif length is not None:
            response.body = self.exactly(int(length))
        else:
            response.body = self.file.read()
        return response

    def request(self, method, target, headers=(), body=None, chunks=None):
        self.send(method, target, headers, body, chunks)
        return self.response(method)


def multipart(fields, files):
    """The headers and the body of a form with files: `{"name": ("file.txt", type, bytes)}`."""
    mark = "----isapi-shim-7MA4YWxk"
    body = b""
    for name, value in fields.items():
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        body += head.encode() + value.encode() + b"\r\n"
    for name, (file, kind, data) in files.items():
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
        body += (head + f"Content-Type: {kind}\r\n\r\n").encode() + data + b"\r\n"
    return {
        "Content-Type": f"multipart/form-data; boundary={mark}"
    }, body + f"--{mark}--\r\n".encode()


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
