"""A real `isapi-shim serve` on a port of its own."""

import os
import pathlib
import subprocess
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]

# Long, because a machine under load is no reason to fail; nothing waits for it otherwise.
PATIENCE = 60


def binary():
    """The program: ISAPI_SHIM, or what cargo has built."""
    given = os.environ.get("ISAPI_SHIM")
    if given:
        return given
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    return str(target / "debug" / "isapi-shim")


class Served:
    """Serves the application `module:app` until closed.

    `path` is what the served Python finds modules in. The module itself may be given as its
    source; it is then written to a folder of its own. `files`: what else is in the site.
    """

    def __init__(self, application, path=(), source=None, files=None):
        self._folder = tempfile.TemporaryDirectory(prefix="peers-")
        self.folder = pathlib.Path(self._folder.name)
        site = self.folder / "site"
        site.mkdir()
        if source is not None:
            (site / (application.partition(":")[0] + ".py")).write_text(source, encoding="utf-8")
        for name, text in (files or {}).items():
            (site / name).write_text(text, encoding="utf-8")
        ready = self.folder / "ready"
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            # The sources of the suites stay as they were fetched.
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        # The program wants an environment of its own Python; ours is for the tests.
        environment.pop("VIRTUAL_ENV", None)
        self._log = open(self.folder / "log", "w+b")
        command = [binary(), "serve", "--listen", "127.0.0.1:0", "--ready-file", str(ready)]
        command += ["--no-access-log", "--reload", "never", "--wsgi", application]
        command.append(str(site))
        self.process = subprocess.Popen(
            command, env=environment, stdout=self._log, stderr=self._log, stdin=subprocess.DEVNULL
        )
        self.address = self._wait(ready)

    def _wait(self, ready):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            # The file is there before its line is.
            if ready.exists() and (url := ready.read_text().strip()):
                host, _, port = url.removeprefix("http://").strip("/").rpartition(":")
                return host, int(port)
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        log = self.log()
        self.close()
        raise RuntimeError(f"the server did not start:\n{log}")

    def log(self):
        """What the server has logged so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def memory(self):
        """Resident memory in bytes, or None where the system does not tell."""
        try:
            pages = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        except OSError:
            return None
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()
        self._folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
