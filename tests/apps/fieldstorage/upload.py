# The same in a script of Http, which has the variables in Env.
import cgi
import hashlib
import sys

from Http import *


def Request():
    names = ("REQUEST_METHOD", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH")
    environ = {name: getattr(Env, name) for name in names}
    form = cgi.FieldStorage(sys.stdin.buffer, environ=environ, keep_blank_values=True)
    Header(["Content-Type: text/plain; charset=utf-8", "Set-Cookie: one=1", "Set-Cookie: two=2"])
    for name in sorted(form):
        field = form[name]
        if isinstance(field, list):
            print(name, [item.value for item in field])
        elif field.filename:
            data = field.file.read()
            print(name, field.filename, field.type, len(data), hashlib.sha256(data).hexdigest())
        else:
            print(name, repr(field.value))
    print("script", Env.SCRIPT_NAME)
    print("path", Env.PATH_INFO[len(Env.SCRIPT_NAME) :])
