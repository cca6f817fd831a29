"""Runs WSGI applications (PEP 3333)."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, final

class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...

def RunWSGI(
    Application: Callable[[dict[str, Any], Callable[..., Callable[[bytes], None]]], Iterable[bytes]],
    Base: str | None = "/",
) -> None:
    """Answers the current request by a WSGI application.

    ``Base`` is the path at which the application is mounted: ``"/"`` for the script that runs, or
    for the whole site where a handler of the site's own (``Http/Isapi.py``) runs it; ``"/name"``
    for a prefix; ``None`` for the path of the IIS application (``APPL_MD_PATH``). Where the
    request's path does not begin with it, it counts as ``"/"``.

    Raises what the application raises, ``AssertionError``, ``TypeError`` or ``ValueError``
    (``[WSGI] ...``) where it breaks a rule of PEP 3333, and ``OSError`` as ``Http.Write`` does.
    """

@final
class FileWrapper:
    """``wsgi.file_wrapper``: an iterable over a file, by blocks.

    A real file that an application returns in it is sent by the server without being read into
    Python's memory.
    """

    def __init__(self, file: _Readable, block_size: int = 8192, /) -> None: ...
    def __iter__(self) -> Iterator[bytes]: ...
    def __next__(self) -> bytes: ...
    def close(self) -> None:
        """Closes the file, where it can be closed."""

