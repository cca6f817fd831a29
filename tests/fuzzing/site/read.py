from Http import *


def Request():
    size = 0
    while True:
        piece = Read(1000)
        if not piece:
            break
        size += len(piece)
    Write(str(size))
