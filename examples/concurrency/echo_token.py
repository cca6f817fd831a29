"""Gives ?t= back, after letting other threads run: answers must never be mixed up between clients."""
# ruff: noqa: F403, F405
import time
from urllib.parse import parse_qs

from Http import *


def Request():
    Header("Content-Type: text/plain; charset=utf-8")
    Before = parse_qs(Env.QUERY_STRING).get("t", [""])[0]
    time.sleep(0)
    After = parse_qs(Env.QUERY_STRING).get("t", [""])[0]
    if Before != After:
        raise RuntimeError("the request changed under me: %r, %r" % (Before, After))
    Write(After)
