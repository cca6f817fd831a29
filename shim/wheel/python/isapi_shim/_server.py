"""A server with a port, as a process: for browsers, and for programs that know only HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

#: Python and a site must have started by then.
_PATIENCE = 60.0


class Server:
    """``isapi-shim serve`` at a free port. A context manager: its end ends the process."""

    def __init__(
        self,
        root: str | os.PathLike[str],
        folder: str | os.PathLike[str],
        arguments: list[str] | None = None,
    ) -> None:
        ready = Path(folder, "url")
        self._log = Path(folder, "log")
        command = [sys.executable, "-m", "isapi_shim", "serve", "--listen", "127.0.0.1:0"]
        command += ["--ready-file", str(ready), *(arguments or []), "--", os.fspath(root)]
        with open(self._log, "wb") as log:
            #: The process.
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        until = time.monotonic() + _PATIENCE
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > until:
                self.close()
                raise RuntimeError(f"isapi-shim serve did not start:\n{self.log}")
            time.sleep(0.01)
        #: Where it listens, with a slash at the end.
        self.url = ready.read_text(encoding="utf-8").strip()

    @property
    def log(self) -> str:
        """What it has written: its access log, tracebacks, ``sys.stderr`` of scripts."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """Ends the process; running requests finish."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
