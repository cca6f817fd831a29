"""What a request costs by how much there is: scripts, connections, requests served before."""

import contextlib
import statistics
import sys
import time

import fit
import sites
from client import Connection, keep_open, still_open
from load import measure
from place import HERE as COMPARE
from place import Problem, quiet
from server import Server
from tables import COST, ERRORS, MEMORY, Table, column, measuring, mib, number, say, seconds

ACTIVE = 32
REQUESTS_LUA = COMPARE.parent / "growth/requests.lua"
RELOADS = ("never", "changed")


def loaded(server, target, duration, rounds=1, connections=ACTIVE, **options):
    """wrk for some seconds, in so many rounds: medians of them as a row."""
    samples, cpus = [], []
    for _ in range(rounds):
        cpu = server.cpu()
        sample = measure(server.port, target, connections, duration, **options)
        if not sample.requests:
            raise Problem("no request was answered")
        samples.append(sample)
        cpus.append((server.cpu() - cpu) / sample.requests)
    return {
        "seconds": statistics.median(sample.p50 for sample in samples) / 1000,
        "cpu": statistics.median(cpus),
        "requests": sum(sample.requests for sample in samples),
        "errors": sum(sample.errors for sample in samples),
    }


def scripts(place, counts, duration):
    """Each script called once, then one again and again, then random ones."""
    for reload in RELOADS:
        table = Table(
            f"Scripts in the site, `--reload {reload}`",
            [
                ("scripts", column("count", number)),
                ("first call of each: time", column("first", seconds)),
                ("CPU", column("first_cpu", seconds)),
                ("CPU of the last hundred", column("last_cpu", seconds)),
                ("one script: time per request", column("seconds", seconds)),
                ("CPU", column("cpu", seconds)),
                ("random scripts: time", column("random", seconds)),
                ("CPU", column("random_cpu", seconds)),
                ("MiB", column("after", mib)),
                ("KiB per script", column("each", lambda kib: f"{kib:.1f}")),
                *ERRORS,
            ],
            note=f"One client calls each script once; then {ACTIVE} connections ask for one of "
            "them, and for random ones."
            if reload == "never"
            else "The default: before each request it is looked whether anything has changed.",
        )
        for count in counts:
            row = {"count": count}
            with measuring(row, f"{reload} "):
                site = sites.scripts_site(place.sites / f"scripts{count}", count)
                # So that files are not as young as the clock of the file system is coarse.
                time.sleep(0.1)
                with Server(place, site, ("--reload", reload), f"scripts-{reload}") as server:
                    row |= some_scripts(server, count, duration)
            table.rows.append(row)
        rows = [row for row in table.rows if "problem" not in row]
        for name, what in (
            ("cpu", "processor time per request of one script"),
            ("random_cpu", "processor time per request of random scripts"),
            ("last_cpu", "processor time of a first call"),
        ):
            # A single first call is all start and no measurement.
            first = 10 if name == "last_cpu" else 1
            points = [(r["count"], r[name]) for r in rows if r["count"] >= first]
            table.verdicts.append(fit.flat(points, what))
        used = [(r["count"], r["each"] * r["count"]) for r in rows if r["count"] >= 1000]
        if used:
            table.verdicts.append(
                fit.proportional(used, "memory of the scripts")
                + f" A plain Python takes {rows[-1]['plain']:.1f} KiB for each of the same modules."
            )
        yield table


def some_scripts(server, count, duration):
    row = {"before": server.resident()}
    with Connection(server.port) as client:
        times = []
        last = min(count, 100)
        cpu = at = server.cpu()
        for number_ in range(count):
            if number_ == count - last:
                at = server.cpu()
            status, _, _, taken = client.get(f"/s{number_:05}.py")
            if status != 200:
                raise Problem(f"script {number_} answered {status}")
            times.append(taken)
        row["first"] = statistics.median(times)
        row["first_cpu"] = (server.cpu() - cpu) / count
        row["last_cpu"] = (server.cpu() - at) / last
    row["loaded"] = server.resident()
    row["each"] = (row["loaded"] - row["before"]) / count
    row |= loaded(server, "/s00000.py", 1, duration)
    random = loaded(server, "/", 1, duration, script=REQUESTS_LUA, words=("scripts", count))
    row |= {"random": random["seconds"], "random_cpu": random["cpu"]}
    row["errors"] += random["errors"]
    row |= {"after": server.resident(), "peak": server.peak(), "plain": plain(server, count)}
    return row


def plain(server, count):
    """KiB that a module takes in a Python without server: what is Python's own share."""
    code = f"""
import importlib.util, sys, types
http = types.ModuleType("Http")
http.__all__ = names = ["Header", "Write", "Read", "Env", "DisableBuffer", "Config"]
for name in names: setattr(http, name, None)
sys.modules["Http"] = http
def resident():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
def load(n):
    path = "{server.server.site}/s%05d.py" % n
    spec = importlib.util.spec_from_file_location("script%d" % n, path)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
before = resident()
for n in range({count}): load(n)
print((resident() - before) / {count})
"""
    return float(quiet([sys.executable, "-B", "-c", code], "a plain Python"))


