"""Installs and builds what is compared. What is there already is left as it is."""

import os
import shutil
import subprocess
import sys

from place import HERE, PROJECT, Problem, quiet

# Debian's packages, and a file of each where it is not Debian that brought it.
DEBIAN = {
    "build-essential": "/usr/bin/cc",
    "wrk": "/usr/bin/wrk",
    "apache2-bin": "/usr/sbin/apache2",
    "apache2-dev": "/usr/bin/apxs",
    "libev-dev": "/usr/include/ev.h",
}


def say(text):
    print(f"    {text}", file=sys.stderr, flush=True)


def debian():
    """Installs Debian's packages; where it may not, a peer that needs one says so later."""
    missing = [name for name, file in DEBIAN.items() if not os.path.exists(file)]
    if not missing:
        return
    names = " ".join(missing)
    if os.geteuid() or not shutil.which("apt-get"):
        say(f"not installed, and not root on Debian: {names}")
        return
    say(f"installing {names}")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    try:
        quiet(["apt-get", "update", "-qq"], "apt-get update", env=environment)
        quiet(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing],
            f"apt-get install {names}",
            env=environment,
        )
    except Problem as problem:
        say(str(problem))


def requirements():
    """The pinned packages: {name: version}."""
    lines = (HERE / "requirements.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {name: version for name, version in pairs}


def installed(place):
    """What the environment has: {name in lower case: version}."""
    code = (
        "import importlib.metadata as m\n"
        "for d in m.distributions(): print(d.metadata['Name'].lower().replace('-', '_'), d.version)"
    )
    lines = quiet([place.python, "-c", code], "listing the packages").splitlines()
    return dict(line.split() for line in lines)


def packages(place):
    """Makes the environment and installs each package. Returns {name: why it is not there}."""
    base = os.path.realpath(sys.executable)
    mark = place.venv / "base-python"
    # Another Python than last time: nothing of the old environment fits.
    if not mark.exists() or mark.read_text() != base:
        shutil.rmtree(place.venv, ignore_errors=True)
        say(f"making an environment of Python {sys.version.split()[0]}")
        quiet([base, "-m", "venv", str(place.venv)], "making an environment")
        mark.write_text(base)
    there = installed(place)
    failed = {}
    for name, version in requirements().items():
        if there.get(name.lower()) == version:
            continue
        say(f"installing {name} {version}")
        try:
            quiet(
                [
                    place.python,
                    *("-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                    f"{name}=={version}",
                ],
                f"pip install {name}=={version}",
            )
        except Problem as problem:
            failed[name] = str(problem)
    return failed


def build_hyper(place):
    """Builds bare hyper. Returns {name: why it is not there}."""
    say("building bare hyper")
    try:
        quiet(
            [
                *("cargo", "build", "--release", "--locked", "--quiet"),
                *("--manifest-path", str(HERE / "hyper/Cargo.toml")),
                *("--target-dir", str(place.made / "hyper")),
            ],
            "building bare hyper",
            cwd=PROJECT,
        )
    except Problem as problem:
        return {"bare-hyper": str(problem)}
    return {}


def build_program():
    """Builds isapi-shim. Without it there is nothing to compare."""
    say("building isapi-shim")
    quiet(
        ["cargo", "build", "--release", "--locked", "--quiet", "-p", "isapi-shim"],
        "building isapi-shim",
        cwd=PROJECT,
    )


def django_page(place, target):
    """Django's page as Django makes it: what every server must answer, and bare hyper too.

    Returns why there is none.
    """
    # Bare hyper starts with any file.
    place.django_page.touch()
    code = (
        "import sys, django_site; from django.test import Client;"
        "sys.stdout.buffer.write(Client().get(sys.argv[1]).content)"
    )
    done = subprocess.run(
        [place.python, "-c", code, target],
        env=place.environment(),
        capture_output=True,
    )
    if done.returncode:
        return f"Django does not work: {done.stderr.decode().strip().splitlines()[-1]}"
    place.django_page.write_bytes(done.stdout)
    return None


def everything(place, mine):
    """All of it. Returns {package: why it is not there}."""
    debian()
    failed = packages(place) | build_hyper(place)
    if mine:
        build_program()
    return failed
