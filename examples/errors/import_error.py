"""An import that fails: the error page adds where Python looked for modules."""
# ruff: noqa: F403, F405
import module_nobody_has

from Http import *


def Request():
    Write(module_nobody_has.Text())
