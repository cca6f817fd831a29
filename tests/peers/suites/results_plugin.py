"""Writes what became of each test to the file PEERS_RESULTS. A pytest plugin."""

import json
import os

_results = {}


def pytest_collection_modifyitems(items):
    """Leaves out the tests whose names stand in the file PEERS_SKIP."""
    with open(os.environ["PEERS_SKIP"], encoding="utf-8") as file:
        skip = json.load(file)
    beginnings = tuple(name[:-1] for name in skip if name.endswith("*"))
    kept = []
    for item in items:
        name = _name(item.nodeid)
        if name in skip or name.startswith(beginnings):
            _results[name] = ["skipped", ""]
        else:
            kept.append(item)
    items[:] = kept


def pytest_runtest_logreport(report):
    name = _name(report.nodeid)
    if report.failed or hasattr(report, "wasxfail") or report.when == "call":
        text = str(report.longrepr or "").strip().splitlines()
        outcome = "passed" if report.passed and name not in _results else "failed"
        if outcome == "failed" or name not in _results:
            _results.setdefault(name, [outcome, text[-1] if text else ""])


def _name(nodeid):
    """`file::Class::test` without the folders; one word."""
    file, colons, rest = nodeid.partition("::")
    return (file.rpartition("/")[2] + colons + rest).replace(" ", "_")


def pytest_sessionfinish():
    with open(os.environ["PEERS_RESULTS"], "w", encoding="utf-8") as file:
        json.dump(_results, file, indent=1)
