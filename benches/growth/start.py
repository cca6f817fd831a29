"""What a start costs, and what of it is the package `Http`."""

import os
import re
import statistics
import subprocess
import time

from place import quiet
from tables import Table, column, say, seconds

# For `from Http import *`, as Python reports its imports; the reporting itself is in it.
BUDGET = 1e-3
LINE = re.compile(r"^import time:\s+(\d+) \|\s+(\d+) \|(\s+)(\S+)$", re.MULTILINE)


def starts(place, site, runs):
    """Whole processes, in turns."""
    who = place.sites / "who.py"
    who.write_text("from Http import *\nimport sys\ndef Request(): Write(sys.executable)\n")
    python = quiet([place.program, "run", str(who)], "isapi-shim run").strip()
    run = [str(place.program), "run", str(site / "hello.py")]
    commands = {
        "`isapi-shim --version`": [str(place.program), "--version"],
        "`python3 -c pass`": [python, "-c", "pass"],
        "`isapi-shim run hello.py`": run,
    }
    taken = {name: [] for name in commands}
    for turn in range(runs + 2):
        for name, command in commands.items():
            found = one(command, place.environment())
            # The first ones fetch from the disk.
            if turn >= 2:
                taken[name].append(found)
    table = Table(
        "Start",
        [
            ("command", column("what")),
            ("time, median", column("seconds", seconds)),
            ("lowest", column("least", seconds)),
            ("CPU, median", column("cpu", seconds)),
            ("errors", column("errors")),
        ],
        note=f"{runs} runs of each, in turns; the same Python.",
    )
    for name, found in taken.items():
        walls, cpus, codes = zip(*found)
        table.rows.append(
            {
                "what": name,
                "seconds": statistics.median(walls),
                "least": min(walls),
                "cpu": statistics.median(cpus),
                "errors": sum(code != 0 for code in codes),
            }
        )
        say(f"    {table.rows[-1]}")
    pass_, hello = table.rows[1], table.rows[2]
    ratio = hello["cpu"] / pass_["cpu"]
    table.verdicts.append(
        f"`run hello.py` takes {hello['seconds'] / pass_['seconds']:.2f} times the time and "
        f"{ratio:.2f} times the processor time of `python3 -c pass`; the aim of at most 1.25 is "
        f"{'reached' if ratio <= 1.25 else '**not reached**'}."
    )
    yield table
    yield imports(place, run, [python, "-c", "pass"], max(5, runs // 4))


def one(command, environment):
    """Seconds, seconds of processor time, exit code."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    # It was waited for here; Popen must not try again.
    process.returncode = os.waitstatus_to_exitcode(status)
    return wall, used.ru_utime + used.ru_stime, process.returncode


def imports(place, run, bare, runs):
    """What Python says that its imports take, in the same way as with -X importtime."""
    environment = dict(place.environment(), PYTHONPROFILEIMPORTTIME="1")

    def profile(command):
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        found = {}
        for own, total, _, name in LINE.findall(done.stderr):
            found[name] = (int(own) / 1e6, int(total) / 1e6)
        return found

    ours = [profile(run) for _ in range(runs)]
    theirs = set(profile(bare))
    table = Table(
        "Imports of a start",
        [
            ("module", column("what")),
            ("alone", column("own", seconds)),
            ("with what it imports", column("seconds", seconds)),
        ],
        note=f"`PYTHONPROFILEIMPORTTIME=1 isapi-shim run hello.py`, medians of {runs}: `site`, "
        "which every Python imports, and all that `python3 -c pass` does not.",
    )
    names = [name for name in ours[0] if name == "site" or name not in theirs]
    for name in names:
        own, total = zip(*(found[name] for found in ours if name in found))
        row = {"what": f"`{name}`", "own": statistics.median(own)}
        row["seconds"] = statistics.median(total)
        table.rows.append(row)
        say(f"    {row}")
    package = sum(row["own"] for row in table.rows if row["what"] != "`site`")
    table.verdicts.append(
        f"the package `Http` and all that it brings take {seconds(package)}; the budget of "
        f"{seconds(BUDGET)} is {'kept' if package <= BUDGET else '**not kept**'}."
    )
    return table
