"""The Http package: what a script gets from ``from Http import *``.

The functions are those of the built-in module ``PyISAPIe``; they work only while a request is
being processed, on the thread that processes it.
"""

import sys as _sys

from PyISAPIe import DisableBuffer, Env, Header, Read, Write
from PyISAPIe import (
    Version as _text,
    VersionFull as _full,
    VersionMajor as _major,
    VersionMinor as _minor,
    VersionRelease as _release,
    VersionRevision as _revision,
)

__all__ = ["Config", "Read", "Write", "Env", "Header", "DisableBuffer"]

#: The loader of scripts. Built in, so that importing it does not set this by itself.
Loader = _sys.modules["Http.Loader"]

#: WSGI applications. Built in, too.
WSGI = _sys.modules["Http.WSGI"]

#: Whether the built-in module was there. Always true here; old scripts ask.
Loaded = True


class _Version:
    """The extension's version; ``str()`` of it is the short form."""

    Version = _text
    Full = _full
    Major = _major
    Minor = _minor
    Release = _release
    Revision = _revision

    def __str__(self):
        return self.Version


Version = _Version()
