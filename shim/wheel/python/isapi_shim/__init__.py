"""isapi-shim in this Python: the command, the fake IIS for tests, and the module ``Http``."""

from isapi_shim._native import Host, Response

__all__ = ["Host", "Response"]
