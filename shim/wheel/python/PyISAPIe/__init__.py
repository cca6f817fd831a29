"""The built-in module of the extension; see ``Http``."""

from isapi_shim import _outside

_outside.join()
