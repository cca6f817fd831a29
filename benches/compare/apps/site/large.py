"""64 KiB, made once."""

from Http import *

PAGE = b"x" * 65536


def Request():
    Header("Content-Type: text/plain")
    Write(PAGE)
