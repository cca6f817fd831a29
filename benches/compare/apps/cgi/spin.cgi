#!/usr/bin/env python3
import time

end = time.monotonic() + 1
while time.monotonic() < end:
    pass
print("Content-Type: text/plain")
print()
print("spun", end="")
