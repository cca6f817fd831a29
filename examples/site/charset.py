"""Another charset: text is sent in the charset that the script's own Content-Type names."""
# ruff: noqa: F403, F405
from Http import *


def Request():
    Header("Content-Type: text/plain; charset=iso-8859-1")
    Write("Grüße aus Köln, crème brûlée, ¿qué tal?\n")
