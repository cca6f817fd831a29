"""Each function of Http with wrong arguments: prints the type and the text of every exception."""
# ruff: noqa: F403, F405
from Http import *


def SetEnv():
    Env.SERVER_NAME = "elsewhere"


def DelEnv():
    del Env.SERVER_NAME


CALLS = [
    ("Write()", lambda: Write()),
    ("Write(1)", lambda: Write(1)),
    ("Write(1.5)", lambda: Write(1.5)),
    ("Write(None)", lambda: Write(None)),
    ("Write(['a'])", lambda: Write(["a"])),
    ("Write('a', 'b')", lambda: Write("a", "b")),
    ("Read('1')", lambda: Read("1")),
    ("Read(1.5)", lambda: Read(1.5)),
    ("Read(None)", lambda: Read(None)),
    ("Read(1, 2)", lambda: Read(1, 2)),
    ("Read(Bytes=1)", lambda: Read(Bytes=1)),
    ("Header(1)", lambda: Header(1)),
    ("Header(None)", lambda: Header(None)),
    ("Header(b'X-A: 1')", lambda: Header(b"X-A: 1")),
    ("Header({'X-A': '1'})", lambda: Header({"X-A": "1"})),
    ("Header([1])", lambda: Header([1])),
    ("Header('no colon')", lambda: Header("no colon")),
    ("Header(': no name')", lambda: Header(": no name")),
    ("Header('X-A: 1\\n')", lambda: Header("X-A: 1\n")),
    ("Header('X-A: \\0')", lambda: Header("X-A: \0")),
    ("Header(Status='404')", lambda: Header(Status="404")),
    ("Header(Status=None)", lambda: Header(Status=None)),
    ("Header(Status=99)", lambda: Header(Status=99)),
    ("Header(Status=600)", lambda: Header(Status=600)),
    ("Header(Length='5')", lambda: Header(Length="5")),
    ("Header(Length=1.5)", lambda: Header(Length=1.5)),
    ("Header(Close=False)", lambda: Header(Close=False)),
    ("Header(Close=1)", lambda: Header(Close=1)),
    ("Header(Close=None)", lambda: Header(Close=None)),
    ("Header(Color='red')", lambda: Header(Color="red")),
    ("DisableBuffer(1)", lambda: DisableBuffer(1)),
    ("Env()", lambda: Env()),
    ("Env['URL']", lambda: Env["URL"]),
    ("Env.SERVER_NAME = ...", SetEnv),
    ("del Env.SERVER_NAME", DelEnv),
]


def Request():
    Header("Content-Type: text/plain")
    Lines = []
    for Text, Call in CALLS:
        try:
            Call()
        except Exception as e:
            Lines.append("%s -> %s: %s\n" % (Text, type(e).__name__, e))
        else:
            Lines.append("%s -> no exception\n" % Text)
    Write("".join(Lines))
