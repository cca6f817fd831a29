"""A wildcard handler: gets every request of the site, chooses a function by prefix, leaves the static files to IIS."""
# ruff: noqa: F403, F405
from html import escape

from Http import *

# These are not ours: return True, and the next handler (static files) takes them.
Exclude = ("/static/", "/favicon.ico")


def Home(Rest):
    Page("Welcome", "<p>Try <a href='/hello/Ann'>/hello/Ann</a> or <a href='/orders/7'>/orders/7</a>.</p>")


def Hello(Rest):
    Page("Hello, %s!" % (Rest or "World"))


def Orders(Rest):
    if Rest.isascii() and Rest.isdigit():
        Page("Order %s" % Rest, "<p>%s</p>" % escape(Env.REQUEST_METHOD))
    else:
        NotFound()


# The first prefix that fits wins.
Table = [
    ("/hello/", Hello),
    ("/orders/", Orders),
]


def Page(Title, Body=""):
    Header("Content-Type: text/html; charset=utf-8")
    Write("<html><head><title>%s</title>" % escape(Title))
    Write("<link rel='stylesheet' href='/static/site.css'></head>\n")
    Write("<body><h1>%s</h1>%s</body></html>\n" % (escape(Title), Body))


def NotFound():
    Header(Status=404)
    Page("Not Found", "<p>There is no page %s.</p>" % escape(Env.URL))


def Request():
    Url = Env.URL
    for Prefix in Exclude:
        if Url.startswith(Prefix):
            return True
    if Url == "/":
        return Home("")
    for Prefix, Function in Table:
        if Url.startswith(Prefix):
            return Function(Url[len(Prefix):])
    return NotFound()
