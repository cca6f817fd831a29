#!/usr/bin/env python3
import os

from names import NAMES

print("Content-Type: text/plain")
print()
print("\n".join([os.environ.get(name, "") for name in NAMES]), end="")
