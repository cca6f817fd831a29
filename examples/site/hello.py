"""The smallest script: a header and a line of text."""
# ruff: noqa: F403, F405
from Http import *


def Request():
    Header("Content-type: text/html")
    Write("Hello, World!")
