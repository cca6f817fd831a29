"""The sites that are served: made anew for each run, below cargo's target folder."""

import shutil

HELLO = """from Http import *


def Request():
    Header("Content-type: text/html")
    Write("Hello, World!")
"""

# With a query it answers with one byte: so that it can be loaded before memory is looked at.
ONE_WRITE = """from Http import *

PAGE = b"x" * {size}


def Request():
    Header("Content-Type: application/octet-stream"{length})
    Write(PAGE[:1] if Env.QUERY_STRING else PAGE)
"""

PIECE = 4096
MANY_WRITES = """from Http import *

PIECE = b"x" * {piece}
SIZE = {size}


def Request():
    Header("Content-Type: application/octet-stream")
    if Env.QUERY_STRING:
        Write(PIECE[:1])
        return
    for _ in range(SIZE // {piece}):
        Write(PIECE)
"""

# It waits first, for what a server would read meanwhile that nobody asked for.
COUNT = """import time

from Http import *


def Request():
    if Env.QUERY_STRING == "wait":
        time.sleep(1)
    count = 0
    while piece := Read(65536):
        count += len(piece)
    Header("Content-Type: text/plain")
    Write(str(count))
"""

COUNT_AT_ONCE = """from Http import *


def Request():
    Header("Content-Type: text/plain")
    Write(str(len(Read())))
"""

# One of very many: what a small script of a site has.
ONE_OF_MANY = '''"""Script {number} of many."""

from Http import *

TITLE = "Page {number}"


def page(name):
    return "<h1>%s</h1><p>Hello, %s!</p>" % (TITLE, name or "stranger")


def Request():
    Header("Content-Type: text/html; charset=utf-8")
    Write(page(Env.REMOTE_USER))
'''

# The default is 30000000 bytes of a request, as in IIS; this is the most that can be said.
WEB_CONFIG = """<configuration>
  <system.webServer>
    <security>
      <requestFiltering>
        <requestLimits maxAllowedContentLength="4294967295" />
      </requestFiltering>
    </security>
  </system.webServer>
</configuration>
"""


def sizes_site(folder, sizes, huge):
    """Scripts for each size, and a file of `huge` bytes that takes no room on the disk."""
    files = {"hello.py": HELLO, "count.py": COUNT, "at_once.py": COUNT_AT_ONCE}
    files |= {"web.config": WEB_CONFIG, "static.txt": "static\n"}
    for size in sizes:
        files[f"one{size}.py"] = ONE_WRITE.format(size=size, length="")
        files[f"length{size}.py"] = ONE_WRITE.format(
            size=size, length=", Length=1 if Env.QUERY_STRING else len(PAGE)"
        )
    for size in [*sizes, huge]:
        files[f"many{size}.py"] = MANY_WRITES.format(size=size, piece=min(PIECE, size))
    fill(folder, files)
    with open(folder / "huge.txt", "wb") as file:
        file.truncate(huge)
    return folder


def scripts_site(folder, count):
    """So many scripts."""
    numbers = range(count)
    fill(folder, {f"s{n:05}.py": ONE_OF_MANY.format(number=n) for n in numbers})
    return folder


def fill(folder, files):
    """Makes a folder of exactly these files."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
