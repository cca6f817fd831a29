"""Slow requests and default settings: a hundred sleepers at once, and a quick one beside eight slow."""

import http.client
import threading
import time

import report
from load import measure
from place import Problem
from process import Running, ask
from works import Work

SLEEPERS = 100
# A server that answers one after the other would take a hundred seconds: no need to wait for it.
PATIENCE = 10
SLOW = 8

HELLO_WORK = Work("hello", "", "/hello", 1)
SLEEP = Work("sleep", "", "/sleep", 1)
SPIN = Work("spin", "", "/spin", 1)


def all_servers(place, servers, seconds, say):
    """{server: what was found}. Bare hyper has no scripts that could be slow."""
    results = {}
    for server in servers:
        if server.name == "hyper":
            continue
        try:
            results[server.name] = one_server(place, server, seconds)
        except Problem as problem:
            results[server.name] = {"problem": str(problem)}
        say(f"    {server.name:12} {report.settings_row(results[server.name])}")
    return results


def one_server(place, server, seconds):
    found = {}
    with Running(place, server, False) as instance:
        instance.check(HELLO_WORK)
        found["sleepers"] = sleepers(instance.port, server.target(SLEEP))
    for name, work in (("sleeping", SLEEP), ("computing", SPIN)):
        for clients in (1, SLOW):
            # A new one: what was given up before may still be going on.
            with Running(place, server, False) as instance:
                instance.check(HELLO_WORK)
                found[f"{name}-{clients}"] = beside(instance, server, work, clients, seconds)
    return found


def sleepers(port, target):
    """How many of a hundred were answered, and after how long the last one."""
    end = time.monotonic() + PATIENCE
    start = time.monotonic()
    done = []

    def one():
        try:
            status, body = ask(port, target, timeout=max(0.1, end - time.monotonic()))
            if (status, body) == (200, b"slept"):
                done.append(time.monotonic() - start)
        except (OSError, http.client.HTTPException):
            pass

    threads = [threading.Thread(target=one, daemon=True) for _ in range(SLEEPERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"done": len(done), "seconds": max(done, default=0.0)}


def beside(instance, server, work, clients, seconds):
    """hello while eight slow ones run all the time."""
    stop = threading.Event()
    target = server.target(work)
    served = []

    def slow():
        while not stop.is_set():
            try:
                status, _ = ask(instance.port, target, timeout=PATIENCE)
                served.append(status)
            except (OSError, http.client.HTTPException):
                # Too slow, or the server ends: also one that does not answer.
                stop.wait(0.1)

    threads = [threading.Thread(target=slow, daemon=True) for _ in range(SLOW)]
    for thread in threads:
        thread.start()
    # All of them are in their scripts by then.
    time.sleep(0.3)
    try:
        return {
            "sample": measure(instance.port, server.target(HELLO_WORK), clients, seconds),
            "slow": len(served),
        }
    finally:
        stop.set()
        instance.stop()
        for thread in threads:
            thread.join(PATIENCE)
