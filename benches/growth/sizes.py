"""What an answer costs by its size, and a request by that of its body; a gibibyte of each."""

import statistics
import time

import fit
from client import Connection, in_chunks
from place import Problem
from server import Server
from tables import COST, ERRORS, MEMORY, SIZES, Table, column, measuring, number, rate

SMALLEST = 3
MOST = 20_000
# Of memory beyond what was there before, for bodies that are not held: a few pieces, the buffers
# of sockets, threads.
CONSTANT_KIB = 16 * 1024
EXTRA = "memory at the peak beyond that before"
PAUSE = 1


def responses(place, site, sizes, budget):
    """Answers in one Write, with and without their length said before, and in many."""
    ways = [
        ("one", "Response size, one `Write`", "The page is made once, and is in memory before."),
        (
            "length",
            "Response size, one `Write` whose length is announced",
            "As above, with `Header(Length=...)`.",
        ),
        ("many", "Response size, `Write` of 4 KiB each", ""),
    ]
    for name, title, note in ways:
        table = Table(title, SIZES, note=note)
        for size in sizes:
            if name == "many" and 1 < size < 65536:
                continue
            script = f"/{name}{size}.py"
            row = one_size(
                place,
                site,
                size,
                budget,
                warm=lambda c, script=script: right(c.get(script + "?1"), 1),
                ask=lambda c, script=script, size=size: right(c.get(script), size),
            )
            table.rows.append(row)
        judge(table, constant=name != "length")
        yield table


def requests(place, site, sizes, budget):
    """Bodies that are read in pieces, and at once."""
    ways = [
        ("count", "Request size, `Read(65536)` to the end"),
        ("at_once", "Request size, one `Read()` of everything"),
    ]
    for name, title in ways:
        table = Table(title, SIZES)
        for size in sizes:
            row = one_size(
                place,
                site,
                size,
                budget,
                warm=lambda c, name=name: counted(c.post(f"/{name}.py", 1), 1),
                ask=lambda c, name=name, size=size: counted(c.post(f"/{name}.py", size), size),
            )
            table.rows.append(row)
        judge(table, constant=name == "count")
        yield table


def chunks(place, site, size, counts, budget):
    """A body of one size, in more and more chunks."""
    columns = [
        ("chunks", column("chunks", number)),
        ("of", column("chunk", fit.size)),
        *SIZES[1:],
    ]
    note = "Read with `Read(65536)` to the end."
    table = Table(f"A body of {fit.size(size)}, by its number of chunks", columns, note=note)
    for count in counts:
        chunk = size // count
        body = in_chunks(count, chunk)
        row = one_size(
            place,
            site,
            size,
            budget,
            warm=lambda c: counted(c.post("/count.py", 1), 1),
            ask=lambda c, body=body: counted(c.post_chunks("/count.py", body), size),
        )
        table.rows.append(row | {"chunks": count, "chunk": chunk})
    rows = [row for row in table.rows if "problem" not in row]
    if rows:
        first, last = rows[0], rows[-1]
        each = (last["cpu"] - first["cpu"]) / (last["chunks"] - first["chunks"] or 1)
        table.verdicts.append(
            f"processor time of each more chunk, from the first row to the last: {each * 1e6:.2f} µs."
        )
        table.verdicts.append(constant_memory(rows))
    yield table


def judge(table, constant):
    """What the rows say."""
    rows = [row for row in table.rows if "problem" not in row]
    table.verdicts.append(fit.linear([(row["size"], row["cpu"]) for row in rows]))
    if constant:
        table.verdicts.append(constant_memory(rows))
    elif rows:
        size, most = rows[-1]["size"], extra(rows[-1])
        table.verdicts.append(f"{EXTRA}: {most * 1024 / size:.2f} times the largest body.")


def extra(row):
    return row["peak"] - row["before"]


def constant_memory(rows):
    """Says whether memory stays below the bound."""
    return fit.bounded([(1, extra(row)) for row in rows], CONSTANT_KIB, EXTRA)


def right(answer, size):
    """Checks an answer; gives its seconds."""
    status, found, _, seconds = answer
    if status != 200 or found != size:
        raise Problem(f"{found} bytes with status {status} came instead of {size}")
    return seconds


def counted(answer, size):
    """Checks that the script has counted so many bytes."""
    status, _, text, seconds = answer
    if status != 200 or text != str(size).encode():
        raise Problem(f"the script answered {text[:60]!r} with status {status}")
    return seconds


def one_size(place, site, size, budget, warm, ask):
    """One row: a server of its own, one client, as many requests as the budget of time allows."""
    row = {"size": size, "errors": 0}
    with measuring(row, f"{size:>11} "):
        with Server(place, site, name="sizes") as server, Connection(server.port) as client:
            for _ in range(20):
                warm(client)
            row["before"] = server.resident()
            row["peak_is_new"] = server.forget_peak()
            # The first one may be the pool's, which makes a thread.
            ask(client)
            times, cpus = [], []
            start = time.monotonic()
            while len(times) < SMALLEST or (
                time.monotonic() - start < budget and len(times) < MOST
            ):
                # Of each, for the median: a machine whose host is busy charges some for waiting.
                cpu = server.cpu()
                times.append(ask(client))
                cpus.append(server.cpu() - cpu)
            row |= {"requests": len(times), "seconds": statistics.median(times)}
            row |= {"cpu": statistics.median(cpus), "cpu_mean": statistics.mean(cpus)}
            row |= {"after": server.resident(), "peak": server.peak()}
    return row


def huge(place, site, size):
    """A gibibyte each way, with a pause during which nothing may pile up."""
    table = Table(
        f"{fit.size(size)} in one body",
        [
            ("what", column("what")),
            COST[0],
            COST[1],
            ("MiB/s", rate),
            *MEMORY,
            *ERRORS,
        ],
        note=f"Whoever reads waits for {PAUSE} s first: the client of a download, the script of an "
        "upload. The pause of the client is not in the time.",
    )
    many = f"/many{size}.py"
    ways = [
        ("download, `Write` of 4 KiB each", many, lambda c: right(c.get(many, PAUSE), size)),
        (
            "download of a static file",
            "/huge.txt",
            lambda c: right(c.get("/huge.txt", PAUSE), size),
        ),
        (
            "upload with `Content-Length`",
            "/count.py",
            lambda c: counted(c.post("/count.py?wait", size), size) - PAUSE,
        ),
        (
            "upload in chunks",
            "/count.py",
            lambda c: counted(c.post("/count.py?wait", size, chunked=True), size) - PAUSE,
        ),
    ]
    # Once, so that the system has its pages: making them would count as the server's time.
    with open(site / "huge.txt", "rb") as file:
        while file.read(1 << 20):
            pass
    for what, script, ask in ways:
        row = {"what": what, "size": size, "errors": 0, "requests": 1}
        with measuring(row):
            with Server(place, site, name="huge") as server, Connection(server.port) as client:
                for _ in range(20):
                    # Loads the script, and its path becomes a quick one.
                    if script != "/huge.txt":
                        client.get(script + "?1")
                    client.get("/hello.py")
                row["before"] = server.resident()
                row["peak_is_new"] = server.forget_peak()
                cpu = server.cpu()
                row["seconds"] = ask(client)
                row["cpu"] = server.cpu() - cpu
                row |= {"after": server.resident(), "peak": server.peak()}
        table.rows.append(row)
    rows = [row for row in table.rows if "problem" not in row]
    if rows:
        table.verdicts.append(constant_memory(rows))
    yield table
