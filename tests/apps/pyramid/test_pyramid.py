"""Pyramid, and with it WebOb. It lets exceptions of views through to the host."""

from pathlib import Path

from frameworks import FrameworkTest
from support import in_all_ways


class Pyramid(FrameworkTest):
    files = Path(__file__).parent / "site"
    application = "pyramidsite:app"
    expected_trouble = ("Traceback (most recent call last)", "ISH0401")

    def test_an_error_does_no_harm(self):
        self.assert_status(self.get("/raise"), 500)
        self.assert_status(self.get("/"), 200)
        self.assert_logged("ValueError: on purpose")


in_all_ways(globals(), Pyramid)
