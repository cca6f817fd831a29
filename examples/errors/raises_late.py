"""An exception after 200 KB: status and headers are gone already, so the error comes behind the output."""
# ruff: noqa: F403, F405
from Http import *

LINE = "0123456789" * 9 + " row %04d\n"


def Request():
    Header("Content-Type: text/plain")
    for Row in range(2048):
        Write(LINE % Row)
    raise RuntimeError("the printer is out of paper")
