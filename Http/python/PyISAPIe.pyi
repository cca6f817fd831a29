"""The built-in module of the extension.

Scripts get its functions from the package ``Http``. It exists only inside the extension. Each
function works while a request is being processed, on the thread that processes it; elsewhere it
raises ``Exception("Not currently processing a request")``.
"""

from typing import Final, Literal, Protocol, final, overload

class _Buffer(Protocol):
    """Bytes, bytearray, memoryview, array, mmap: whatever ``memoryview`` takes."""

    def __buffer__(self, flags: int, /) -> memoryview: ...

#: "2.0.0.1"
Version: Final[str]
#: "2.0.0.1 64bit Python-3.11.7"
VersionFull: Final[str]
VersionMajor: Final[int]
VersionMinor: Final[int]
VersionRelease: Final[int]
VersionRevision: Final[int]
#: "64" or "32"
VersionBits: Final[str]

def Header(
    Header: str | list[str] | tuple[str, ...] = ...,
    Status: int = 0,
    Length: int = -1,
    Close: Literal[True] = ...,
) -> None:
    """Sets headers, the status code, the length of the body, or that the connection closes.

    Headers are collected and go out with the first output that is really sent. The first header
    text replaces ``Config.DefaultHeaders``.

    Raises ``Exception`` where headers were sent already, ``ValueError`` for wrong values,
    ``TypeError`` or ``OverflowError`` where ``Status`` or ``Length`` is no integer of the right
    size, ``UnicodeEncodeError`` for text that is not Latin-1.
    """

def Write(data: str | _Buffer, /) -> None:
    """Sends text or bytes to the client.

    Text is encoded in the charset of the script's own ``Content-Type``, else in UTF-8. Empty data
    does nothing at all.

    Raises ``TypeError`` for other types, ``ValueError`` for more bytes than ``Length`` announced,
    ``UnicodeEncodeError``, and ``OSError`` (``ConnectionError`` where the client has gone) with the
    Win32 code in ``winerror``.
    """

@overload
def Read() -> bytes: ...
@overload
def Read(Bytes: Literal[-1], /) -> int: ...  # type: ignore[overload-overlap]
@overload
def Read(Bytes: int, /) -> bytes:
    """Reads from the request body.

    No argument or 0: everything that is left. n: at most n bytes. At the end ``b""``. -1: how many
    bytes are left, reading nothing; -1 where that is not known. Other negative numbers: as 0.
    """

def DisableBuffer() -> None:
    """Each write goes out at once from now on.

    Raises ``RuntimeError`` where something was sent already.
    """

@final
class _Env:
    """The server variables as attributes.

    ``Env.NAME`` is always a str, and ``""`` where the host knows none of that name.
    """

    #: Whether the connection is to stay open.
    @property
    def KeepAlive(self) -> bool: ...
    #: Whether body bytes were sent, not merely buffered.
    @property
    def DataSent(self) -> bool: ...
    #: Whether headers were sent, not merely collected.
    @property
    def HeadersSent(self) -> bool: ...
    def __getattr__(self, name: str, /) -> str: ...

Env: Final[_Env]
