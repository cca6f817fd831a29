"""The servers: how each is started with one worker process, and what it is called in the tables."""

import os
import re
import string
from dataclasses import dataclass
from typing import Callable

from place import APPS, HERE, Problem, quiet

# How the target of a work is spelled: as a script with an ending, or as the application's path.
SCRIPT, CGI, PATH = "script", "cgi", "path"


@dataclass(frozen=True)
class Server:
    """One row of the tables."""

    name: str
    title: str
    # What stands in the list of options.
    options: str
    spelling: str
    # (place, port, django) -> command
    command: Callable
    # place -> text
    version: Callable
    # What it cannot do without: a package of requirements.txt, or what is built.
    package: str = ""
    # A file without which it cannot run, and the Debian package that brings it.
    file: str = ""
    debian: str = ""

    @property
    def ours(self):
        return self.name.startswith("isapi-")

    def target(self, work):
        """The work's target on this server."""
        if self.spelling == PATH:
            return work.target
        ending = ".py" if self.spelling == SCRIPT else ".cgi"
        if work.django:
            return f"/dj{ending}{work.target}"
        path, mark, query = work.target.partition("?")
        return f"{path}{ending}{mark}{query}"

    def missing(self, failed):
        """Why it cannot be had on this machine, or nothing."""
        if self.package in failed:
            return failed[self.package]
        if self.file and not os.path.exists(self.file):
            return f"Debian's package {self.debian} is not installed"
        return None


def application(django):
    return "django_site:application" if django else "wsgi_app:application"


def shim(*arguments):
    def command(place, port, django):
        listen = ["--listen", f"127.0.0.1:{port}"]
        options = ["--no-access-log", "--reload", "never", *listen]
        rest = [a.replace("APP", application(django)) for a in arguments]
        return [str(place.program), "serve", *options, *rest]

    return command


def shim_version(place):
    return quiet([str(place.program), "--version"], "isapi-shim --version").split()[-1]


def python_run(module):
    """A server that is a function `run(application, host, port)`."""

    def command(place, port, django):
        name, attribute = application(django).split(":")
        code = f"import {module}, {name}; {module}.run({name}.{attribute}, '127.0.0.1', {port})"
        return [str(place.python), "-c", code]

    return command


def package_version(name):
    def version(place):
        code = f"import importlib.metadata as m; print(m.version({name!r}))"
        return quiet([place.python, "-c", code], f"the version of {name}").strip()

    return version


def apache(name, *templates):
    """Apache with a configuration of its own, made from templates in `apache/`."""

    def command(place, port, django):
        folder = place.made / name
        folder.mkdir(exist_ok=True)
        module = application(django).partition(":")[0]
        values = {
            "port": port,
            "folder": folder,
            "apps": APPS,
            "wsgi": load_mod_wsgi(place) if "mod_wsgi" in templates else "",
            "script": APPS / f"{module}.py",
        }
        parts = [(HERE / f"apache/{part}.conf").read_text() for part in ("common", *templates)]
        config = folder / f"{module}.conf"
        config.write_text(string.Template("".join(parts)).substitute(values))
        return [*without_root(), "/usr/sbin/apache2", "-DFOREGROUND", "-f", str(config)]

    return command


def load_mod_wsgi(place):
    """The lines that load mod_wsgi for the environment's Python."""
    return quiet([str(place.bin / "mod_wsgi-express"), "module-config"], "mod_wsgi-express")


def without_root():
    """Apache serves nothing as root, and another account may not get to the Python in root's home.

    In a user namespace the process has another number and keeps its access.
    """
    if os.geteuid():
        return []
    return ["unshare", "--user", "--map-user=65534", "--map-group=65534"]


def apache_version(_place):
    text = quiet(["/usr/sbin/apache2", "-v"], "apache2 -v")
    return re.search(r"Apache/(\S+)", text).group(1)


def hyper_version(_place):
    lock = (HERE / "hyper/Cargo.lock").read_text()
    return re.search(r'name = "hyper"\nversion = "([^"]+)"', lock).group(1)


def uwsgi(place, port, django):
    with open("/proc/sys/net/core/somaxconn") as file:
        # It does not start with a longer queue than the system allows.
        queue = min(1024, int(file.read()))
    return [
        str(place.bin / "uwsgi"),
        *("--http-socket", f"127.0.0.1:{port}", "--listen", str(queue)),
        # It closes each connection and does not say so, which wrk takes for an error.
        *("--add-header", "Connection: close"),
        *("--module", application(django)),
        *("--processes", "1", "--disable-logging", "--need-app", "--die-on-term"),
    ]


