"""Sleeps ?s= seconds (1 if not given): a hundred of these at once should take little longer than one."""
# ruff: noqa: F403, F405
import time
from urllib.parse import parse_qs

from Http import *


def Request():
    Seconds = float(parse_qs(Env.QUERY_STRING).get("s", ["1"])[0])
    time.sleep(Seconds)
    Header("Content-Type: text/plain")
    Write("Slept %g s.\n" % Seconds)
