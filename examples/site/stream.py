"""Output that is not collected: after DisableBuffer() each Write goes to the client at once."""
# ruff: noqa: F403, F405
from Http import *


def Request():
    Header("Content-Type: text/plain")
    DisableBuffer()
    for Number in range(1, 101):
        Write("chunk %d of 100\n" % Number)
