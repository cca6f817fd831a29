"""Fetches the suites of other servers, pinned, into a folder that is kept between runs."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import venv

HERE = pathlib.Path(__file__).resolve().parents[1]


class Missing(Exception):
    """A suite cannot be had on this machine now."""


def folder():
    """`~/.cache/isapi-shim/peers`, or where ISAPI_SHIM_PEERS_CACHE says."""
    given = os.environ.get("ISAPI_SHIM_PEERS_CACHE")
    return pathlib.Path(given) if given else pathlib.Path.home() / ".cache/isapi-shim/peers"


def python():
    """A Python with what the suites need; the same pins give the same folder."""
    pins = HERE / "requirements.txt"
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()[:12]
    home = folder() / f"venv-{sys.version_info[0]}.{sys.version_info[1]}-{digest}"
    program = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    complete = home / "complete"
    if not complete.exists():
        shutil.rmtree(home, ignore_errors=True)
        try:
            venv.create(home, with_pip=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Missing(f"no virtual environment can be made: {error}") from error
        _pip(program, "install", "--no-deps", "--only-binary", ":all:", "-r", pins)
        complete.touch()
    return program


def source(program, name, version, digest):
    """The folder of an unpacked source distribution."""
    target = folder() / f"{name}-{version}-{digest[:12]}"
    if target.exists():
        return target / f"{name}-{version}"
    work = folder() / f"{target.name}.part"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    pin = work / "pin.txt"
    pin.write_text(f"{name}=={version} --hash=sha256:{digest}\n")
    # Without isolation: what it is built with is pinned, too.
    options = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes"]
    _pip(program, "download", *options, "-d", work, "-r", pin)
    archive = work / f"{name}-{version}.tar.gz"
    if hashlib.sha256(archive.read_bytes()).hexdigest() != digest:
        raise Missing(f"{archive.name} is another file than it was")
    with tarfile.open(archive) as tar:
        # The filter is not in every Python 3.9; the digest says that it is the file we know.
        tar.extractall(work)
    work.rename(target)
    return target / f"{name}-{version}"


def _pip(program, *arguments):
    command = [program, "-m", "pip", "--quiet", "--disable-pip-version-check", "--retries", "2"]
    command += arguments
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise Missing(f"pip could not fetch it: {lines[-1]}")
