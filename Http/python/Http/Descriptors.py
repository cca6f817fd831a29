"""Standard input and output of a CGI script as files that the system knows, when it asks for them.

Scripts for Windows say ``msvcrt.setmode(sys.stdin.fileno(), os.O_BINARY)``; others hand
``sys.stdout`` to a child process, or open its descriptor anew. The process's own descriptors are
the server's. So a script gets those of temporary files: the body of the request is copied into
one, and what is written into the other is fetched from there.
"""

import os
import shutil
import tempfile
import threading

from _PyISAPIe import streams, write

#: How much is fetched at once.
_PIECE = 65536


class _File:
    """A temporary file with two descriptors that share their place in it."""

    def __init__(self, copied=None):
        with tempfile.TemporaryFile() as file:
            if copied is not None:
                shutil.copyfileobj(copied, file)
                file.seek(0)
            #: One that the script does not know, and cannot close.
            self.own = os.dup(file.fileno())
            #: The script's.
            self.given = os.dup(file.fileno())

    def close(self):
        # The script may have closed its one, and the number may be another file's by now.
        try:
            if os.path.samestat(os.fstat(self.given), os.fstat(self.own)):
                os.close(self.given)
        except OSError:  # it is nobody's
            pass
        os.close(self.own)


class Descriptors:
    """The files of one script, which runs on the thread that makes this."""

    def __init__(self):
        self._thread = threading.get_ident()
        self._input = None
        self._output = None
        self._fetched = 0
        #: The copy of the body, once it was made: it is read in the place of the body then.
        self.body = None
        streams.descriptors = self

    def are_mine(self):
        """Whether the calling thread is the script's."""
        return threading.get_ident() == self._thread

    def input_fileno(self):
        """The descriptor of the body."""
        if self._input is None:
            self._input = _File(streams.stdin.buffer)
            self.body = open(self._input.own, "rb", closefd=False)
        return self._input.given

    def output_fileno(self):
        """The descriptor of what the script writes."""
        if self._output is None:
            self._output = _File()
        return self._output.given

    def fetch(self):
        """Sends what was written by descriptor since the last time."""
        while self._output is not None:
            data = self._read(self._output.own)
            if not data:
                return
            self._fetched += len(data)
            write(data)

    def _read(self, file):
        if hasattr(os, "pread"):
            return os.pread(file, _PIECE, self._fetched)
        # The place in the file is the script's, too.
        place = os.lseek(file, 0, os.SEEK_CUR)
        os.lseek(file, self._fetched, os.SEEK_SET)
        try:
            return os.read(file, _PIECE)
        finally:
            os.lseek(file, place, os.SEEK_SET)

    def end(self):
        """The script has ended."""
        try:
            if not streams.stdout.closed:
                self.fetch()
        finally:
            streams.descriptors = None
            for file in (self._input, self._output):
                if file is not None:
                    file.close()
