from Http import *


def Request():
    Write("some text " * 100)
    raise ValueError("\udc80 a text that cannot be written \0")
