"""What a script gets from ``from Http import *``."""

from typing import Final, final

from PyISAPIe import DisableBuffer as DisableBuffer
from PyISAPIe import Env as Env
from PyISAPIe import Header as Header
from PyISAPIe import Read as Read
from PyISAPIe import Write as Write

from . import Config as Config
from . import Loader as Loader
from . import WSGI as WSGI

__all__ = ["Config", "Read", "Write", "Env", "Header", "DisableBuffer"]

#: Whether the built-in module was there. Always true; old scripts ask.
Loaded: Final[bool]

@final
class _Version:
    """The extension's version; ``str()`` of it is the short form."""

    Version: Final[str]
    Full: Final[str]
    Major: Final[int]
    Minor: Final[int]
    Release: Final[int]
    Revision: Final[int]

Version: Final[_Version]
