#!/usr/bin/env python3
print("Content-Type: text/html")
print()
print("Hello, World!", end="")
