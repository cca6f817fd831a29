"""A handler in the place of the home's."""

from Http import *


def Request():
    Write("handled " + Env.URL)
