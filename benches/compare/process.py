"""Servers as processes: started, checked, measured for memory, and ended again."""

import http.client
import os
import signal
import socket
import subprocess
import time

from place import APPS, Problem

START_SECONDS = 30
STOP_SECONDS = 5
SETTLE_SECONDS = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, target, body=b"", headers=None, timeout=10):
    """One request. Returns status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        if body:
            kind = {"Content-Type": "application/octet-stream"}
            connection.request("POST", target, body, {**kind, **(headers or {})})
        else:
            connection.request("GET", target, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


class Others:
    """How much of the machine's time other processes take: what is measured beside them is noise."""

    def __init__(self):
        self.before = self.counts()

    def counts(self):
        """Seconds since the start of the machine: of all processors, busy, stolen, and ours."""
        with open("/proc/stat") as file:
            ticks = [int(number) for number in file.readline().split()[1:9]]
        user, nice, system, idle, wait, irq, softirq, steal = ticks
        unit = os.sysconf("SC_CLK_TCK")
        busy = user + nice + system + irq + softirq
        # Servers and wrk count once they have ended and were waited for.
        own = sum(os.times()[:4])
        return sum(ticks) / unit, busy / unit, steal / unit, own

    def share(self):
        """Of the time since then: taken by others, here and on the machine that hosts this one."""
        whole, busy, steal, own = (now - b for now, b in zip(self.counts(), self.before))
        return max(0.0, busy - own + steal) / whole if whole else 0.0


class Running:
    """One server that runs, with all its processes, as a context."""

    def __init__(self, place, server, django):
        self.server = server
        self.place = place
        self.port = free_port()
        self.stopped = False
        self.log = place.logs / f"{server.name}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                server.command(place, self.port, django),
                # A session of its own: by it all its processes are found, and ended.
                start_new_session=True,
                cwd=APPS,
                env=place.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def wait(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Problem(f"it ended at once: {self.last_words()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Problem(f"it does not listen after {START_SECONDS} s: {self.last_words()}")

    def last_words(self):
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def check(self, work):
        """Asks once and looks at the answer."""
        target = self.server.target(work)
        try:
            status, body = ask(self.port, target, work.sent(), work.headers, SETTLE_SECONDS)
        except (OSError, http.client.HTTPException) as error:
            raise Problem(f"no answer: {error or type(error).__name__}") from None
        django_page = self.place.django_page.read_bytes() if work.django else None
        wrong = work.wrong(status, body, django_page)
        if wrong:
            raise Problem(f"a wrong answer: {wrong}")

    def settle(self, work):
        """Waits until it has worked off what a client left behind that is gone: a new Python for
        each of 256 requests takes some seconds."""
        try:
            self.check(work)
        except Problem:
            # The next check tells.
            pass

    def memory(self):
        """KiB of all its processes: resident, and with what is shared counted by shares."""
        resident = shares = 0
        for pid in session(self.process.pid):
            resident += kib(f"/proc/{pid}/status", "VmRSS:")
            shares += kib(f"/proc/{pid}/smaps_rollup", "Pss:")
        return resident, shares

    def stop(self):
        """Ends it by a signal, and by force what does not end."""
        if self.stopped:
            # Its number may be another process's by now.
            return
        self.stopped = True
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                pass
        for pid in session(self.process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()


def session(leader):
    """The processes of a session."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as file:
                # The name in brackets may hold anything, also blanks and brackets.
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        state, number = fields[0], int(fields[3])
        if number == leader and state != "Z":
            found.append(int(entry))
    return found


def kib(file, field):
    """A number of /proc; 0 where it may not be read, or the process has just ended."""
    try:
        with open(file) as lines:
            return next((int(line.split()[1]) for line in lines if line.startswith(field)), 0)
    except OSError:
        return 0
