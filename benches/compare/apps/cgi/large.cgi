#!/usr/bin/env python3
print("Content-Type: text/plain")
print()
print("x" * 65536, end="")
