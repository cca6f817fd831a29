"""A large upload read in pieces of 64 KiB, never whole in memory: answers its size and SHA-256."""
# ruff: noqa: F403, F405
import hashlib

from Http import *

PIECE = 64 * 1024


def Request():
    Header("Content-Type: text/plain")
    if Env.REQUEST_METHOD not in ("POST", "PUT"):
        Write("Send me a file with POST or PUT.\n")
        return

    Size = 0
    Hash = hashlib.sha256()
    while True:
        Piece = Read(PIECE)
        if not Piece:
            break
        Size += len(Piece)
        Hash.update(Piece)

    Write("size: %d\n" % Size)
    Write("sha256: %s\n" % Hash.hexdigest())
    Write("left: %d\n" % Read(-1))
