"""The command: options, the order of things, and where the results go."""

import argparse
import dataclasses
import json
import signal
import sys
import time
from pathlib import Path

import install
import report
import settings_check
from load import measure
from place import PROJECT, Place, Problem
from process import Others, Running
from servers import SERVERS, chosen
from works import DJANGO_TARGET, WORKS

WARM_UP_SECONDS = 1


def options():
    names = ", ".join(server.name for server in SERVERS)
    works = ", ".join(work.name for work in WORKS)
    parser = argparse.ArgumentParser(
        prog="benches/compare/run",
        description="Compares isapi-shim serve with other servers of Python, in turns in one run.",
    )
    parser.add_argument("--quick", action="store_true", help="hello, one round of two seconds")
    parser.add_argument("--servers", default="", help=f"some of: {names}")
    parser.add_argument("--work", default="", help=f"some of: {works}, settings")
    parser.add_argument("--rounds", type=int, help="how often each is measured (3)")
    parser.add_argument("--seconds", type=int, help="how long each time (4)")
    parser.add_argument(
        "--output",
        help="a file with the two markers, or - to print. A run of everything writes "
        "docs/performance.md, one of a part prints",
    )
    parser.add_argument("--program", help="an isapi-shim other than this build's")
    chosen_options = parser.parse_args()
    quick = chosen_options.quick
    chosen_options.rounds = chosen_options.rounds or (1 if quick else 3)
    chosen_options.seconds = chosen_options.seconds or (2 if quick else 4)
    chosen_options.servers = [name for name in chosen_options.servers.split(",") if name]
    chosen_options.work = [name for name in chosen_options.work.split(",") if name]
    if quick and not chosen_options.work:
        chosen_options.work = ["hello"]
    unknown = set(chosen_options.work) - {work.name for work in WORKS} - {"settings"}
    if unknown:
        parser.error(f"there is no work {', '.join(sorted(unknown))}")
    if chosen_options.output is None:
        part = chosen_options.servers or chosen_options.work
        chosen_options.output = "-" if part else str(PROJECT / "docs/performance.md")
    if chosen_options.output != "-":
        # Before half an hour has passed.
        report.markers(chosen_options.output)
    return chosen_options


def say(text):
    print(text, file=sys.stderr, flush=True)


def one_work(place, servers, work, rounds, seconds):
    """All servers in turns. Returns {server: {"samples": ..., "memory": ...} or {"problem": ...}}."""
    say(f"==> {work.title}")
    running, results = {}, {}
    try:
        for server in servers:
            # Each is new for each work, so that its memory is that of this work.
            try:
                running[server.name] = Running(place, server, work.django)
                results[server.name] = {"samples": []}
            except Problem as problem:
                results[server.name] = {"problem": str(problem)}
        for turn in range(rounds):
            for name, instance in running.items():
                if "problem" in results[name]:
                    continue
                try:
                    sample = one_turn(instance, work, seconds, warm_up=turn == 0)
                except Problem as problem:
                    results[name] = {"problem": str(problem)}
                    continue
                results[name]["samples"].append(sample)
                say(
                    f"    {name:12} {sample.rate:9.1f}/s  p50 {sample.p50:8.2f} ms  "
                    f"p99 {sample.p99:8.2f} ms  errors {sample.errors}"
                )
        for name, instance in running.items():
            results[name]["memory"] = instance.memory()
    finally:
        for instance in running.values():
            instance.stop()
    for name, result in results.items():
        if "problem" in result:
            say(f"    {name:12} {result['problem']}")
    return results


def one_turn(instance, work, seconds, warm_up):
    target = instance.server.target(work)
    arguments = (instance.port, target, work.connections)
    if warm_up:
        # Checked first: what is quick and wrong needs no load.
        instance.check(work)
        measure(*arguments, WARM_UP_SECONDS, work.headers, work.sent())
    # An answer means that nothing is left of the load before.
    instance.check(work)
    # One client alone stays alone.
    newcomer = work.connections > 1
    sample = measure(*arguments, seconds, work.headers, work.sent(), newcomer)
    # Nor may anything be left while the next server is measured.
    instance.settle(work)
    return sample


def main():
    # So that servers are ended when this is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    wanted = options()
    servers = chosen(wanted.servers)
    start = time.monotonic()
    place = Place()
    if wanted.program:
        place.program = Path(wanted.program).resolve()
    say("==> set-up")
    failed = install.everything(place, mine=not wanted.program)
    works = [work for work in WORKS if not wanted.work or work.name in wanted.work]
    no_django = install.django_page(place, DJANGO_TARGET)
    missing = {s.name: why for s in servers if (why := s.missing(failed))}
    for name, why in missing.items():
        say(f"    {name}: {why}")
    there = [server for server in servers if server.name not in missing]
    facts = report.facts(place, there, wanted, missing)
    results, others = {}, Others()
    for work in works:
        if work.django and no_django:
            results[work.name] = {s.name: {"problem": no_django} for s in there}
        else:
            results[work.name] = one_work(place, there, work, wanted.rounds, wanted.seconds)
        for name, why in missing.items():
            results[work.name][name] = {"problem": why}
    settings = {}
    if not wanted.work or "settings" in wanted.work:
        say("==> default settings")
        settings = settings_check.all_servers(place, there, wanted.seconds, say)
    facts["others"] = others.share()
    facts["minutes"] = (time.monotonic() - start) / 60
    everything = {"facts": facts, "works": results, "settings": settings}
    (place.made / "results.json").write_text(
        json.dumps(everything, indent=1, default=dataclasses.asdict) + "\n"
    )
    report.write(wanted.output, report.markdown(facts, servers, works, results, settings))
    say(f"==> {facts['minutes']:.1f} minutes; also in {place.made / 'results.json'}")


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit(f"benches/compare/run: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
