"""The results as Markdown."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import asdict, dataclass, field

import report
from fit import size
from place import Problem

BUSY = " **Other work took much of it: the figures are preliminary.**"


@dataclass
class Table:
    """One axis: its rows as they were measured, the columns to show, and what it shows."""

    title: str
    # (heading, how a row is shown in it)
    columns: list
    rows: list = field(default_factory=list)
    verdicts: list = field(default_factory=list)
    note: str = ""

    def markdown(self):
        lines = [f"### {self.title}", ""]
        if self.note:
            lines += [self.note, ""]
        headings = [heading for heading, _ in self.columns]
        lines += [line(headings), "|" + "---|" * len(headings)]
        for row in self.rows:
            if "problem" in row:
                cells = [self.columns[0][1](row), report.cell(row["problem"])]
                lines.append(line(cells + [""] * (len(headings) - 2)))
            else:
                lines.append(line(show(row) for _, show in self.columns))
        lines.append("")
        lines += [f"- {verdict[0].upper()}{verdict[1:]}" for verdict in self.verdicts]
        return lines + [""] * bool(self.verdicts)

    def plain(self):
        """For JSON: without the functions."""
        return {**asdict(self), "columns": [heading for heading, _ in self.columns]}


def line(cells):
    return f"| {' | '.join(cells)} |"


def number(value):
    """A count, with the blanks of the other tables."""
    return f"{value:,.0f}".replace(",", " ")


def seconds(value):
    if value is None:
        return ""
    if value < 1e-3:
        return f"{value * 1e6:.0f} µs"
    return f"{report.milliseconds(value * 1e3)} ms" if value < 1 else f"{value:.2f} s"


def mib(kib):
    return f"{kib / 1024:.1f}"


def column(name, show=str):
    """One that shows a value of the row."""
    return lambda row: show(row[name])


def rate(row):
    """MiB/s, of what is large enough to have some."""
    speed = row["size"] / row["seconds"] / 2**20
    return number(speed) if row["size"] >= 65536 else f"{speed:.2g}"


COST = [
    ("time per request", column("seconds", seconds)),
    ("CPU per request", column("cpu", seconds)),
]
MEMORY = [
    ("MiB before", column("before", mib)),
    ("after", column("after", mib)),
    ("peak", column("peak", mib)),
]
ERRORS = [("errors", column("errors"))]
SIZES = [
    ("size", column("size", size)),
    ("requests", column("requests", number)),
    *COST,
    ("MiB/s", rate),
    *MEMORY,
    *ERRORS,
]


def markdown(facts, tables):
    lines = [
        f"{facts['date']}, `{facts['command']}`: {facts['minutes']:.0f} minutes. {facts['cores']} "
        f"cores ({facts['processor']}, {facts['machine']}), {facts['memory_gib']} GiB, "
        f"Linux {facts['kernel']}, CPython {facts['python']}, wrk {facts['wrk']}. isapi-shim "
        f"{'given by --program' if facts['other_program'] else 'at commit ' + facts['commit']}. "
        f"Other processes, and clients, took {facts['others']:.0%} of the machine."
        f"{BUSY * (facts['load'] > 1.5 * facts['cores'])}",
        "",
    ]
    for table in tables:
        lines += table.markdown()
    return "\n".join(lines).rstrip() + "\n"


def say(text):
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def measuring(row, label=""):
    """Says what came of a row. What went wrong is a part of it, and ends only this one."""
    try:
        yield
    except (Problem, OSError) as problem:
        row["problem"] = str(problem)
    say(f"    {label}{row}")
