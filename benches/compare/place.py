"""Where things are: this folder, the project, and what is made, below cargo's target folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
APPS = HERE / "apps"


class Problem(Exception):
    """Why a server has no numbers. Its text becomes a row of the table."""


def quiet(command, what, **options):
    """Runs a command whose output is of interest only where it fails."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            **options,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Problem(f"{what} failed: {error}") from None
    if done.returncode:
        lines = done.stdout.strip().splitlines() or ["no output"]
        # pip lists every version there is in one line.
        print("\n".join(line[:200] for line in lines[-20:]), file=sys.stderr)
        raise Problem(f"{what} failed: {lines[-1]}")
    return done.stdout


def find_target():
    """Cargo's target folder, wherever it was told to be."""
    text = quiet(
        ["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"],
        "cargo metadata",
        cwd=PROJECT,
    )
    # Cargo may print warnings before it.
    return Path(json.loads(text[text.index("{") :])["target_directory"])


class Place:
    """The paths of one run."""

    def __init__(self):
        self.target = find_target()
        self.made = self.target / "compare"
        self.venv = self.made / "venv"
        self.bin = self.venv / "bin"
        self.python = self.bin / "python"
        self.logs = self.made / "logs"
        self.program = self.target / "release/isapi-shim"
        self.hyper = self.made / "hyper/release/bare-hyper"
        self.django_page = self.made / "django-page.html"
        self.logs.mkdir(parents=True, exist_ok=True)

    def environment(self):
        """What every server gets: the applications importable, and the same Python."""
        environment = dict(os.environ)
        environment["PYTHONPATH"] = str(APPS)
        environment["PATH"] = f"{self.bin}:{os.environ['PATH']}"
        environment["VIRTUAL_ENV"] = str(self.venv)
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        return environment
