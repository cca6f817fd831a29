"""The pytest plugin. Nothing happens to a test that asks for none of its fixtures."""

from __future__ import annotations

import difflib
import fnmatch
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import pytest

if TYPE_CHECKING:
    from isapi_shim._client import Client
    from isapi_shim._http_items import HttpFile
    from isapi_shim._server import Server
    from isapi_shim._snapshots import Snapshots, Update

_SETTINGS = pytest.StashKey["Settings"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("isapi", "PyISAPIe scripts (isapi-shim)")
    group.addoption(
        "--isapi-update",
        action="store_true",
        help="take every response as its snapshot",
    )
    group.addoption(
        "--isapi-update-new",
        action="store_true",
        help="take responses that have no snapshot yet; those that differ still fail",
    )
    parser.addini("isapi_root", "the site's folder [default: the folder of pytest's settings]")
    parser.addini("isapi_home", "the home folder [default: the site's folder]")
    parser.addini("isapi_wsgi", "a WSGI application in the place of scripts, module:attribute")
    parser.addini("isapi_env", "the environment for variables of .http files [default: none]")
    parser.addini(
        "isapi_strict",
        "fail where a request uses what the fake IIS does not have",
        type="bool",
        default=False,
    )
    parser.addini(
        "isapi_http_files",
        "patterns of request files [default: *.http below isapi_root, where that is set]",
        type="args",
    )


def pytest_configure(config: pytest.Config) -> None:
    always = config.getoption("isapi_update")
    unseen = config.getoption("isapi_update_new")
    if always or unseen:
        from isapi_shim._snapshots import update_mode

        # Once, before anything runs.
        try:
            update_mode(always, unseen)
        except ValueError as error:
            raise pytest.UsageError(str(error)) from None


class Settings:
    """What options and settings say."""

    def __init__(self, config: pytest.Config) -> None:
        from isapi_shim._snapshots import update_mode

        self._folder = config.inipath.parent if config.inipath else config.rootpath
        self._root: str = config.getini("isapi_root")
        self.root = self._folder / self._root if self._root else self._folder
        home: str = config.getini("isapi_home")
        self.home = self._folder / home if home else None
        self.wsgi: str | None = config.getini("isapi_wsgi") or None
        self.strict: bool = config.getini("isapi_strict")
        self.env: str | None = config.getini("isapi_env") or None
        self._patterns: list[str] = config.getini("isapi_http_files")
        self.update: Update = update_mode(
            config.getoption("isapi_update"), config.getoption("isapi_update_new")
        )

    @classmethod
    def of(cls, config: pytest.Config) -> Settings:
        """Those of a session, made once."""
        if _SETTINGS not in config.stash:
            config.stash[_SETTINGS] = cls(config)
        return config.stash[_SETTINGS]

    def is_inside(self, path: Path) -> bool:
        """Whether a file lies in the site of the settings."""
        root = Path(os.path.abspath(self.root))
        return bool(self._root) and root in path.parents

    def wants(self, path: Path) -> bool:
        """Whether a request file that was not named is one of the tests."""
        if not self._patterns:
            return path.suffix == ".http" and self.is_inside(path)
        # As for `python_files`: a pattern with a slash is one of the whole path.
        return any(
            fnmatch.fnmatch(path.as_posix(), f"*/{pattern}")
            if "/" in pattern
            else fnmatch.fnmatch(path.name, pattern)
            for pattern in self._patterns
        )

    def client(self, **keywords: Any) -> Client:
        """A client for the site of the settings, where the keywords name no other."""
        from isapi_shim._client import Client

        if "root" not in keywords:
            keywords = {"root": self.root, "home": self.home, "wsgi": self.wsgi, **keywords}
        return Client(**{"strict": self.strict, **keywords})

    def client_of_file(self, path: Path) -> Client:
        """A client for the site of a request file."""
        if self.is_inside(path):
            return self.client()
        from isapi_shim import _native

        return self.client(root=_native.discover_root(path))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> HttpFile | None:
    if file_path.suffix not in (".http", ".rest"):
        return None
    if not (parent.session.isinitpath(file_path) or Settings.of(parent.config).wants(file_path)):
        return None
    from isapi_shim._http_items import HttpFile

    return HttpFile.from_parent(parent, path=file_path)


@pytest.fixture
def isapi(request: pytest.FixtureRequest) -> Client:
    """Asks the site of the settings, without a socket: ``isapi.get("/hello.py")``.

    The site is set up anew for each test. An exception of a script is raised in the test.
    """
    return Settings.of(request.config).client()


@pytest.fixture
def isapi_app(request: pytest.FixtureRequest) -> Callable[..., Client]:
    """Makes clients for other sites: ``isapi_app(root=..., home=..., wsgi=..., wildcard=...)``."""
    return Settings.of(request.config).client


@pytest.fixture(scope="session")
def isapi_server_args() -> list[str]:
    """More arguments for the server of ``isapi_server``. Define it yourself to have some."""
    return []


@pytest.fixture(scope="session")
def isapi_server(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    isapi_server_args: list[str],
) -> Iterator[Server]:
    """The site of the settings at a port, in a process of its own: ``isapi_server.url``."""
    from isapi_shim._server import Server

    settings = Settings.of(request.config)
    arguments = list(isapi_server_args)
    if settings.home is not None:
        arguments += ["--home", str(settings.home)]
    if settings.wsgi is not None:
        arguments += ["--wsgi", settings.wsgi]
    folder = tmp_path_factory.mktemp("isapi_server")
    with Server(settings.root, folder, arguments) as server:
        yield server


@pytest.fixture
def isapi_snapshot(request: pytest.FixtureRequest) -> Snapshots:
    """The snapshot of a response: ``assert isapi.get("/hello.py") == isapi_snapshot``."""
    from isapi_shim._snapshots import Snapshots

    node = request.node
    holder = getattr(node, "cls", None)
    name = f"{holder.__name__}.{node.name}" if holder is not None else node.name
    update = Settings.of(request.config).update
    return Snapshots(node, name, update)


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """The difference of two responses, or of a response and its snapshot."""
    # Nobody has responses before these are imported.
    responses = sys.modules.get("isapi_shim._response")
    snapshots = sys.modules.get("isapi_shim._snapshots")
    if op != "==" or responses is None or not isinstance(left, responses.Response):
        return None
    if snapshots is not None and isinstance(right, snapshots.Snapshots) and right.told:
        return [f"response == snapshot ({right.told}, see below)"]
    # What inline-snapshot has for a value that it cannot write as code.
    text = getattr(right, "_str_repr", None)
    if isinstance(right, responses.Response):
        text = repr(right)
    if not isinstance(text, str):
        return None
    lines = difflib.unified_diff(
        text.splitlines(), repr(left).splitlines(), "expected", "response", lineterm=""
    )
    return ["response == expected", "", *lines]
