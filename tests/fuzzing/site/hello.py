from Http import *


def Request():
    Header("Content-Type: text/plain")
    Write("Hello, World!")
