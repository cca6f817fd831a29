"""Which isapi-shim is tested, how it is started, and which Python it embeds."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
CACHE = Path(os.environ.get("ISAPI_SHIM_APPS_CACHE", "~/.cache/isapi-shim/apps")).expanduser()

# The machine's own settings would decide what the applications see.
DROPPED = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "DJANGO_SETTINGS_MODULE")

ASK = """
import json, sys
def Request():
    print(json.dumps([sys.executable, list(sys.version_info[:3])]))
"""


class Target:
    """The program under test: `command` starts it, `options` stand behind `serve`."""

    def __init__(self, command, options, windows):
        self.command = command
        self.options = options
        self.windows = windows
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder, "ask.py")
            script.write_text(ASK)
            asked = subprocess.run(
                [*command, "run", *options, self.path(script)],
                capture_output=True,
                stdin=subprocess.DEVNULL,
                env=self.environment(),
            )
        if asked.returncode:
            raise SystemExit(f"apps: isapi-shim does not run:\n{asked.stderr.decode()}")
        self.python, version = json.loads(asked.stdout)
        self.version = tuple(version)

    @property
    def minor(self):
        """`3.11`"""
        return "%d.%d" % self.version[:2]

    def path(self, path):
        """A path of this machine as the program knows it: Wine has the root as drive `Z:`."""
        return "Z:" + str(path).replace("/", "\\") if self.windows else str(path)

    def environment(self, packages=(), **more):
        """The environment of the program, with folders of packages for its Python."""
        environment = {k: v for k, v in os.environ.items() if k not in DROPPED}
        if packages:
            separator = ";" if self.windows else ":"
            environment["PYTHONPATH"] = separator.join(map(self.path, packages))
        environment.update(more)
        return environment


def linux():
    """The program that the environment names."""
    program = os.environ["ISAPI_SHIM_TEST_PROGRAM"].split()
    return Target(program, [], windows=False)


def windows(python):
    """`isapi-shim.exe` with PyISAPIe.dll under Wine, and that Python for Windows."""
    folder = Path(os.environ["ISAPI_SHIM_APPS_WINDOWS"])
    wine = str(PROJECT / "isapi-dll/windows/wine")
    extension = "Z:" + str(folder / "PyISAPIe.dll").replace("/", "\\")
    command = [wine, python, str(folder / "isapi-shim.exe")]
    return Target(command, ["--extension", extension], windows=True)
