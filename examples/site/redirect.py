"""A redirect: status 302 with a Location, and the connection closed."""
# ruff: noqa: F403, F405
from html import escape

from Http import *


def Request():
    Target = Env.SCRIPT_NAME.rsplit("/", 1)[0] + "/hello.py"
    Header(["Location: " + Target, "Content-Type: text/html"], Status=302, Close=True)
    Write('The page is <a href="%s">over there</a>.\n' % escape(Target))