def idle_connections(place, site, counts, duration):
    """Idle ones beside active ones."""
    table = Table(
        f"Idle connections beside {ACTIVE} active ones",
        [
            ("idle", column("count", number)),
            ("still open at the end", column("open", number)),
            *COST,
            *MEMORY,
            ("KiB per idle one", column("each", lambda kib: f"{kib:.1f}")),
            *ERRORS,
        ],
        note='Each idle connection was answered once. "Before": without them.',
    )
    for count in counts:
        row = {"count": count}
        with measuring(row):
            with Server(place, site, name="idle") as server, contextlib.ExitStack() as stack:
                loaded(server, "/hello.py", 1)
                row["before"] = server.resident()
                server.forget_peak()
                for connection in (idle := keep_open(server.port, count, "/hello.py")):
                    stack.enter_context(connection)
                row["each"] = (server.resident() - row["before"]) / count
                row |= loaded(server, "/hello.py", 1, duration)
                row |= {"after": server.resident(), "peak": server.peak()}
                row["open"] = still_open(idle)
                row["errors"] += count - row["open"]
        table.rows.append(row)
    judge(table, "memory of the idle connections")
    yield table


def active_connections(place, site, counts, duration):
    """All of them with a request under way."""
    table = Table(
        "Active connections",
        [
            ("connections", column("count", number)),
            *COST,
            *MEMORY,
            ("KiB per connection", column("each", lambda kib: f"{kib:.1f}")),
            *ERRORS,
        ],
    )
    for count in counts:
        row = {"count": count}
        with measuring(row):
            with Server(place, site, name="active") as server:
                with Connection(server.port) as client:
                    for _ in range(100):
                        client.get("/hello.py")
                row["before"] = server.resident()
                server.forget_peak()
                # wrk opens them within the time that counts.
                longer = duration + count // 2000
                row |= loaded(server, "/hello.py", longer, connections=count)
                row |= {"after": server.resident(), "peak": server.peak()}
                row["each"] = (row["peak"] - row["before"]) / count
        table.rows.append(row)
    judge(table, "memory of the connections, at the peak")
    yield table


def judge(table, what):
    rows = [row for row in table.rows if "problem" not in row]
    table.verdicts.append(fit.flat([(row["count"], row["cpu"]) for row in rows]))
    # Fewer vanish among the pages of everything else.
    used = [(row["count"], row["each"] * row["count"]) for row in rows if row["count"] >= 1000]
    table.verdicts.append(fit.proportional(used, what))


def served(place, site, counts, most_seconds):
    """Requests that differ, one server for all of them."""
    table = Table(
        "Requests served",
        [
            ("requests so far", column("count", number)),
            *COST,
            ("MiB after", column("after", mib)),
            ("peak", column("peak", mib)),
            *ERRORS,
        ],
        note="One server. Of eleven requests one is posted, one is for a static file and one for a "
        "file that is not there; every URL has a number of its own, so that whatever is kept by "
        "URL would grow. Time and CPU are of the requests since the row before.",
    )
    done, start = 0, time.monotonic()
    with Server(place, site, name="served") as server:
        # How many a second, so that a row ends where it should.
        speed = loaded(server, "/hello.py", 1)["requests"]
        for wanted in counts:
            part = {"seconds": [], "cpu": 0, "errors": 0, "requests": 0}
            while done < wanted and time.monotonic() - start < most_seconds:
                duration = max(1, min(60, round((wanted - done) / speed)))
                row = loaded(server, "/", duration, script=REQUESTS_LUA, words=("mixed",))
                done += row["requests"]
                speed = row["requests"] / duration
                part["cpu"] += row["cpu"] * row["requests"]
                part["requests"] += row["requests"]
                part["seconds"].append(row["seconds"])
                # wrk counts a 404 as an error. That of the requests that were under way at the
                # end came for nothing, so their number is not exact.
                part["errors"] += max(0, row["errors"] - row["requests"] // 11 - ACTIVE)
            if done < wanted:
                say(f"    given up at {done} requests after {most_seconds} s")
                break
            table.rows.append(
                {
                    "count": done,
                    "seconds": statistics.median(part["seconds"]),
                    "cpu": part["cpu"] / part["requests"],
                    "errors": part["errors"],
                    "after": server.resident(),
                    "peak": server.peak(),
                }
            )
            say(f"    {table.rows[-1]}")
    table.verdicts.append(fit.flat([(row["count"], row["cpu"]) for row in table.rows]))
    if len(table.rows) > 1:
        # What is kept by path is full at some thousands; from then on nothing may be added.
        first, last = table.rows[-2], table.rows[-1]
        grown = (last["after"] - first["after"]) * 1024 / (last["count"] - first["count"])
        word = "flat" if grown < 1 else "**not flat**"
        table.verdicts.append(
            f"memory in the last decade: {word}, {grown:.2f} bytes for each request."
        )
    yield table
