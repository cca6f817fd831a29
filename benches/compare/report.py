"""The results as Markdown."""

import os
import platform
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from place import PROJECT, Problem, quiet
from servers import PATH, SERVERS

# Of the machine, by other processes: above it the figures are noise.
MUCH = 0.1
BUSY = " **That is too much: the figures are preliminary.**"


def markers(file, name="compare"):
    """The text of a file, in three parts: up to the first marker, between, from the second."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    try:
        text = Path(file).read_text()
    except OSError as error:
        raise Problem(f"{file}: {error.strerror}") from None
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise Problem(f"{file} needs {begin} and {end}, once and in this order")
    head, rest = text.split(begin)
    middle, tail = rest.split(end)
    return head + begin, middle, end + tail


def write(output, text, name="compare"):
    """Puts the text between the markers of that name, or prints it."""
    if output == "-":
        print(text, end="")
        return
    head, _, tail = markers(output, name)
    Path(output).write_text(f"{head}\n{text}{tail}")


def facts(place, servers, wanted, missing):
    """What must stand beside numbers: where, when, with what."""
    versions = {}
    for server in servers:
        try:
            versions[server.name] = server.version(place)
        except (Problem, AttributeError) as problem:
            versions[server.name] = f"unknown ({problem})"
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) / 2**20
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "command": " ".join(["benches/compare/run", *shown_arguments()]),
        "cores": len(os.sched_getaffinity(0)),
        "processor": processor(),
        "memory_gib": round(memory),
        # Only the numbers: what a distributor puts behind them tells nothing here.
        "kernel": re.match(r"[\d.]+", platform.release()).group(0),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "commit": commit(),
        "rustc": quiet(["rustc", "--version"], "rustc", cwd=PROJECT).split()[1],
        "wrk": wrk_version(),
        "django": django_version(place),
        "rounds": wanted.rounds,
        "seconds": wanted.seconds,
        "versions": versions,
        "missing": missing,
    }


def shown_arguments():
    """The options as they were given, without paths of this machine."""
    return [Path(a).name if a.startswith("/") else a for a in sys.argv[1:]]


def processor():
    with open("/proc/cpuinfo") as file:
        names = re.findall(r"^model name\s*: (.*)$", file.read(), re.MULTILINE)
    return names[0] if names else "unknown"


def commit():
    """The last commit that changed the program, with a + where files differ from it."""
    parts = ["--", "Cargo.lock", "Http", "shim"]
    try:
        last = quiet(["git", "log", "-1", "--abbrev=10", "--format=%h", *parts], "git", cwd=PROJECT)
        changed = quiet(["git", "status", "--porcelain", *parts], "git", cwd=PROJECT)
    except Problem:
        return "unknown"
    return last.strip() + ("+" if changed.strip() else "")


def wrk_version():
    # It has no option that only tells this, and ends with 1.
    text = subprocess.run(["wrk", "-v"], capture_output=True, text=True).stdout
    found = re.search(r"wrk (?:debian/)?([\d.]+)", text)
    return found.group(1) if found else "unknown"


def django_version(place):
    try:
        return quiet([place.python, "-m", "django", "--version"], "django").strip()
    except Problem:
        return "not there"


def rate(value):
    if value >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def milliseconds(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def share(value):
    return (
        f"{value:.2f}" if value >= 0.0995 else f"{value:.2g}" if value >= 1e-4 else f"{value:.1g}"
    )


def median(samples, what):
    return statistics.median(getattr(sample, what) for sample in samples)


def ratio(results, name, other):
    """The median of the ratios of each round, or nothing."""
    one, two = (results.get(n, {}).get("samples", ()) for n in (name, other))
    ratios = [a.rate / b.rate for a, b in zip(one, two) if b.rate]
    return statistics.median(ratios) if ratios else None


def ordered(servers, results):
    """Ours first, then bare hyper, then the quickest."""

    def key(server):
        samples = results.get(server.name, {}).get("samples")
        speed = median(samples, "rate") if samples else -1.0
        return (not server.ours, server.name != "hyper", 0 if server.ours else -speed)

    return sorted(servers, key=key)


def table(servers, work, results):
    lines = [
        f"### {work.title}",
        "",
        "| server | requests/s (lowest to highest) | of bare hyper | p50 ms | p99 ms | errors "
        "| MiB resident / by shares |",
        "|---|---|---|---|---|---|---|",
    ]
    for server in ordered(servers, results):
        result = results[server.name]
        samples = result.get("samples")
        if not samples:
            lines.append(f"| {server.title} | {cell(result.get('problem', 'not run'))} ||||||")
            continue
        rates = [sample.rate for sample in samples]
        middle = rate(median(samples, "rate"))
        if len(rates) > 1:
            middle += f" ({rate(min(rates))} to {rate(max(rates))})"
        part = ratio(results, server.name, "hyper")
        resident, shares = (f"{kib / 1024:.1f}" if kib else "?" for kib in result["memory"])
        lines.append(
            f"| {server.title} | {middle} | {share(part) if part is not None else ''} "
            f"| {milliseconds(median(samples, 'p50'))} | {milliseconds(median(samples, 'p99'))} "
            f"| {errors(samples)} | {resident} / {shares} |"
        )
    return lines + [""]


def errors(samples):
    """What went wrong, and a newcomer that was kept waiting: wrk does not count connections on
    which nothing ever comes back."""
    found = []
    sockets = sum(sample.socket_errors for sample in samples)
    statuses = sum(sample.status_errors for sample in samples)
    if sockets or statuses:
        found.append(f"{sockets} sockets, {statuses} statuses")
    waited = [sample.newcomer for sample in samples]
    if None in waited:
        found.append(f"a new client got no answer ({waited.count(None)} of {len(waited)})")
    elif max(waited) > 1000:
        found.append(f"a new client waited {max(waited) / 1000:.1f} s")
    return "; ".join(found) or "0"


def cell(text):
    """A failure's text as it may stand in a table, without where the project lies."""
    text = text.replace(str(PROJECT), ".").replace(str(Path.home()), "~")
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def markdown(facts, servers, works, results, settings):
    lines = [
        f"{facts['date']}, `{facts['command']}`: {rounds(facts)} of {facts['seconds']} s, "
        f"{facts['minutes']:.0f} minutes. {facts['cores']} cores ({facts['processor']}, "
        f"{facts['machine']}), {facts['memory_gib']} GiB, Linux {facts['kernel']}, "
        f"CPython {facts['python']}, rustc {facts['rustc']}, wrk {facts['wrk']}, "
        f"Django {facts['django']}. isapi-shim at commit {facts['commit']}. "
        f"Meanwhile other processes took {facts['others']:.0%} of the machine.{busy(facts)}",
        "",
    ]
    lines += goals(results, settings)
    for work in works:
        lines += table(servers, work, results[work.name])
    if settings:
        lines += settings_table(servers, settings)
    lines += ["### Versions and options", "", "| server | version | options |", "|---|---|---|"]
    for server in servers:
        version = facts["versions"].get(server.name) or cell(facts["missing"][server.name])
        lines.append(f"| {server.title} | {version} | {server.options} |")
    return "\n".join(lines) + "\n"


