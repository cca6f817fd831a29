#!/usr/bin/env python3
import os
import sys

body = sys.stdin.buffer.read(int(os.environ.get("CONTENT_LENGTH") or 0))
sys.stdout.buffer.write(b"Content-Type: application/octet-stream\r\n\r\n" + body)
