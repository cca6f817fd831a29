"""isapi-shim in this Python: PyISAPIe scripts run, served and tested without IIS.

``Client`` sends requests to a site without a socket. The pytest plugin is made of it.
"""

from __future__ import annotations

import typing

__all__ = ["Call", "Client", "Headers", "Response", "Server"]

if typing.TYPE_CHECKING:
    from isapi_shim._client import Client
    from isapi_shim._response import Call, Headers, Response
    from isapi_shim._server import Server

_WHERE = {"Client": "_client", "Server": "_server"}


def __getattr__(name: str) -> object:
    # Not before it is used: pytest imports this package wherever it is installed.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    module = importlib.import_module(f"isapi_shim.{_WHERE.get(name, '_response')}")
    value: object = getattr(module, name)
    globals()[name] = value
    return value
