from Http import *


def Request():
    Header("Content-Type: text/plain", Status=201, Close=True)
    for count in (1, 10, 1000, 10000, 70000):
        Write("x" * count)
        Write(b"y" * count)
