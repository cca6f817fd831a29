"""``sys.stdin``, ``sys.stdout`` and ``sys.stderr`` of scripts.

Real text streams, so that whatever a library does with a stream works. They hold nothing
themselves: each call goes to the request of the calling thread, and output of a thread that has
none goes to the log.
"""

import io
import os

from _PyISAPIe import charset, flush, in_request, log, read, write


class _Writer(io.BufferedIOBase):
    """Bytes that go somewhere at once."""

    mode = "wb"

    def writable(self):
        return True

    def write(self, data, /):
        if isinstance(data, str):
            raise TypeError("a bytes-like object is required, not 'str'")
        view = memoryview(data)
        self._send(view)
        return view.nbytes


class _Output(_Writer):
    """The bytes below ``sys.stdout``."""

    name = "<response>"

    def _send(self, view):
        if in_request():
            write(view)
        else:
            log(bytes(view))

    def flush(self):
        flush()


class _Log(_Writer):
    """The bytes below ``sys.stderr``."""

    name = "<log>"

    def _send(self, view):
        log(bytes(view))

    def fileno(self):
        # faulthandler and subprocess ask for it. Under IIS the log is no descriptor.
        if os.name == "nt":
            raise io.UnsupportedOperation("fileno")
        return 2


class _Input(io.BufferedIOBase):
    """The bytes below ``sys.stdin``: the body of the request."""

    name = "<request>"
    mode = "rb"

    def readable(self):
        return True

    def read(self, size=-1, /):
        if size == 0 or not in_request():
            return b""
        return read(0 if size is None or size < 0 else size)

    read1 = read

    def readinto(self, buffer, /):
        view = memoryview(buffer).cast("B")
        data = self.read(len(view)) if len(view) else b""
        view[: len(data)] = data
        return len(data)

    readinto1 = readinto


class _Text(io.TextIOBase):
    """What the three text streams share."""

    newlines = None
    line_buffering = False
    write_through = True

    def __init__(self, buffer):
        self._buffer = buffer

    @property
    def buffer(self):
        return self._buffer

    @property
    def name(self):
        return self._buffer.name

    @property
    def mode(self):
        return self._buffer.mode[0]

    def isatty(self):
        return False

    def reconfigure(self, **_options):
        """Accepted and without effect: the charset is the one of the response."""

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name!r} encoding={self.encoding!r}>"


class ResponseText(_Text):
    """``sys.stdout``: what is printed goes to the client, in the charset of its Content-Type."""

    errors = "strict"

    @property
    def encoding(self):
        return charset()

    def writable(self):
        return True

    def write(self, text, /):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if in_request():
            write(text)
        else:
            log(text.encode("utf-8", "backslashreplace"))
        return len(text)

    def writelines(self, lines, /):
        for line in lines:
            self.write(line)

    def flush(self):
        """Sends what is in the response's buffer."""
        flush()


class LogText(_Text):
    """``sys.stderr``: the log, never the client."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def writable(self):
        return True

    def write(self, text, /):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        log(text.encode("utf-8", "backslashreplace"))
        return len(text)

    def fileno(self):
        return self._buffer.fileno()


#: How many bytes follow the first one of a UTF-8 character, by its five high bits.
_FOLLOWING = {0b11000: 1, 0b11001: 1, 0b11010: 1, 0b11011: 1, 0b11100: 2, 0b11101: 2, 0b11110: 3}


class RequestText(_Text):
    """``sys.stdin``: the body of the request, decoded as UTF-8 with odd bytes kept."""

    encoding = "utf-8"
    errors = "surrogateescape"

    def readable(self):
        return True

    def read(self, size=-1, /):
        """At most ``size`` characters; the bytes of one are never torn apart."""
        if size is None or size < 0:
            return self._decode(self._buffer.read())
        text = []
        while len(text) < size:
            data = self._character()
            if not data:
                break
            text.append(data)
        return self._decode(b"".join(text))

    def _character(self):
        data = self._buffer.read(1)
        if data:
            for _ in range(_FOLLOWING.get(data[0] >> 3, 0)):
                data += self._buffer.read(1)
        return data

    def readline(self, size=-1, /):
        return self._decode(self._buffer.readline(size))

    def __iter__(self):
        return self

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def _decode(self, data):
        return data.decode(self.encoding, self.errors)


stdin = RequestText(_Input())
stdout = ResponseText(_Output())
stderr = LogText(_Log())
