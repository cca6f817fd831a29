"""The command: options, the order of things, and where the results go."""

import argparse
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

# What both measurements need lies with the older one.
sys.path.append(str(Path(__file__).resolve().parent.parent / "compare"))

import counts
import install
import report
import sites
import sizes
import start
import tables
from place import PROJECT, Problem
from process import Others
from server import Place

AXES = ("responses", "requests", "chunks", "huge", "scripts", "connections", "served", "start")
KIB, MIB, GIB = 2**10, 2**20, 2**30


class Amounts:
    """How much is measured."""

    sizes = (1, KIB, 64 * KIB, MIB, 10 * MIB, 100 * MIB)
    # Of a body of a mebibyte.
    chunks = (1, 16, 256, 4096, 65_536, MIB)
    huge = GIB
    # The last one is more than what is kept by path.
    scripts = (1, 10, 100, 1000, 10_000, 20_000)
    connections = (1, 10, 100, 1000, 5000)
    served = (10_000, 100_000, 1_000_000)
    served_seconds = 240
    # For each size; of wrk for each row; starts.
    budget = 3.0
    seconds = 3
    starts = 40


class Quick(Amounts):
    """About a minute."""

    scripts = (1, 10, 100, 1000)
    connections = (1, 100, 1000)
    served = (10_000, 100_000)
    served_seconds = 20
    budget = 0.3
    seconds = 1
    starts = 12


def options():
    parser = argparse.ArgumentParser(
        prog="benches/growth/run",
        description="How time and memory of isapi-shim serve grow with the work.",
    )
    parser.add_argument("--quick", action="store_true", help="about a minute; prints")
    parser.add_argument("--long", action="store_true", help="go on to ten million requests")
    parser.add_argument("--axes", default="", help=f"some of: {', '.join(AXES)}; prints")
    parser.add_argument("--program", type=Path, help="an isapi-shim other than this build's")
    parser.add_argument(
        "--output",
        help="a file with the two markers, or - to print. A run of everything writes "
        "docs/performance.md",
    )
    wanted = parser.parse_args()
    wanted.axes = [name for name in wanted.axes.split(",") if name]
    if unknown := set(wanted.axes) - set(AXES):
        parser.error(f"there is no axis {', '.join(sorted(unknown))}")
    if wanted.output is None:
        part = wanted.axes or wanted.quick
        wanted.output = "-" if part else str(PROJECT / "docs/performance.md")
    if wanted.output != "-":
        # Before ten minutes have passed.
        report.markers(wanted.output, "growth")
    return wanted


def descriptors(count):
    """Lets this process, and what it starts, have so many open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        tables.say(f"    at most {hard} descriptors are allowed; {count} are needed")
        count = hard
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def facts(wanted):
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) / MIB
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "command": " ".join(["benches/growth/run", *report.shown_arguments()]),
        "cores": len(os.sched_getaffinity(0)),
        "processor": report.processor(),
        "memory_gib": round(memory),
        "kernel": os.uname().release.split("-")[0],
        "machine": os.uname().machine,
        "python": ".".join(map(str, sys.version_info[:3])),
        "commit": report.commit(),
        "other_program": bool(wanted.program),
        "wrk": report.wrk_version(),
        "load": os.getloadavg()[0],
    }


def measurements(place, site, amounts):
    """All axes: their names and what measures them."""
    return {
        "responses": lambda: sizes.responses(place, site, amounts.sizes, amounts.budget),
        "requests": lambda: sizes.requests(place, site, amounts.sizes, amounts.budget),
        "chunks": lambda: sizes.chunks(place, site, MIB, amounts.chunks, amounts.budget),
        "huge": lambda: sizes.huge(place, site, amounts.huge),
        "scripts": lambda: counts.scripts(place, amounts.scripts, amounts.seconds),
        "connections": lambda: connections(place, site, amounts),
        "served": lambda: counts.served(place, site, amounts.served, amounts.served_seconds),
        "start": lambda: start.starts(place, site, amounts.starts),
    }


def connections(place, site, amounts):
    yield from counts.idle_connections(place, site, amounts.connections, amounts.seconds)
    yield from counts.active_connections(place, site, amounts.connections, amounts.seconds)


def main():
    # So that servers are ended when this is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    wanted = options()
    begin = time.monotonic()
    amounts = Quick() if wanted.quick else Amounts()
    if wanted.long:
        amounts.served = (*Amounts.served, 10_000_000)
        amounts.served_seconds = 3600
    place = Place(wanted.program and wanted.program.resolve())
    if not wanted.program:
        install.build_program()
    descriptors(2 * max(amounts.connections) + 1000)
    site = sites.sizes_site(place.sites / "sizes", amounts.sizes, amounts.huge)
    known, others, found = facts(wanted), Others(), []
    for name, measure in measurements(place, site, amounts).items():
        if wanted.axes and name not in wanted.axes:
            continue
        tables.say(f"==> {name}")
        found += measure()
        known["load"] = max(known["load"], os.getloadavg()[0])
    known["others"] = others.share()
    known["minutes"] = (time.monotonic() - begin) / 60
    everything = {"facts": known, "tables": [table.plain() for table in found]}
    file = place.made / "results.json"
    file.write_text(json.dumps(everything, indent=1) + "\n")
    report.write(wanted.output, tables.markdown(known, found), "growth")
    tables.say(f"==> {known['minutes']:.1f} minutes; also in {file}")


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit(f"benches/growth/run: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
