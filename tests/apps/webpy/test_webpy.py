"""web.py, whose guide told how to run it with PyISAPIe."""

from pathlib import Path

from frameworks import FrameworkTest
from support import in_all_ways


class WebPy(FrameworkTest):
    files = Path(__file__).parent / "site"
    application = "webpysite:app"
    # web.py logs the exception of a view.
    expected_trouble = ("Traceback (most recent call last)",)


in_all_ways(globals(), WebPy)
