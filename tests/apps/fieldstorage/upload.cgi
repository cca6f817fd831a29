#!/usr/bin/env python3
# As CGI scripts were written for twenty years.
import cgi
import hashlib
import os

form = cgi.FieldStorage(keep_blank_values=True)
print("Content-Type: text/plain; charset=utf-8")
print("Set-Cookie: one=1")
print("Set-Cookie: two=2")
print()
for name in sorted(form):
    field = form[name]
    if isinstance(field, list):
        print(name, [item.value for item in field])
    elif field.filename:
        data = field.file.read()
        print(name, field.filename, field.type, len(data), hashlib.sha256(data).hexdigest())
    else:
        print(name, repr(field.value))
print("script", os.environ["SCRIPT_NAME"])
print("path", os.environ.get("PATH_INFO", ""))
