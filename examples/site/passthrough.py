"""return True hands the request on; under a script map there is no next handler, so: the recursion page."""
# ruff: noqa: F403
from Http import *


def Request():
    # Where the handler is a wildcard this works, and static files come of it: see examples/wildcard.
    return True
