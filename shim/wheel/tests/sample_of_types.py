"""Checked with `mypy --strict`, not run."""

from __future__ import annotations

from typing import Callable

import pytest
from isapi_shim import Call, Client, Headers, Response, Server

from Http import Config, Env, Header, Read, Write
from PyISAPIe import Version


def Request() -> None:
    Header("Content-Type: text/plain", Status=200)
    Write(Version + Env.QUERY_STRING + Read().decode())
    assert Config


@pytest.fixture
def site(isapi_app: Callable[..., Client]) -> Client:
    return isapi_app(root="site", raise_app_exceptions=False)


def test_all(site: Client, isapi_server: Server) -> None:
    response: Response = site.get("/hello.py", headers={"A": "b"}, query=[("a", 1)])
    headers: Headers = response.headers
    calls: list[Call] = response.calls
    text: str = headers["x"] + headers.get("y", "") + isapi_server.url + response.text
    site.post("/a", form={"a": [1]}, files={"f": ("x.txt", b"abc", "text/plain"), "g": b"x"})
    site.request("PUT", "/a", json={"a": 1}, server_vars={"AUTH_USER": "ann"})
    assert response.status == 200 and calls and text
