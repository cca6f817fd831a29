"""MapServer's Python module, from Debian's packages, for the Python that Debian has it for."""

import os
import subprocess
import tempfile
from pathlib import Path
from shutil import which

from install import NotInstallable, kept, quiet


def as_root(command):
    return command if os.geteuid() == 0 else ["sudo", "-n", *command]


def installed(package):
    status = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Status}", package], capture_output=True, text=True
    )
    return "ok installed" in status.stdout


def make(folder):
    if not which("apt-get"):
        raise NotInstallable("python3-mapscript is a package of Debian, and there is no apt-get")
    quiet(as_root(["apt-get", "update", "-qq"]), "apt-get update")
    # Only the libraries are installed. Python's part is unpacked into a folder of its own: the
    # package wants Debian's Python, which need not be the one that isapi-shim embeds.
    if not installed("libmapserver2"):
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "libmapserver2"]
        quiet(as_root(command), "installing libmapserver2")
    with tempfile.TemporaryDirectory() as work:
        quiet(["apt-get", "download", "-qq", "python3-mapscript"], "download", cwd=work)
        package = next(Path(work).glob("*.deb"))
        quiet(["dpkg", "-x", str(package), str(folder / "package")], "unpacking")
    (folder / "package/usr/lib/python3/dist-packages").rename(folder / "lib")


def prepare(target):
    """The folder with the package `mapscript`."""
    folder = kept("mapserver", "1", make) / "lib"
    tag = "cpython-%d%d-" % target.version[:2]
    modules = [file.name for file in folder.glob("mapscript/_mapscript*.so")]
    if not any(tag in name for name in modules):
        found = ", ".join(modules)
        raise NotInstallable(f"Debian's module is {found}, and Python is {target.minor}")
    # The libraries may have gone since.
    probe = "import sys; sys.path.insert(0, sys.argv[1]); import mapscript"
    quiet([target.python, "-c", probe, str(folder)], "import mapscript")
    return folder
