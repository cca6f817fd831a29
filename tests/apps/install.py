"""Installs what the applications need: each list of packages in a folder of its own, kept."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import time
from pathlib import Path

from target import CACHE


class NotInstallable(Exception):
    """An application cannot be had on this machine; its tests are skipped, and that is said."""


def quiet(command, what, **options):
    """Runs a command whose output is of interest only where it fails."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        **options,
    )
    if done.returncode:
        last = "\n".join(done.stdout.strip().splitlines()[-12:])
        raise NotInstallable(f"{what} failed:\n{last}")
    return done.stdout


def kept(name, key, make):
    """The cached folder `name`, made by `make(folder)` unless it was made for the same `key`."""
    mark = hashlib.sha256(key.encode()).hexdigest()[:16]
    folder = CACHE / f"{name}-{mark}"
    CACHE.mkdir(parents=True, exist_ok=True)
    # Another checkout may be at it.
    with open(CACHE / f"{folder.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            build(folder, key, make)
    return folder


def build(folder, key, make):
    shutil.rmtree(folder, ignore_errors=True)
    # Made beside it and renamed, so that nobody sees half of it.
    new = folder.with_name(folder.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    start = time.monotonic()
    make(new)
    (new / "complete").write_text(key)
    new.rename(folder)
    print(f"    installed {folder.name} in {time.monotonic() - start:.0f} s", flush=True)


def pip(python):
    """The command that is pip for a Python, which may lack it."""
    if subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return [python, "-m", "pip"]

    def make(folder):
        quiet([python, "-m", "venv", str(folder / "venv")], f"making an environment of {python}")

    return [str(kept("pip", python, make) / "venv/bin/python"), "-m", "pip"]


def packages(name, requirements, target):
    """The folder with the packages that a requirements file lists, for the target's Python.

    The lists are complete and exact: pip looks for nothing else.
    """
    # For Windows, pip of the same version of Python decides which lines apply.
    python = sys.executable if target.windows else target.python
    options = ["--no-deps", "--only-binary=:all:"]
    if target.windows:
        options += ["--platform=win_amd64", f"--python-version={target.minor}"]
        options += ["--implementation=cp"]
    text = requirements.read_text()
    system = "windows" if target.windows else "linux"

    def make(folder):
        command = [*pip(python), "install", "--disable-pip-version-check", "--no-input"]
        command += ["--root-user-action=ignore", *options]
        command += ["--target", str(folder / "lib"), "-r", str(requirements)]
        quiet(command, f"pip install -r {requirements.name} for {name}")
        (folder / "lib").mkdir(exist_ok=True)
        # A list for some Pythons only, unlike `requirements.txt` itself.
        if "-" in requirements.stem and not list(folder.glob("lib/*")):
            raise NotInstallable(f"{requirements.name} has nothing for Python {target.minor}")

    key = f"{system} {target.python} {target.minor}\n{text}"
    return kept(f"{name}-{system}-{target.minor}", key, make) / "lib"


def client_packages(requirements):
    """Puts what the tests themselves import on their path."""

    class Client:
        python = sys.executable
        minor = "%d.%d" % sys.version_info[:2]
        windows = False

    sys.path.append(str(packages("tests", Path(requirements), Client)))
