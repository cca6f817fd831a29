"""sys.exit() ends the request, not the server: what was written before is sent, the text of the exit is not."""
# ruff: noqa: F403, F405
import sys

from Http import *


def Request():
    Header("Content-Type: text/plain")
    Write("Written before the exit.\n")
    sys.exit("x")
    Write("Never written.\n")
