"""CherryPy as an application; without its own server."""

from pathlib import Path

from frameworks import FrameworkTest
from support import in_all_ways


class CherryPy(FrameworkTest):
    files = Path(__file__).parent / "site"
    application = "cherrysite:app"
    # CherryPy logs the exception of a view.
    expected_trouble = ("Traceback (most recent call last)",)


in_all_ways(globals(), CherryPy)