def busy(facts):
    return BUSY if facts["others"] > MUCH else ""


def rounds(facts):
    return "1 round" if facts["rounds"] == 1 else f"{facts['rounds']} rounds"


def goals(results, settings):
    """What is to be reached, beside what was: from the same run, or not at all."""
    rows = []
    hello = results.get("hello", {})
    peers = [s for s in SERVERS if not s.ours and s.name != "hyper" and s.spelling == PATH]

    def compare(what, name, other, least, form="{:.2f}"):
        found = ratio(hello, name, other)
        if found is not None:
            rows.append((what, f"at least {least}", form.format(found), found >= least))

    measured = [s for s in peers if hello.get(s.name, {}).get("samples")]
    if measured:
        best = max(measured, key=lambda s: median(hello[s.name]["samples"], "rate"))
        compare(f"Http script / best peer ({best.name})", "isapi-http", best.name, 1.1)
    compare("Http script / bare hyper", "isapi-http", "hyper", 0.9)
    compare("`serve --wsgi` / granian", "isapi-wsgi", "granian", 1.0)
    compare("CGI script / Apache CGI, one at a time", "isapi-cgi", "apache-cgi", 1000, "{:.0f}")
    compare("CGI script / Apache CGI, 25 at a time", "isapi-cgi", "apache-cgi-25", 1000, "{:.0f}")
    if "memory" in hello.get("isapi-http", {}):
        resident = hello["isapi-http"]["memory"][0] / 1024
        rows.append(
            ("memory after hello", "less than 25 MiB", f"{resident:.1f} MiB", resident < 25)
        )
    ours = settings.get("isapi-http", {})
    if "sleepers" in ours:
        found = ours["sleepers"]
        good = found["done"] == 100 and found["seconds"] < 2
        text = f"{found['seconds']:.2f} s, {found['done']} of 100"
        rows.append(("a hundred scripts that sleep one second", "less than 2 s", text, good))
        for clients in ("1", "8"):
            p99 = ours[f"sleeping-{clients}"]["sample"].p99
            what = f"p99 of a quick script beside eight that sleep, {clients} clients"
            what = what.replace("1 clients", "one client")
            rows.append((what, "less than 20 ms", f"{milliseconds(p99)} ms", p99 < 20))
    if not rows:
        return []
    lines = ["| hello with 32 connections | to reach | measured | reached |", "|---|---|---|---|"]
    lines += [f"| {w} | {t} | {m} | {'yes' if good else 'no'} |" for w, t, m, good in rows]
    return lines + [""]


def settings_table(servers, settings):
    lines = [
        "### Slow scripts, default settings",
        "",
        "| server | 100 that sleep 1 s | p99 ms beside 8 that sleep: 1 client | 8 clients "
        "| p99 ms beside 8 that compute: 1 client | 8 clients |",
        "|---|---|---|---|---|---|",
    ]
    for server in servers:
        found = settings.get(server.name)
        if found is None:
            continue
        lines.append(f"| {server.title} | {settings_row(found)} |")
    return lines + [""]


def settings_row(found):
    if "problem" in found:
        return f"{cell(found['problem'])} ||||"
    return " | ".join([sleepers(found["sleepers"]), *(beside(found[kind]) for kind in KINDS)])


KINDS = ("sleeping-1", "sleeping-8", "computing-1", "computing-8")


def sleepers(found):
    if found["done"] == 100:
        return f"{found['seconds']:.2f} s"
    return f"{found['done']} done after 10 s"


def beside(found):
    """The p99, or how it went where there is none to speak of."""
    sample = found["sample"]
    if not sample.requests:
        return "no answer"
    text = milliseconds(sample.p99)
    if sample.requests < 100:
        return f"{text} (only {sample.requests} requests)"
    return f"{text}, {sample.errors} errors" if sample.errors else text
