"""What a test sees of a response."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from email.message import Message
from typing import Any, TypedDict

from isapi_shim import _native


class Call(TypedDict, total=False):
    """One call across the control block, as ``--trace=json`` writes it."""

    request: int
    call: str
    argument: str
    size: int
    done: int
    value: str
    result: str
    error: int
    us: int


class Headers(Mapping[str, str]):
    """Headers by name, in any case. A name that was sent several times has its first value."""

    def __init__(self, items: list[tuple[str, str]]) -> None:
        self._items = items

    def __getitem__(self, name: str) -> str:
        for value in self.get_all(name):
            return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        seen = set()
        for name, _ in self._items:
            if name.lower() not in seen:
                seen.add(name.lower())
                yield name

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self._items})

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.get_all(name))

    def get_all(self, name: str) -> list[str]:
        """All values of a name, in the order in which they were sent."""
        wanted = name.lower()
        return [value for key, value in self._items if key.lower() == wanted]

    def raw(self) -> list[tuple[str, str]]:
        """All headers, as they were sent."""
        return list(self._items)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Headers):
            return self._lower() == other._lower()
        return super().__eq__(other)

    def _lower(self) -> list[tuple[str, str]]:
        return [(name.lower(), value) for name, value in self._items]

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Headers({self._items!r})"


class Response:
    """A response. Its ``repr`` is what a snapshot shows: without dates, versions and folders."""

    def __init__(self, request: _native.HttpRequest, native: _native.Response) -> None:
        self._request = request
        self._native = native
        #: The status code; 0: the connection was closed without a response.
        self.status: int = native.status
        #: The words behind it.
        self.reason: str = native.reason
        self.headers = Headers(native.headers)
        #: The body as it was sent, without transfer coding.
        self.body: bytes = native.body
        #: The response ended before what it announced.
        self.cut: bool = native.cut
        #: What the script wrote to ``sys.stderr``, tracebacks, and what the host reports.
        self.stderr: str = native.stderr
        #: What an extension did wrong, or what the fake IIS does not have.
        self.reports: list[str] = native.reports
        #: The exception that ended the script.
        self.exception: BaseException | None = native.exception

    @property
    def ok(self) -> bool:
        """A status below 400, whole, of a script that did not fail."""
        return 0 < self.status < 400 and not self.cut and not self._native.failed

    @property
    def charset(self) -> str:
        """The charset of ``Content-Type``, or UTF-8."""
        message = Message()
        message["Content-Type"] = self.headers.get("Content-Type", "")
        charset = message.get_content_charset()
        return charset or "utf-8"

    @property
    def text(self) -> str:
        """The body as text."""
        try:
            return self.body.decode(self.charset, "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """What the body says as JSON."""
        return json.loads(self.body)

    @property
    def calls(self) -> list[Call]:
        """The calls across the control block."""
        return [json.loads(line) for line in self._native.calls]

    def __repr__(self) -> str:
        text = _native.shown(self._request, self._native)
        if "\n\n" not in text and self.body:
            # A body that is no text.
            text += f"[body_sha256: {hashlib.sha256(self.body).hexdigest()}]\n"
        return text.rstrip("\n")

    def __eq__(self, other: object) -> bool:
        # What differs between runs makes no difference: it could not be kept in a snapshot.
        if isinstance(other, Response):
            return repr(self) == repr(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(repr(self))

    # Nothing in it changes, and a traceback cannot be copied.
    def __copy__(self) -> Response:
        return self

    def __deepcopy__(self, _memo: object) -> Response:
        return self
