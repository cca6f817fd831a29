"""One database connection per thread, opened once and kept in threading.local between requests."""
# ruff: noqa: F403, F405
import sqlite3
import threading

from Http import *

Local = threading.local()


def Connection():
    if not hasattr(Local, "Connection"):
        Db = sqlite3.connect(":memory:")
        Db.execute("CREATE TABLE Sales (Region TEXT, Amount INTEGER)")
        Db.executemany(
            "INSERT INTO Sales VALUES (?, ?)",
            [(Region, Number * 10) for Number in range(1, 101) for Region in ("North", "South")],
        )
        Local.Connection = Db
    return Local.Connection


def Request():
    Rows = Connection().execute("SELECT Region, SUM(Amount) FROM Sales GROUP BY Region ORDER BY Region")
    Header("Content-Type: text/plain")
    for Region, Sum in Rows:
        Write("%s: %d\n" % (Region, Sum))
