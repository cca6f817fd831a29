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
    log,
    read,
    readline,
    set_charset,
    stream_closed,
    to_client,
    write,
)


#: The files of the CGI script that runs (``Http.Descriptors``), where there is one.
descriptors = None


def _descriptors():
    """The files of the calling thread's CGI script."""
    lent = descriptors
    return lent if lent is not None and lent.are_mine() else None


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


def _fetch():
    """What was written by descriptor comes before what is written now."""
    if descriptors is not None:
        lent = _descriptors()
        if lent is not None:
            lent.fetch()


class _Output(_Writer):
    """The bytes below ``sys.stdout``."""

    name = "<response>"

    def _send(self, view):
        if to_client():
            _fetch()
            write(view)
        else:
            log(bytes(view))

    def flush(self):
        if to_client():
            _fetch()
            flush()

    def fileno(self):
        """A descriptor for a CGI script; what is written there is sent when it ends, at last."""
        lent = _descriptors()
        if lent is None:
            raise io.UnsupportedOperation("fileno")
        return lent.output_fileno()

    def close(self):
        """Ends the output of the CGI script that runs; without effect elsewhere."""
        _fetch()
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
        copy = self._copy()
        return read(_number(size)) if copy is None else copy.read(_number(size))

    read1 = read

    def readline(self, size=-1, /):
        copy = self._copy()
        return readline(_number(size)) if copy is None else copy.readline(_number(size))

    def _copy(self):
        """The file that a CGI script reads in the place of the body, once it asked for one."""
        if descriptors is None or self.closed:
            return None
        lent = _descriptors()
        return None if lent is None else lent.body

    def fileno(self):
        """A descriptor for a CGI script."""
        lent = _descriptors()
        if lent is None or self.closed:
            raise io.UnsupportedOperation("fileno")
        return lent.input_fileno()

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

    def fileno(self):
        return self._buffer.fileno()

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
        if to_client():
            _fetch()
            write(text)
        else:
            log(text.encode("utf-8", "backslashreplace"))
        return len(text)

    def writelines(self, lines, /):
        for line in lines:
            self.write(line)

    def flush(self):
        """Sends what is in the response's buffer."""
        self._buffer.flush()

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
