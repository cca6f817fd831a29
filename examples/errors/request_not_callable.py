"""Request is there, but it is a text and cannot be called."""
# ruff: noqa: F403
from Http import *

Request = "Hello, World!"
