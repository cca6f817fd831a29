"""What the keyword arguments of a request become: target, headers and body."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterable, Mapping
from typing import Any, Optional, Union
from urllib.parse import quote, urlencode

Pairs = Union[Mapping[str, Any], Iterable["tuple[str, Any]"]]
File = Union[bytes, str, "tuple[str, bytes | str]", "tuple[str, bytes | str, str]"]

#: Fixed, so that a snapshot can show it.
BOUNDARY = "isapi-shim-boundary"


def pairs(given: Pairs | None) -> list[tuple[str, Any]]:
    """A mapping, or pairs, as a list of pairs."""
    if given is None:
        return []
    return list(given.items() if isinstance(given, Mapping) else given)


def target(path: str, query: Pairs | str | None) -> str:
    """The target as a client sends it."""
    if not path.startswith("/") and path != "*":
        raise ValueError(f"a path begins with a slash: {path!r}")
    # What must not stand in a request line, and nothing that somebody has encoded already.
    path = quote(path, safe="/?#[]@!$&'()*+,;=:%~-._|{}^\\`\"<>").split("#")[0]
    if query is None:
        return path
    text = query.lstrip("?") if isinstance(query, str) else urlencode(pairs(query), doseq=True)
    if isinstance(query, str):
        text = quote(text, safe="/?[]@!$&'()*+,;=:%~-._|{}^\\`\"<>")
    return f"{path}{'&' if '?' in path else '?'}{text}"


def body(
    data: bytes | str | None,
    json: Any,
    form: Pairs | None,
    files: Mapping[str, File] | None,
) -> tuple[Optional[bytes], str | None]:
    """The body, and its type if it has one by nature."""
    given = [data is not None, json is not None, form is not None or files is not None]
    if sum(given) > 1:
        raise TypeError("data, json and form (with files) exclude each other")
    if data is not None:
        return (data.encode() if isinstance(data, str) else bytes(data)), None
    if json is not None:
        return json_module.dumps(json).encode(), "application/json"
    if files is not None:
        return _multipart(pairs(form), files), f"multipart/form-data; boundary={BOUNDARY}"
    if form is not None:
        return urlencode(pairs(form), doseq=True).encode(), "application/x-www-form-urlencoded"
    return None, None


def _multipart(form: list[tuple[str, Any]], files: Mapping[str, File]) -> bytes:
    parts = []
    for name, value in form:
        for one in value if isinstance(value, (list, tuple)) else [value]:
            content = one if isinstance(one, bytes) else str(one).encode()
            parts.append(_part(f'name="{_quoted(name)}"', None, content))
    for name, file in files.items():
        kind = "application/octet-stream"
        file_name = name
        content_: bytes | str
        if isinstance(file, tuple):
            file_name, content_ = file[0], file[1]
            if len(file) == 3:
                kind = file[2]
        else:
            content_ = file
        content = content_.encode() if isinstance(content_, str) else bytes(content_)
        head = f'name="{_quoted(name)}"; filename="{_quoted(file_name)}"'
        parts.append(_part(head, kind, content))
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def _part(disposition: str, kind: str | None, content: bytes) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n"
    if kind is not None:
        head += f"Content-Type: {kind}\r\n"
    return head.encode() + b"\r\n" + content + b"\r\n"


def _quoted(text: str) -> str:
    # As browsers do.
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
