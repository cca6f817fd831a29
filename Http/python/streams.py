"""``sys.stdin``, ``sys.stdout`` and ``sys.stderr`` of scripts.

Real text streams, so that whatever a library does with a stream works. They hold nothing
themselves: each call goes to the request of the calling thread, and output of a thread that has
none goes to the log. So a module may keep them from its first import on.
"""

import codecs
import io
import os

from _PyISAPIe import (
    charset,
    close_stream,
    flush,
    in_request,
    log,
    read,
    readline,
    set_charset,
    stream_closed,
    write,
)


def _number(size):
    return -1 if size is None else size


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

    def close(self):
        """Ends the output of the CGI script that runs; without effect elsewhere."""
        close_stream(False)

    @property
    def closed(self):
        return stream_closed(False)


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

    def close(self):
        """Without effect: the log is everybody's."""


class _Input(io.BufferedIOBase):
    """The bytes below ``sys.stdin``: the body of the request."""

    name = "<request>"
    mode = "rb"

    def readable(self):
        return True

    def read(self, size=-1, /):
        return read(_number(size))

    read1 = read

    def readline(self, size=-1, /):
        return readline(_number(size))

    def close(self):
        """Ends the input of the CGI script that runs; without effect elsewhere."""
        close_stream(True)

    @property
    def closed(self):
        return stream_closed(True)

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

    def detach(self):
        """The bytes below. This stream can still be used: it is everybody's."""
        return self._buffer

    def close(self):
        self._buffer.close()

    @property
    def closed(self):
        return self._buffer.closed

    def reconfigure(self, **_options):
        """Accepted and without effect."""

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

    def reconfigure(self, *, encoding=None, **_options):
        """The charset of a CGI script's text. Without effect elsewhere: it is the response's."""
        if encoding is not None:
            set_charset(codecs.lookup(encoding).name)


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
        decoder = codecs.getincrementaldecoder(self.encoding)(self.errors)
        text = ""
        torn = False
        while len(text) < size:
            # No more bytes than characters are wanted; and one by one to the end of a character.
            data = self._buffer.read(1 if torn else size - len(text))
            text += decoder.decode(data, not data)
            torn = bool(decoder.getstate()[0])
            if not data:
                break
        return text

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
