import os
import sys

print("Status: 202 Taken")
print("Content-Type: text/plain")
print()
print(len(sys.stdin.read()), os.environ.get("SERVER_NAME"))
