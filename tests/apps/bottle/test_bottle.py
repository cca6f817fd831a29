"""Bottle: one file without dependencies."""

from pathlib import Path

from frameworks import FrameworkTest
from support import in_all_ways


class Bottle(FrameworkTest):
    files = Path(__file__).parent / "site"
    application = "bottlesite:app"
    # Bottle logs the exception of a view.
    expected_trouble = ("Traceback (most recent call last)",)


in_all_ways(globals(), Bottle)
