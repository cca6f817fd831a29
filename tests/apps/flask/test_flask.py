"""Flask."""

from pathlib import Path

from frameworks import FrameworkTest
from support import in_all_ways


class Flask(FrameworkTest):
    files = Path(__file__).parent / "site"
    application = "flasksite:app"
    # Flask logs the exception of a view.
    expected_trouble = ("Traceback (most recent call last)",)


in_all_ways(globals(), Flask)
