"""TileCache 2.11 for Python 3: fetched, converted by 2to3, and edited where 2to3 cannot know.

TileCache was last released in 2010, for Python 2. Nothing of it is kept in this project.
"""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from install import NotInstallable, kept, packages, pip, quiet
from tilecache_edits import EDITS

VERSION = "2.11"
SHA256 = "b46dc2731a19b40e3207cf3c9b43ea59b899a622a586aaa3c397c3b5aa00f887"

# pip runs a source package's setup.py even to download it, and this one is Python 2. So pip finds
# a build system that answers without looking.
BUILD_SYSTEM = f"""
import os

class __legacy__:
    @staticmethod
    def get_requires_for_build_wheel(config_settings=None):
        return []

    @staticmethod
    def prepare_metadata_for_build_wheel(folder, config_settings=None):
        name = "TileCache-{VERSION}.dist-info"
        os.mkdir(os.path.join(folder, name))
        with open(os.path.join(folder, name, "METADATA"), "w") as file:
            file.write("Metadata-Version: 2.1\\nName: TileCache\\nVersion: {VERSION}\\n")
        return name
"""


def download(folder):
    """The source package, checked."""
    with tempfile.TemporaryDirectory() as temporary:
        package = Path(temporary, "setuptools")
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "build_meta.py").write_text(BUILD_SYSTEM)
        command = [*pip(sys.executable), "download", "--disable-pip-version-check", "--no-input"]
        command += ["--no-deps", "--no-binary=:all:", "--use-pep517", "--no-build-isolation"]
        command += ["--dest", str(folder), f"TileCache=={VERSION}"]
        environment = {**os.environ, "PYTHONPATH": temporary}
        quiet(command, "downloading TileCache", env=environment)
    archive = next(folder.glob("*.tar.gz"))
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        raise NotInstallable(f"{archive.name} is not the one that was looked at: its hash differs")
    return archive


def converter():
    """The command that is 2to3, and its environment: Python 3.13 has none any more."""
    if (
        subprocess.run([sys.executable, "-c", "import lib2to3"], capture_output=True).returncode
        == 0
    ):
        return [sys.executable, "-W", "ignore", "-m", "lib2to3"], dict(os.environ)

    class Client:
        python = sys.executable
        minor = "%d.%d" % sys.version_info[:2]
        windows = False

    fissix = packages("fissix", Path(__file__).with_name("fissix.txt"), Client)
    return [sys.executable, "-m", "fissix"], {**os.environ, "PYTHONPATH": str(fissix)}


def edit(folder):
    for number, (file, old, new, times) in enumerate(EDITS, 1):
        path = folder / file
        text = path.read_text(encoding="utf-8")
        found = text.count(old)
        if found != times:
            # Not "cannot be installed": what is converted is always the same, so this is a mistake.
            raise SystemExit(f"apps: TileCache edit {number} of {file}: {found} times, not {times}")
        path.write_text(text.replace(old, new), encoding="utf-8")


def make(folder):
    archive = download(folder)
    with tarfile.open(archive) as tar:
        top = f"TileCache-{VERSION}"
        names = {name.lower(): name for name in (m.name.split("/")[0] for m in tar.getmembers())}
        # The archive is the one with that hash, so its names are known to be good.
        options = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        tar.extractall(folder, **options)
    source = folder / names[top.lower()]
    (source / "TileCache").rename(folder / "TileCache")
    (source / "tilecache.cgi").rename(folder / "tilecache.cgi")
    command, environment = converter()
    names = [str(folder / "TileCache"), str(folder / "tilecache.cgi")]
    quiet([*command, "-w", "-n", *names], "2to3 of TileCache", env=environment)
    edit(folder)
    quiet(
        [sys.executable, "-m", "compileall", "-q", str(folder / "TileCache")], "compiling TileCache"
    )


def prepare(target):
    """The folder with the package `TileCache` and `tilecache.cgi`."""
    own = Path(__file__)
    sources = own.read_text() + own.with_name("tilecache_edits.py").read_text()
    return kept("tilecache-py3", f"{target.minor}\n{sources}", make)
