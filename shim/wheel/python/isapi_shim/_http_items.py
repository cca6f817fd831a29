"""``.http`` files as test files: each request is a test."""

from __future__ import annotations

import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from isapi_shim import _native
from isapi_shim._client import Client
from isapi_shim._snapshots import failure
from isapi_shim.pytest_plugin import Settings


class Differs(Exception):
    """A response is new, or not as its snapshot has it."""


class Told:
    """What pytest shows of a failure: all lines, and the first one in its summary."""

    def __init__(self, text: str) -> None:
        self._text = text
        first = text.partition("\n")[0].rstrip(":")
        self.reprcrash = types.SimpleNamespace(message=first)

    def __str__(self) -> str:
        return self._text

    def toterminal(self, writer: Any) -> None:
        """Writes it, a difference in colours."""
        for line in self._text.splitlines():
            writer.line(line, red=line.startswith("-"), green=line.startswith("+"))


class HttpFile(pytest.File):
    """A request file. Its requests share a site, in their order."""

    _client: Client | None = None

    def collect(self) -> Iterator[HttpItem]:
        try:
            settings = Settings.of(self.config)
            requests, passed_over = _native.read_http_file(self.path, settings.env)
        except ValueError as error:
            raise self.CollectError(str(error)) from None
        if settings.strict and passed_over:
            raise self.CollectError("isapi_strict:\n" + "\n".join(passed_over))
        for text in passed_over:
            warnings.warn(pytest.PytestCollectionWarning(text), stacklevel=1)
        for request in requests:
            item = HttpItem.from_parent(self, name=request.name, request=request)
            if request.skip is not None:
                item.add_marker(pytest.mark.skip(reason=request.skip or "# @skip"))
            for mark in request.marks:
                item.add_marker(mark)
            yield item

    def client(self) -> Client:
        """The site that the file is part of."""
        if self._client is None:
            self._client = Settings.of(self.config).client_of_file(self.path)
        return self._client


class HttpItem(pytest.Item):
    """One request."""

    def __init__(self, *, request: _native.HttpRequest, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._request = request

    def runtest(self) -> None:
        file = self.parent
        assert isinstance(file, HttpFile)
        client = file.client()
        # An error page is a response like any other, and may be what the snapshot has.
        response = client.send(self._request, raise_app_exceptions=False)
        update = Settings.of(self.config).update
        outcome, text = _native.compare(self.path, self._request, response._native, update)
        told = failure(outcome, text, "pytest --isapi-update")
        if told is not None:
            raise Differs(told)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        # Besides: the site or the snapshot cannot be used; or isapi_strict.
        if isinstance(excinfo.value, (Differs, ValueError, AssertionError)):
            return Told(str(excinfo.value))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return (
            self.path,
            self._request.line - 1,
            f"{self.name} ({self._request.method} {self._request.target})",
        )
