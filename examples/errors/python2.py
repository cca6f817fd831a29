"""Python 2: print without brackets and 'except X, e'. The error says so, and shows the Python 3 form."""
from Http import *


def Request():
    Header("Content-Type: text/html")
    try:
        print "<h1>Hello from 2009</h1>"
    except IOError, e:
        print e
