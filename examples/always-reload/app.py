"""Counts its requests. The handler beside it loads this file on every one, so it never gets past 1."""
# ruff: noqa: F403, F405
from Http import *

Count = 0


def Request():
    global Count
    Count += 1
    Header("Content-Type: text/plain")
    Write("Request number %d since the script was loaded.\n" % Count)
