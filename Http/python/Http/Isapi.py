"""The default request handler: it runs the file that the URL maps to.

To handle requests differently, put a file ``Http/Isapi.py`` with a function ``Request()`` into
your home folder. It can still hand a script on to this one: ``from Http.Loader import load``.
"""

from Http.Loader import Request

__all__ = ["Request"]
