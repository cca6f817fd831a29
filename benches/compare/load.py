"""wrk, and what it counted."""

from __future__ import annotations

import http.client
import re
import subprocess
import threading
import time
from dataclasses import dataclass

from place import HERE, Problem
from process import ask

# wrk gives a request up after so long, and counts it.
TIMEOUT_SECONDS = 5


@dataclass(frozen=True)
class Sample:
    """One measurement. Latencies are in milliseconds."""

    rate: float
    p50: float
    p99: float
    longest: float
    requests: int
    # Sockets that failed or waited too long, and statuses of 400 and above.
    socket_errors: int
    status_errors: int
    # How long one more client waited for its answer meanwhile; nothing if it got none.
    newcomer: float | None

    @property
    def errors(self):
        return self.socket_errors + self.status_errors


def measure(
    port,
    target,
    connections,
    seconds,
    headers=None,
    body=b"",
    newcomer=False,
    script=None,
    words=(),
):
    """Load for some seconds by one thread of wrk, if wanted with one more client meanwhile.

    `script` stands in for load.lua, and prints the same line; `words` are its arguments.
    """
    command = [
        *("wrk", "-t1", f"-c{connections}", f"-d{seconds}s"),
        *("--timeout", f"{TIMEOUT_SECONDS}s", "-s", str(script or HERE / "load.lua")),
    ]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}: {value}"]
    command.append(f"http://127.0.0.1:{port}{target}")
    if body or words:
        command += ["--", *(map(str, words) if words else [str(len(body))])]
    if not newcomer:
        return sample(run(command, seconds), 0.0)
    waited = []
    thread = threading.Thread(
        target=lambda: waited.append(one_more(port, target, seconds, headers, body))
    )
    thread.start()
    try:
        output = run(command, seconds)
    finally:
        thread.join()
    return sample(output, waited[0])


def one_more(port, target, seconds, headers, body):
    """Comes after a quarter of the time, and waits until the end of it."""
    time.sleep(seconds / 4)
    start = time.monotonic()
    try:
        ask(port, target, body, headers, timeout=seconds * 3 / 4)
    except (OSError, http.client.HTTPException):
        return None
    return (time.monotonic() - start) * 1000


def run(command, seconds):
    """The line that load.lua prints."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds + TIMEOUT_SECONDS + 20
        )
    except FileNotFoundError:
        raise Problem("wrk is not installed") from None
    except subprocess.TimeoutExpired:
        raise Problem("wrk did not end") from None
    found = re.search(r"^RESULT (.*)$", done.stdout, re.MULTILINE)
    if not found:
        raise Problem(f"wrk failed: {(done.stderr or done.stdout).strip()[-200:]}")
    return found.group(1)


def sample(line, newcomer):
    numbers = [int(number) for number in line.split()]
    duration, requests, connect, read, write, timeout, status, p50, p99, longest = numbers
    return Sample(
        rate=requests / (duration / 1e6) if duration else 0.0,
        p50=p50 / 1000,
        p99=p99 / 1000,
        longest=longest / 1000,
        requests=requests,
        socket_errors=connect + read + write + timeout,
        status_errors=status,
        newcomer=newcomer,
    )
