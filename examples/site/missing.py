"""A status other than 200: the script's own 404 page, under the default headers."""
# ruff: noqa: F403, F405
from Http import *


def Request():
    Header(Status=404)
    Write("<h1>Not here</h1>\n<p>We looked everywhere.</p>\n")
