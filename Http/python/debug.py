"""Debuggers, coverage and breakpoints for scripts, whose threads Python has not started.

Inside a request ``sys.stdin`` and ``sys.stdout`` are the request's body and the response, so a
debugger at the terminal must not use them.
"""

import atexit
import os
import sys
import threading

#: debugpy, once it listens.
_debugger = None


def listen(host, port, wait):
    """Lets a debugger attach, and waits for it if wanted."""
    global _debugger

    # It would warn that breakpoints in a few modules of the standard library have no effect.
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    import debugpy

    # The debugger's own breakpoint() takes the place of the one below.
    host, port = debugpy.listen((host, port))
    _debugger = debugpy
    sys.breakpointhook = debugpy.breakpoint
    waits = ", and is waited for" if wait else ""
    print(f"isapi-shim: a debugger can attach at {host}:{port}{waits}", file=sys.stderr)
    if wait:
        debugpy.wait_for_client()


def enter_thread():
    """Called at a thread's first request: does what ``threading`` does for its own threads."""
    if _debugger is not None:
        _debugger.debug_this_thread()
    hook = getattr(threading, "_trace_hook", None)
    if hook is not None and sys.gettrace() is None:
        sys.settrace(hook)


def cover(run):
    """Measures coverage until Python ends. ``run``: a folder that several processes share."""
    import coverage

    folder = os.getcwd()
    keeps_all = coverage.Coverage(messages=False).get_option("run:parallel")
    # One of several writes beside the file of all, and is added to it at its end.
    measured = coverage.Coverage(data_suffix=bool(run) or None)
    measured.start()

    def save():
        # A site's home has become the current folder; settings and data belong to the first one.
        try:
            os.chdir(folder)
        except OSError:
            pass
        measured.stop()
        measured.save()
        if run and not keeps_all:
            _add(coverage, measured.get_data().data_filename(), run)

    # The first to be registered is the last to run: functions of scripts are measured, too.
    atexit.register(save)


def _add(coverage, file, run):
    if not os.path.exists(file):
        return
    with open(os.path.join(run, "lock"), "a+b") as lock:
        _lock(lock)
        whole = coverage.Coverage(messages=False)
        # What an earlier command measured is replaced, as `coverage run` does it.
        mark = os.path.join(run, "begun")
        if os.path.exists(mark):
            whole.load()
        whole.combine([file])
        whole.save()
        with open(mark, "wb"):
            pass


def _lock(file):
    # Until the file is closed.
    if os.name == "nt":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)


def hook():
    """Sends ``breakpoint()`` to the terminal. False: somebody has other plans for it."""
    chosen = os.environ.get("PYTHONBREAKPOINT") if not sys.flags.ignore_environment else None
    if chosen or sys.breakpointhook is not sys.__breakpointhook__:
        return False
    sys.breakpointhook = _break
    return True


def unhook():
    """Undoes ``hook``."""
    if sys.breakpointhook is _break:
        sys.breakpointhook = sys.__breakpointhook__


#: What reads from and writes to the terminal, once it was opened.
_terminal = None


def _open_terminal():
    global _terminal
    if _terminal is None:
        names = ("CONIN$", "CONOUT$") if os.name == "nt" else ("/dev/tty", "/dev/tty")
        try:
            _terminal = open(names[0]), open(names[1], "w")
        except OSError:
            plain = sys.__stdin__, sys.__stderr__
            if not all(stream is not None and stream.isatty() for stream in plain):
                return None
            _terminal = plain
    return _terminal


def _break(*_arguments, **_keywords):
    frame = sys._getframe(1)
    terminal = _open_terminal()
    if terminal is None:
        where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        print(f"isapi-shim: no terminal for the breakpoint() at {where}", file=sys.stderr)
        return
    import pdb

    # Ctrl-C is the host's.
    pdb.Pdb(stdin=terminal[0], stdout=terminal[1], nosigint=True).set_trace(frame)
