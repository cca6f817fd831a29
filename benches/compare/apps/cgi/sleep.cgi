#!/usr/bin/env python3
import time

time.sleep(1)
print("Content-Type: text/plain")
print()
print("slept", end="")
