"""Runs CGI scripts in this process: ``RunCGI(path)`` answers the current request with one.

What a script takes for its own belongs to the process: the current folder, the environment,
``sys.argv``, ``sys.path``, ``__main__``. It is lent to one script at a time, and put back.
"""

import builtins
import functools
import gc
import io
import os
import sys
import threading
import time
import traceback
import types

from _PyISAPIe import RunCGI as _RunCGI
from _PyISAPIe import cgi_ending, is_of_request, module_generation

from Http.Descriptors import Descriptors

__all__ = ["CGIError", "RunCGI"]


class CGIError(Exception):
    """The output of a script is no CGI response."""


def _run(path, variables):
    """Runs a script; how it ended. It has its turn, and output goes to its response."""
    loan = _Loan(path)
    try:
        loan.lend(variables)
        descriptors = Descriptors()
        try:
            return _execute(path, loan.excepthook)
        finally:
            descriptors.end()
    finally:
        loan.take_back()


def _execute(path, excepthook):
    """Runs a script as ``python path`` would.

    The exception that ended it, if it is one for the server; whether the script's own hook has
    told it; and else how it ended, if that was not well.
    """
    main = types.ModuleType("__main__")
    main.__file__ = path
    main.__builtins__ = builtins
    main.__cached__ = None
    sys.modules["__main__"] = main
    try:
        try:
            code = _code(path)
        except (SyntaxError, _NotLoaded) as error:
            return error.with_traceback(None), False, None
        try:
            exec(code, main.__dict__)
        except SystemExit as error:
            return None, False, _exit(error.code)
        except BaseException as error:
            # Without the line above.
            error.__traceback__ = error.__traceback__.tb_next
            return error, _tell(error, excepthook), None
        return None, False, None
    finally:
        cgi_ending()
        _flush(main)
        # What only its variables held is closed now, as at the end of a process: files, database
        # connections, streams around sys.stdout.buffer.
        del main
        sys.modules.pop("__main__", None)
        _collect()


#: Collections of the young objects between two of all.
_YOUNG = 500


def _collect():
    """Closes what hangs together in circles, too.

    Each collection makes what else is alive in the process old, and puts off Python's own
    collections. So now and then all objects are looked at: nobody else would do it.
    """
    full = gc.isenabled() and gc.get_count()[2] >= _YOUNG
    gc.collect(2 if full else 1)


def _exit(code):
    if code is None or code == 0:
        return None
    if isinstance(code, int):
        return f"exit code {code}"
    _say(f"{code}\n")
    return "exit code 1"


def _tell(error, excepthook):
    """Calls the script's own hook for exceptions, such as ``cgitb``'s."""
    hook = getattr(sys, "excepthook", excepthook)
    if hook is excepthook or hook is sys.__excepthook__:
        return False
    try:
        hook(type(error), error, error.__traceback__)
    except SystemExit:
        pass
    except BaseException:
        _say("Error in sys.excepthook:\n" + traceback.format_exc())
        return False
    return True


def _say(text):
    try:
        sys.stderr.write(text)
    except Exception:  # the script's own, or gone
        pass


def _flush(main):
    """Fetches what is left in streams of the script's own."""
    streams = [getattr(sys, name, None) for name in ("stdout", "stderr")]
    kinds = io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom
    streams += [value for value in list(vars(main).values()) if isinstance(value, kinds)]
    for stream in streams:
        try:
            stream.flush()
        except Exception:  # it may be closed, or anything at all
            pass


class _Loan:
    """What belongs to the process, as it was before a script.

    Other scripts are loaded meanwhile, and set up what they need. That stays.
    """

    def __init__(self, path):
        self.script = path
        self.folder = os.getcwd()
        self.argv = sys.argv
        self.path = sys.path
        self.main = sys.modules.get("__main__")
        self.excepthook = sys.excepthook
        self.streams = sys.stdin, sys.stdout, sys.stderr
        self.environ = os.environ
        self.variables = dict(_raw(os.environ))
        self.modules = None

    def lend(self, variables):
        folder = os.path.dirname(self.script)
        sys.argv = [self.script]
        self.modules = _Modules(folder, self.path)
        sys.path = _Path([folder, *self.path])
        sys.path.lasting = self.path
        _unset(os.environ, _stale(frozenset(self.variables)))
        _set(os.environ, variables)
        _others.clear()
        _Others.script = threading.get_ident()
        if type(os.environ) is os._Environ:
            os.environ.__class__ = _Environ
        os.chdir(folder)

    def take_back(self):
        sys.stdin, sys.stdout, sys.stderr = self.streams
        sys.excepthook = self.excepthook
        if self.main is not None:
            sys.modules["__main__"] = self.main
        sys.argv = self.argv
        sys.path = self.path
        os.environ = self.environ
        if type(os.environ) is _Environ:
            os.environ.__class__ = os._Environ
        now = _raw(os.environ)
        _unset(os.environ, now.keys() - self.variables.keys() - _others)
        if now != self.variables:
            changed = [
                (name, value)
                for name, value in self.variables.items()
                if now.get(name) != value and name not in _others
            ]
            _set(os.environ, changed)
        if self.modules is not None:
            self.modules.set_aside()
        os.chdir(self.folder)


class _Others:
    """Tells the thread of the script from others."""

    #: The thread of the script.
    script = None

    @classmethod
    def are_here(cls):
        return threading.get_ident() != cls.script


#: The variables that other threads have set or deleted since the script began.
_others = set()


class _Environ(os._Environ):
    """``os.environ`` while a script runs: it notes what other threads do to it."""

    def __setitem__(self, name, value):
        super().__setitem__(name, value)
        self._note(name)

    def __delitem__(self, name):
        super().__delitem__(name)
        self._note(name)

    def _note(self, name):
        if _Others.are_here():
            _others.add(self.encodekey(name))


