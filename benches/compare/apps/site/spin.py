"""Computes for a second by the clock, so that several at once do not take longer."""

import time

from Http import *


def Request():
    end = time.monotonic() + 1
    while time.monotonic() < end:
        pass
    Header("Content-Type: text/plain")
    Write("spun")
