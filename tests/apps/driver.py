"""Installs the applications, runs their tests, and prints what came of it. See `run`."""

import argparse
import importlib.util
import sys
import time
import unittest

import install
import support
import target
from target import HERE

# These run under Wine too. The others are the same code in more time.
WINDOWS = ("hello", "tilecache", "django", "bottle", "pep3333")


class Result(unittest.TextTestResult):
    """Counts what passed, and says how long each test took where that is long."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.passed = 0

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1
        took = time.monotonic() - self.started
        if took > 5:
            print(f"    slow: {test.id()} took {took:.0f} s", flush=True)


def variants(folder):
    """The lists of packages that an application is tested with: `[("django 4.2", file), ...]`."""
    lists = sorted(folder.glob("requirements*.txt")) or [None]
    for file in lists:
        extra = file.stem[len("requirements") :].strip("-") if file else ""
        yield f"{folder.name} {extra}".strip(), file


def load(path, name):
    # What lies beside it can be imported.
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def set_up(name, folder, requirements):
    """The folders of packages for one application."""
    folders = []
    if requirements:
        folders.append(install.packages(name.replace(" ", "-"), requirements, support.TARGET))
    if (folder / "prepare.py").exists():
        prepare = load(folder / "prepare.py", f"prepare_{folder.name}")
        folders.append(prepare.prepare(support.TARGET))
    return folders


def run_one(name, folder, requirements, patterns):
    """Tests one application: `(passed, failed, skipped, why skipped)`."""
    try:
        support.PACKAGES = set_up(name, folder, requirements)
    except install.NotInstallable as reason:
        return 0, 0, 1, str(reason)
    module = load(folder / f"test_{folder.name}.py", f"test_{folder.name}")
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{pattern}*" for pattern in patterns] or None
    # Not the patterns that a module imports.
    own = [v for v in vars(module).values() if getattr(v, "__module__", "") == module.__name__]
    classes = [v for v in own if isinstance(v, type) and issubclass(v, unittest.TestCase)]
    suite = unittest.TestSuite(map(loader.loadTestsFromTestCase, classes))
    runner = unittest.TextTestRunner(sys.stdout, verbosity=0, resultclass=Result)
    result = runner.run(suite)
    for test, reason in result.skipped:
        print(f"    SKIPPED {test.id()}: {reason}")
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    if result.testsRun == 0 and not failed and not patterns:
        failed = 1
        print(f"    FAILED: {name} has run no test")
    return result.passed, failed, len(result.skipped), ""


def arguments():
    parser = argparse.ArgumentParser(prog="tests/apps/run", description=__doc__)
    parser.add_argument("names", nargs="*", help="the applications; all without")
    parser.add_argument("--windows", action="store_true", help="through PyISAPIe.dll under Wine")
    parser.add_argument("--python", default="3.11", help="the Python for Windows")
    parser.add_argument("-k", action="append", default=[], help="only tests with this in the name")
    return parser.parse_args()


def main():
    given = arguments()
    support.TARGET = target.windows(given.python) if given.windows else target.linux()
    install.client_packages(HERE / "requirements.txt")
    print(f"Python {support.TARGET.minor}: {support.TARGET.python}")
    folders = [f.parent for f in sorted(HERE.glob("*/test_*.py"))]
    if given.windows:
        folders = [folder for folder in folders if folder.name in WINDOWS]
    unknown = set(given.names) - {folder.name for folder in folders}
    if unknown:
        sys.exit(f"apps: there is no application {', '.join(sorted(unknown))} here")
    rows = []
    for folder in folders:
        if given.names and folder.name not in given.names:
            continue
        for name, requirements in variants(folder):
            print(f"--> {name}", flush=True)
            start = time.monotonic()
            passed, failed, skipped, why = run_one(name, folder, requirements, given.k)
            if why:
                print(f"SKIPPED: {name} cannot be installed here. {why}", flush=True)
            rows.append((name, passed, failed, skipped, time.monotonic() - start, why))
    return summary(rows)


def summary(rows):
    print(f"\n{'application':<20}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for name, passed, failed, skipped, seconds, why in rows:
        end = "  NOT INSTALLED" if why else ""
        print(f"{name:<20}{passed:>8}{failed:>8}{skipped:>9}{seconds:>9.1f}{end}")
    passed, failed, skipped = (sum(row[i] for row in rows) for i in (1, 2, 3))
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