class _Path(list):
    """``sys.path`` while a script runs: what other threads do to it is done to the lasting one."""

    lasting = []

    def append(self, entry):
        super().append(entry)
        if _Others.are_here():
            self.lasting.append(entry)

    def insert(self, at, entry):
        super().insert(at, entry)
        if _Others.are_here():
            self.lasting.insert(at, entry)

    def extend(self, entries):
        entries = list(entries)
        super().extend(entries)
        if _Others.are_here():
            self.lasting.extend(entries)

    def __iadd__(self, entries):
        self.extend(entries)
        return self

    def remove(self, entry):
        super().remove(entry)
        if _Others.are_here() and entry in self.lasting:
            self.lasting.remove(entry)


def _raw(environ):
    """The variables as the system has them: on POSIX bytes, which need not be decoded each time."""
    return getattr(environ, "_data", environ)


def _set(environ, variables):
    """Sets variables that are as the system has them."""
    data = _bytes(environ)
    for name, value in variables:
        try:
            if data is None:
                environ[os.fsdecode(name)] = os.fsdecode(value)
            else:
                os.putenv(name, value)
                data[name] = value
        except ValueError:  # too long for Windows
            pass


def _unset(environ, names):
    """Deletes variables whose names are as the system has them."""
    data = _bytes(environ)
    for name in names:
        if data is None:
            del environ[os.fsdecode(name)]
        else:
            os.unsetenv(name)
            data.pop(name, None)


def _bytes(environ):
    """What os.environ keeps, where that is bytes; else None.

    To decode and encode each name and each value once more was a quarter of what a small script cost.
    """
    own = type(environ) is os._Environ and os.supports_bytes_environ
    return environ._data if own else None


@functools.lru_cache(maxsize=8)
def _stale(names):
    """The variables of the process itself that would be taken for those of the request."""
    return [name for name in names if is_of_request(os.fsdecode(name))]


class _Modules:
    """The modules that lie beside a script.

    Scripts of two folders may each have a ``config.py``. So those of a folder are in
    ``sys.modules`` only while one of its scripts runs.
    """

    #: By folder; by module name, the module and the state of its file.
    _kept = {}

    def __init__(self, folder, entries):
        self._folder = os.path.normcase(folder)
        self._entries = [os.path.normcase(entry) for entry in entries if isinstance(entry, str)]
        # What everybody can import is everybody's.
        self._own = self._folder not in self._entries
        if not self._own:
            return
        generation = module_generation()
        known, kept = self._kept.get(self._folder, (generation, {}))
        if generation is not None:
            changed = (_stamp(module) != stamp for module, stamp in kept.values())
            if known != generation or any(changed):
                kept = {}
        self._before = set(sys.modules)
        self._since = time.time_ns()
        for name, (module, _) in kept.items():
            # Never in another one's place: scripts of the other kind run meanwhile, and may use it.
            sys.modules.setdefault(name, module)
        self._kept[self._folder] = generation, kept

    def set_aside(self):
        if not self._own:
            return
        _, kept = self._kept[self._folder]
        for name in list(sys.modules):
            if name in self._before:
                continue
            module = sys.modules.get(name)
            if self._is_beside(module):
                sys.modules.pop(name, None)
                if kept.get(name, (None,))[0] is not module:
                    kept[name] = module, _stamp(module, self._since)

    def _is_beside(self, module):
        file = getattr(module, "__dict__", {}).get("__file__")
        if not isinstance(file, str):
            return False
        file = os.path.normcase(file)
        # A folder of sys.path in the script's folder is nearer.
        depth = len(self._folder)
        nearer = (len(entry) > depth and _below(file, entry) for entry in self._entries)
        return _below(file, self._folder) and not any(nearer)


def _below(file, folder):
    return bool(folder) and file.startswith(folder.rstrip(os.sep) + os.sep)


def _stamp(module, since=None):
    """The state of a module's file; one that may change and not show it is like no other."""
    try:
        state = os.stat(module.__file__)
    except OSError:
        return None
    if since is not None and state.st_mtime_ns + _CLOCK > since:
        return object()
    return state.st_mtime_ns, state.st_size, state.st_ino


#: How coarse the clock of file systems is.
_CLOCK = 20_000_000


class _NotLoaded(ImportError):
    """As the loader of other scripts says it."""

    def __init__(self, path, why):
        super().__init__(f"[Loading '{path}'] {why}")


#: Compiled scripts by their path, each with the state of its file.
_compiled = {}

#: Under a wildcard a site may have any number of scripts.
_MOST_COMPILED = 256


def _code(path):
    """The compiled script; its file is looked at each time, as with any CGI script."""
    try:
        state = os.stat(path)
        stamp = state.st_mtime_ns, state.st_size, state.st_ino
        known = _compiled.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        raise _NotLoaded(path, error) from None
    line = source.split(b"\n", 1)[0].strip()
    if line.startswith(b"#!") and b"python" not in line:
        text = line.decode("utf-8", "replace")
        raise _NotLoaded(path, f"this is no Python script: it begins with {text}")
    if b"\0" in source:
        raise _NotLoaded(path, "this is no Python script: it has NUL bytes in it")
    code = compile(source, path, "exec", dont_inherit=True)
    if len(_compiled) >= _MOST_COMPILED:
        _compiled.clear()
    if state.st_mtime_ns + _CLOCK < time.time_ns():
        _compiled[path] = stamp, code
    return code


RunCGI = _RunCGI(_run, CGIError)
