"""Loads scripts: once, or again when they have changed (``Config.Reload``)."""

from os import PathLike
from types import ModuleType

def load(path: str | PathLike[str], /) -> ModuleType:
    """The module of a script file.

    Raises ``ImportError("[Loading '<path>'] ...")`` where it cannot be loaded, with the real
    exception as its cause.
    """

def Request() -> object:
    """Runs the script that the URL maps to, and gives what its ``Request()`` returns."""
