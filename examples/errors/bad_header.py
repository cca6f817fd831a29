"""A header made from what the client sent, with a line end in it: refused with ValueError."""
# ruff: noqa: F403, F405
from urllib.parse import parse_qs

from Http import *


def Request():
    Name = parse_qs(Env.QUERY_STRING).get("name", ["Ann\r\nSet-Cookie: admin=1"])[0]
    Header(["Content-Type: text/plain", "X-Visitor: " + Name])
    Write("Hello, %s.\n" % Name)
