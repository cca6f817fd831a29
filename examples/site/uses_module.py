"""A module beside the script: its folder is not on sys.path, so the script puts it there itself."""
# ruff: noqa: F403, F405
import os
import sys

from Http import *

Here = os.path.dirname(__file__)
if Here not in sys.path:
    sys.path.append(Here)

from shopping_cart import Cart  # noqa: E402


def Request():
    Basket = Cart()
    Basket.Add("Apples", 1.25, 4)
    Basket.Add("Bread", 2.80)
    Header("Content-Type: text/plain")
    Write(Basket.AsText())
