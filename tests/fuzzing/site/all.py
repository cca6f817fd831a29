import hashlib

from Http import *


def Request():
    body = Read()
    Header(["Content-Type: application/octet-stream", "X-Digest: " + hashlib.sha256(body).hexdigest()])
    Write(body)
