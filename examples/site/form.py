"""A form that posts to itself: shows it on GET, reads the fields from Read() on POST."""
# ruff: noqa: F403, F405
from html import escape
from urllib.parse import parse_qs

from Http import *

FORM = """<form method="post" action="%s">
<p>Name: <input name="name"></p>
<p>Message: <textarea name="message"></textarea></p>
<p><input type="submit" value="Send"></p>
</form>
"""


def Request():
    Header("Content-Type: text/html; charset=utf-8")
    if Env.REQUEST_METHOD != "POST":
        Write("<h1>Guest book</h1>\n" + FORM % escape(Env.SCRIPT_NAME))
        return

    # Read() gives bytes; a form holds nothing but ASCII with %XX for the rest.
    Fields = parse_qs(Read().decode("ascii", "replace"), keep_blank_values=True)
    Name = Fields.get("name", [""])[0].strip() or "nobody"
    Message = Fields.get("message", [""])[0]

    Write("<h1>Thank you, %s!</h1>\n" % escape(Name))
    if Message:
        Write("<blockquote>%s</blockquote>\n" % escape(Message))
    Write('<p><a href="%s">Again</a></p>\n' % escape(Env.SCRIPT_NAME))
