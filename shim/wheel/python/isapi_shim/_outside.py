"""``Http`` in a plain Python: its modules are there, and no request is."""

import atexit
import sys

from isapi_shim import _native


def join() -> None:
    """Makes the modules known, and tells at the end what a lone script wants."""
    _native.join()
    # Now: Python takes the name away before it runs exit functions.
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    if file:
        atexit.register(_say_how_to_run, file)


def _say_how_to_run(file: str) -> None:
    # ``python script.py`` defines Request() and calls nothing: that looks as if it did not work.
    if callable(getattr(sys.modules.get("__main__"), "Request", None)):
        text = f"isapi-shim: {file} defines Request(), which a server calls. Run it: "
        print(f"{text}isapi-shim run {file}", file=sys.stderr)
