"""A page made with print: what is printed goes to the client, under the default headers."""
# ruff: noqa: F403, F405
import sys

from Http import *

PRICES = [("Apples", 1.20), ("Pears", 1.85), ("Quinces", 3.40)]


def Request():
    print("<html><head><title>Prices</title></head>")
    print("<body><h1>Prices</h1>")
    print("<table border='1'>")
    for Name, Price in PRICES:
        print("<tr><td>%s</td><td>%.2f</td></tr>" % (Name, Price))
    print("</table>")

    # print, sys.stdout.write and Write may be mixed: the order is kept.
    print("<p>", end="")
    sys.stdout.write("%d kinds of fruit, " % len(PRICES))
    Write("all of them fresh.")
    print("</p>")
    print("</body></html>")
