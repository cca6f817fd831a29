"""The server that is measured: its memory and its processor time."""

from __future__ import annotations

import os
import time

from place import Problem, find_target
from process import Running, kib


class Place:
    """Where things of this run are; in the form that the comparison's `Running` wants."""

    def __init__(self, program):
        self.target = find_target()
        self.made = self.target / "growth"
        self.logs = self.made / "logs"
        self.sites = self.made / "sites"
        self.program = program or self.target / "release/isapi-shim"
        self.logs.mkdir(parents=True, exist_ok=True)

    def environment(self):
        # Nothing is left in the folders of sites, so that every load is a first one.
        environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
        environment.pop("PYTHONPATH", None)
        return environment


class Command:
    """What to start; in the form that the comparison's `Running` wants."""

    def __init__(self, site, options=(), name="serve"):
        self.site, self.options, self.name = site, options, name

    def command(self, place, port, _django):
        options = self.options or ("--reload", "never")
        return [
            *(str(place.program), "serve", "--no-access-log", "--listen", f"127.0.0.1:{port}"),
            # Idle connections are to stay for a whole measurement.
            *("--header-timeout", "600", *options, str(self.site)),
        ]


class Server(Running):
    """One `isapi-shim serve`, as a context."""

    def __init__(self, place, site, options=(), name="serve"):
        super().__init__(place, Command(site, options, name), False)

    @property
    def pid(self):
        return self.process.pid

    def resident(self):
        """KiB."""
        return kib(f"/proc/{self.pid}/status", "VmRSS:")

    def peak(self):
        """KiB: the most that was resident since the start, or since it was forgotten."""
        return kib(f"/proc/{self.pid}/status", "VmHWM:")

    def forget_peak(self):
        """Whether the peak begins anew, which a container may not allow."""
        try:
            with open(f"/proc/{self.pid}/clear_refs", "w") as file:
                file.write("5")
        except OSError:
            return False
        return True

    def cpu(self):
        """Seconds of processor time, of all threads, also of those that have ended: what utime and
        stime of /proc/PID/stat say in hundredths of a second, in nanoseconds."""
        try:
            # How Linux numbers the clock of another process: clock_getcpuclockid(3).
            return time.clock_gettime((~self.pid << 3) | 2)
        except OSError:
            raise Problem(f"the server has ended: {self.last_words()}") from None
