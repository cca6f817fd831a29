"""Waits a second, as for a database."""

import time

from Http import *


def Request():
    time.sleep(1)
    Header("Content-Type: text/plain")
    Write("slept")
