"""Counts how often it was loaded: 1, until somebody saves the file."""
# ruff: noqa: F403, F405
from Http import *

# Loading again runs in the same module, so the old value is still there.
Loaded = globals().get("Loaded", 0) + 1


def Request():
    Header("Content-Type: text/plain")
    Write("Loaded %d time(s).\n" % Loaded)
