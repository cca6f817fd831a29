"""Requests to a site in this process, without a socket."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from isapi_shim import _encode, _native
from isapi_shim._encode import File, Pairs
from isapi_shim._response import Response

if TYPE_CHECKING:
    # Type checkers have it built in.
    from typing_extensions import TypedDict, Unpack

    class Keywords(TypedDict, total=False):
        """What ``Client.request`` takes by keyword."""

        headers: Pairs | None
        query: Pairs | str | None
        data: bytes | str | None
        json: Any
        form: Pairs | None
        files: Mapping[str, File] | None
        server_vars: Mapping[str, str] | None
        raise_app_exceptions: bool | None


#: A process has one site at a time.
_site_lock = threading.Lock()


class Client:
    """A site, and what asks it.

    A process has one site at a time, as an application pool has: the one that was asked last. One
    that is asked again after another is set up anew.
    """

    def __init__(
        self,
        root: str | os.PathLike[str] = ".",
        *,
        home: str | os.PathLike[str] | None = None,
        wsgi: str | None = None,
        mount: str | None = None,
        wildcard: bool = False,
        map: list[str] | None = None,
        web_config: bool = True,
        reload: Literal["never", "changed", "always"] = "changed",
        raise_app_exceptions: bool = True,
        strict: bool = False,
    ) -> None:
        # Now: the current folder may be another one at the first request.
        self.root = os.path.abspath(root)
        self._home = None if home is None else os.path.abspath(home)
        self._wsgi = wsgi
        self._mount = mount
        self._wildcard = wildcard
        self._map = map
        self._web_config = web_config
        self._reload = reload
        self.raise_app_exceptions = raise_app_exceptions
        self.strict = strict
        self._host = self._open()

    def _open(self) -> _native.Host:
        return _native.Host(
            self.root,
            self._home,
            wsgi=self._wsgi,
            mount=self._mount,
            wildcard=self._wildcard,
            map=self._map,
            web_config=self._web_config,
            reload=self._reload,
        )

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Pairs | None = None,
        query: Pairs | str | None = None,
        data: bytes | str | None = None,
        json: Any = None,
        form: Pairs | None = None,
        files: Mapping[str, File] | None = None,
        server_vars: Mapping[str, str] | None = None,
        raise_app_exceptions: bool | None = None,
    ) -> Response:
        """Sends one request, and gives its response.

        ``data``: the body as it is; ``json``: a value; ``form``: a form, with ``files`` (name to
        content, or to ``(file name, content[, type])``) as multipart.
        """
        __tracebackhide__ = True
        body, kind = _encode.body(data, json, form, files)
        sent = [(name, str(value)) for name, value in _encode.pairs(headers)]
        if kind is not None and not any(name.lower() == "content-type" for name, _ in sent):
            sent.append(("Content-Type", kind))
        variables = [(name.upper(), str(value)) for name, value in (server_vars or {}).items()]
        native = _native.HttpRequest(method, _encode.target(path, query), sent, body, variables)
        raises = self.raise_app_exceptions if raise_app_exceptions is None else raise_app_exceptions
        return self.send(native, raise_app_exceptions=raises)

    def send(self, request: _native.HttpRequest, *, raise_app_exceptions: bool) -> Response:
        """Sends a request that was made before."""
        __tracebackhide__ = True
        with _site_lock:
            if not self._host.current:
                self._host = self._open()
        response = Response(request, self._host.send(request))
        # For whoever looks for it there; pytest shows it below a failure.
        if response.stderr and sys.stderr is not None:
            sys.stderr.write(response.stderr)
        if raise_app_exceptions and response.exception is not None:
            raise response.exception
        if self.strict and response.reports:
            raise AssertionError("isapi_strict: " + "\n".join(response.reports))
        return response

    def get(self, path: str, **keywords: Unpack[Keywords]) -> Response:
        """As ``request("GET", ...)``."""
        __tracebackhide__ = True
        return self.request("GET", path, **keywords)

    def head(self, path: str, **keywords: Unpack[Keywords]) -> Response:
        """As ``request("HEAD", ...)``."""
        __tracebackhide__ = True
        return self.request("HEAD", path, **keywords)

    def post(self, path: str, **keywords: Unpack[Keywords]) -> Response:
        """As ``request("POST", ...)``."""
        __tracebackhide__ = True
        return self.request("POST", path, **keywords)

    def put(self, path: str, **keywords: Unpack[Keywords]) -> Response:
        """As ``request("PUT", ...)``."""
        __tracebackhide__ = True
        return self.request("PUT", path, **keywords)

    def patch(self, path: str, **keywords: Unpack[Keywords]) -> Response:
        """As ``request("PATCH", ...)``."""
        __tracebackhide__ = True
        return self.request("PATCH", path, **keywords)

    def delete(self, path: str, **keywords: Unpack[Keywords]) -> Response:
        """As ``request("DELETE", ...)``."""
        __tracebackhide__ = True
        return self.request("DELETE", path, **keywords)

    def options(self, path: str, **keywords: Unpack[Keywords]) -> Response:
        """As ``request("OPTIONS", ...)``."""
        __tracebackhide__ = True
        return self.request("OPTIONS", path, **keywords)
