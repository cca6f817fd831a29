"""Reads twenty server variables."""

from names import NAMES

from Http import *


def Request():
    Header("Content-Type: text/plain")
    Write("\n".join([getattr(Env, name) for name in NAMES]))
