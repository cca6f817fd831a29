"""The settings. A file ``Http/Config.py`` in the home folder replaces the built-in ones."""

from collections.abc import Callable
from typing import Literal

#: Used by Python code only. True also makes Reload "changed" where Reload is None.
Debug: bool

#: Bytes collected before something is sent: 64 to 131072, or None to send every write at once.
BufferSize: int | None

#: Whether connections may stay open. True or False only.
KeepAlive: bool

#: Sent where a script sets no header text of its own.
DefaultHeaders: str | list[str] | tuple[str, ...] | None

#: Always sent, first.
StaticHeaders: str | list[str] | tuple[str, ...] | None

#: Accepted for old sites, and without effect.
InterpreterMap: str | Callable[[], str | None] | None

#: When scripts are loaded again. None leaves it to the host.
Reload: Literal["never", "changed", "always"] | None

#: Who sees tracebacks on error pages. None leaves it to the host.
ErrorDetails: Literal["local", "always", "never"] | None
