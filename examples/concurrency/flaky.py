"""Raises on every second request: an error must not harm the request beside it or after it."""
# ruff: noqa: F403, F405
import threading

from Http import *

Lock = threading.Lock()
Count = 0


def Request():
    global Count
    with Lock:
        Count += 1
        Number = Count
    if Number % 2 == 0:
        raise RuntimeError("every second request fails")
    Header("Content-Type: text/plain")
    Write("Fine.\n")
