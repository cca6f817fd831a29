"""Falcon: reads the request body itself, in pieces."""

from pathlib import Path

from frameworks import FrameworkTest
from support import in_all_ways


class Falcon(FrameworkTest):
    files = Path(__file__).parent / "site"
    application = "falconsite:app"
    # Falcon logs the exception of a view.
    expected_trouble = ("Traceback (most recent call last)",)


in_all_ways(globals(), Falcon)
