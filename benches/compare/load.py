"""wrk, and what it counted."""

import re
import subprocess
from dataclasses import dataclass

from place import HERE, Problem

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

    @property
    def errors(self):
        return self.socket_errors + self.status_errors


def measure(port, target, connections, seconds, headers=None, body=0):
    """Load for some seconds by one thread of wrk."""
    command = [
        *("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"),
        *("--timeout", f"{TIMEOUT_SECONDS}s", "-s", str(HERE / "load.lua")),
    ]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}: {value}"]
    command.append(f"http://127.0.0.1:{port}{target}")
    if body:
        command += ["--", str(body)]
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
    numbers = [int(number) for number in found.group(1).split()]
    duration, requests, connect, read, write, timeout, status, p50, p99, longest = numbers
    return Sample(
        rate=requests / (duration / 1e6) if duration else 0.0,
        p50=p50 / 1000,
        p99=p99 / 1000,
        longest=longest / 1000,
        requests=requests,
        socket_errors=connect + read + write + timeout,
        status_errors=status,
    )