def granian(place, port, django):
    return [
        str(place.bin / "granian"),
        *("--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--no-access-log", "--log-level", "warning"),
        application(django),
    ]


def waitress(place, port, django):
    return [
        str(place.bin / "waitress-serve"),
        f"--listen=127.0.0.1:{port}",
        application(django),
    ]


def gunicorn(place, port, django):
    return [
        str(place.bin / "gunicorn"),
        *("--bind", f"127.0.0.1:{port}", "--workers", "1", "--log-level", "warning"),
        application(django),
    ]


def hyper(place, port, _django):
    return [str(place.hyper), f"127.0.0.1:{port}", str(place.django_page)]


SITE, SCRIPTS = str(APPS / "site"), str(APPS / "cgi")
APACHE = {"file": "/usr/sbin/apache2", "debian": "apache2-bin"}

SERVERS = [
    Server(
        "isapi-http",
        "**isapi-shim serve**, Http script",
        "`isapi-shim serve --no-access-log --reload never site`",
        SCRIPT,
        shim(SITE),
        shim_version,
    ),
    Server(
        "isapi-wsgi",
        "**isapi-shim serve --wsgi**",
        "`isapi-shim serve --no-access-log --reload never --wsgi wsgi_app:application`",
        PATH,
        shim("--wsgi", "APP", str(APPS)),
        shim_version,
    ),
    Server(
        "isapi-cgi",
        "**isapi-shim serve**, CGI script",
        "`isapi-shim serve --no-access-log --reload never cgi`",
        CGI,
        shim(SCRIPTS),
        shim_version,
    ),
    Server(
        "hyper",
        "bare hyper, no Python",
        "one thread (tokio's `current_thread`), thin answers of the same bytes",
        PATH,
        hyper,
        hyper_version,
        package="bare-hyper",
    ),
    Server(
        "granian",
        "granian",
        "`granian --interface wsgi --workers 1 --no-access-log`, else its defaults",
        PATH,
        granian,
        package_version("granian"),
        package="granian",
    ),
    Server(
        "fastwsgi",
        "fastwsgi",
        "`fastwsgi.run(application, host, port)`",
        PATH,
        python_run("fastwsgi"),
        package_version("fastwsgi"),
        package="fastwsgi",
    ),
    Server(
        "bjoern",
        "bjoern",
        "`bjoern.run(application, host, port)`",
        PATH,
        python_run("bjoern"),
        package_version("bjoern"),
        package="bjoern",
    ),
    Server(
        "uwsgi",
        "uWSGI",
        "`uwsgi --http-socket --listen 1024 --processes 1 --disable-logging`; it keeps no connection "
        "(with `--http11-socket` one client would have it for itself)",
        PATH,
        uwsgi,
        package_version("uWSGI"),
        package="uWSGI",
    ),
    Server(
        "mod_wsgi",
        "Apache with mod_wsgi",
        "embedded, worker MPM, one process with 25 threads, a connection for 100 requests",
        PATH,
        apache("mod_wsgi", "worker", "mod_wsgi"),
        lambda place: f"{package_version('mod_wsgi')(place)} in Apache {apache_version(place)}",
        package="mod_wsgi",
        **APACHE,
    ),
    Server(
        "waitress",
        "waitress",
        "`waitress-serve`, its defaults (4 threads, 100 connections)",
        PATH,
        waitress,
        package_version("waitress"),
        package="waitress",
    ),
    Server(
        "gunicorn",
        "gunicorn",
        "`gunicorn --workers 1`, sync worker, which keeps no connection",
        PATH,
        gunicorn,
        package_version("gunicorn"),
        package="gunicorn",
    ),
    Server(
        "apache-cgi",
        "Apache, CGI script, one at a time",
        "prefork MPM with mod_cgi, one process, no connection kept; a new Python for each request",
        CGI,
        apache("apache-cgi", "prefork", "cgi", "scripts"),
        apache_version,
        **APACHE,
    ),
    Server(
        "apache-cgi-25",
        "Apache, CGI script, 25 at a time",
        "worker MPM with mod_cgid, one process with 25 threads; a new Python for each request",
        CGI,
        apache("apache-cgi-25", "worker", "cgid", "scripts"),
        apache_version,
        **APACHE,
    ),
]


def chosen(names):
    """The servers of these names, in the tables' order."""
    unknown = set(names) - {server.name for server in SERVERS}
    if unknown:
        raise Problem(f"there is no server {', '.join(sorted(unknown))}")
    return [server for server in SERVERS if not names or server.name in names]
