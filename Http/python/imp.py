"""A stand-in for the module ``imp``, which Python 3.12 dropped.

Old request handlers load scripts with ``imp.load_source``. New code should use
``Http.Loader.load``, which also knows when a file has changed.
"""

import importlib.util
import sys
from importlib import reload
from importlib.machinery import SourceFileLoader
from types import ModuleType as new_module

__all__ = ["load_source", "new_module", "reload", "acquire_lock", "release_lock", "lock_held"]


def load_source(name, pathname, file=None):
    """Runs a source file as module ``name``, in its old namespace if it was loaded before."""
    loader = SourceFileLoader(name, pathname)
    spec = importlib.util.spec_from_file_location(name, pathname, loader=loader)
    module = sys.modules.get(name)
    if module is None:
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            loader.exec_module(module)
        except BaseException:
            sys.modules.pop(name, None)
            raise
    else:
        loader.exec_module(module)
    # The code may have replaced itself there.
    return sys.modules.get(name, module)


def acquire_lock():
    """Without effect: Python has had one import lock for each module since 3.3."""


def release_lock():
    """Without effect, as ``acquire_lock``."""


def lock_held():
    """Always false, as ``acquire_lock``."""
    return False
