"""The request handler. A file ``Http/Isapi.py`` in the home folder replaces the built-in one."""

__all__ = ["Request"]

def Request() -> object:
    """Answers the current request.

    The object ``True`` hands the request to the next handler; anything else ends it. The built-in
    one runs the script that the URL maps to, and gives what its ``Request()`` returns.
    """
