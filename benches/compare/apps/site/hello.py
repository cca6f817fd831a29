from Http import *


def Request():
    Header("Content-type: text/html")
    Write("Hello, World!")
