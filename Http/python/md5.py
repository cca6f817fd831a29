"""A stand-in for Python 2's module ``md5``: old handlers name their modules with it.

Text is hashed as UTF-8, as its bytes were then.
"""

import hashlib

digest_size = 16
blocksize = 1


def new(data=b""):
    """An MD5 object; ``data`` may be text."""
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogateescape")
    # Not for security: this lets it work on systems that forbid MD5 for that.
    return hashlib.md5(data, usedforsecurity=False)


md5 = new
