"""No Request() in the script: there is nothing to call."""
# ruff: noqa: F403, F405
from Http import *


def Main():
    Write("This function should have been called Request.")
