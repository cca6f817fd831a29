"""Sends the request's body back."""

from Http import *


def Request():
    Header("Content-Type: application/octet-stream")
    Write(Read())
