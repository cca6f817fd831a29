"""An exception before any output: status 500 and a page with the traceback."""
# ruff: noqa: F403, F405
from Http import *

PRICES = {"apples": 1.20}


def Price(Name):
    return PRICES[Name]


def Request():
    Header("Content-Type: text/plain")
    Write("%.2f\n" % Price("<b>pears</b>"))
