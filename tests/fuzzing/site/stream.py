import sys

from Http import *


def Request():
    DisableBuffer()
    Header("Content-Type: text/plain; charset=utf-8", Length=26)
    for line in sys.stdin:
        print(line, end="")
    sys.stdout.flush()
    print("\u20ac" * 5)
