"""Cookies: reads HTTP_COOKIE, counts the visits, sets two Set-Cookie headers."""
# ruff: noqa: F403, F405
from html import escape
from http.cookies import CookieError, SimpleCookie

from Http import *


def Request():
    Jar = SimpleCookie()
    try:
        Jar.load(Env.HTTP_COOKIE)
    except CookieError:
        Jar.clear()

    Visits = Jar["visits"].value if "visits" in Jar else ""
    Visits = int(Visits) + 1 if Visits.isascii() and Visits.isdigit() else 1
    Visitor = Jar["visitor"].value if "visitor" in Jar else "stranger"

    New = SimpleCookie()
    New["visits"] = str(Visits)
    New["visits"]["path"] = "/"
    New["visits"]["max-age"] = 86400
    New["visitor"] = Visitor
    New["visitor"]["path"] = "/"
    New["visitor"]["httponly"] = True

    Headers = ["Content-Type: text/html; charset=utf-8"]
    for Name in ("visits", "visitor"):
        Headers.append("Set-Cookie: " + New[Name].OutputString())
    Header(Headers)
    Write("<p>Hello, %s. This is visit number %d.</p>\n" % (escape(Visitor), Visits))
