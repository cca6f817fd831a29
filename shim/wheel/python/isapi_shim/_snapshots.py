"""Snapshots in the format of ``isapi-shim test`` and ``insta``, for tests in Python."""

from __future__ import annotations

import os
import re
from typing import Literal

import pytest
from isapi_shim import _native
from isapi_shim._response import Response

Update = Literal["nothing", "pending", "unseen", "accept"]


def on_build_server() -> bool:
    """Whether this is a run that must not change what it tests."""
    ci = os.environ.get("CI")
    if ci is None:
        return "TF_BUILD" in os.environ
    return ci not in ("", "0", "false")


def update_mode(always: bool, unseen: bool) -> Update:
    """What may be written. ValueError: the options want what a build server must not do."""
    word = os.environ.get("INSTA_UPDATE", "")
    if on_build_server():
        if always or unseen:
            option = "--isapi-update" if always else "--isapi-update-new"
            raise ValueError(
                f"{option} would write snapshots on a build server (CI or TF_BUILD is set). "
                "Update at your desk and commit; where that is not possible, set CI=false."
            )
        return "nothing"
    if always or word in ("always", "force", "1"):
        return "accept"
    if unseen or word == "unseen":
        return "unseen"
    return "nothing" if word == "no" else "pending"


def failure(outcome: str, text: str, how: str) -> str | None:
    """What to tell about a comparison; None: nothing is wrong."""
    if outcome == "new":
        return f"there is no snapshot yet; {how} takes this one:\n{text}"
    if outcome == "differs":
        return f"the response differs from its snapshot; {how} takes it:\n{text}"
    return None


class Snapshots:
    """The fixture ``isapi_snapshot``: equal to a response that is as its snapshot has it.

    Each comparison of a test has a snapshot of its own: the second has ``-2`` behind its name.
    """

    def __init__(self, node: pytest.Item, test: str, update: Update) -> None:
        self._node = node
        self._test = _file_name(test)
        self._update = update
        self._name = self._test
        self._redact: list[str] = []
        #: How often each name was used, by this one and what was made of it.
        self._used: dict[str, int] = {}
        #: What the last comparison has to tell.
        self.told = ""

    def __call__(self, name: str | None = None, *, redact: list[str] | None = None) -> Snapshots:
        """The same with a name of its own, or with more that is taken out.

        ``redact`` has texts as behind ``# @redact`` in a ``.http`` file: ``header:ETag``,
        ``regex:PATTERN``, ``regex:PATTERN => TEXT``.
        """
        other = Snapshots(self._node, self._test, self._update)
        other._used = self._used
        if name is not None:
            other._name = f"{self._test}-{_file_name(name)}"
        other._redact = list(redact or [])
        return other

    def __eq__(self, response: object) -> bool:
        if not isinstance(response, Response):
            return NotImplemented
        count = self._used[self._name] = self._used.get(self._name, 0) + 1
        name = f"{self._name}-{count}" if count > 1 else self._name
        request = response._request.named(name, self._node.nodeid, self._redact)
        outcome, text = _native.compare(self._node.path, request, response._native, self._update)
        told = failure(outcome, text, "pytest --isapi-update")
        if told is None:
            return True
        first, _, difference = told.partition("\n")
        self.told = first.rstrip(":")
        # pytest cuts what explains an assertion, and the whole is wanted.
        self._node.add_report_section("call", "difference", difference)
        return False

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<snapshots of {self._test}>"


def _file_name(text: str) -> str:
    # `__` divides the file's name from that of the test, and Windows forbids some characters.
    text = re.sub(r'[\x00-\x1f<>:"/\\|?*\s]+', "-", text)
    return re.sub(r"__+", "_", text).strip("_-.") or "test"
