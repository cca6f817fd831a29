"""The package ``Http`` outside of a request: for editors, and to import scripts in a plain Python.

What scripts get is the built-in package, which takes the place of this file as soon as it is
imported.
"""

import sys

from isapi_shim import _outside

_outside.join()
del sys.modules["Http"]
import Http as Http  # noqa: E402, PLW0406 - the built-in one
