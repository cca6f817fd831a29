"""The handler of this site: loads the script anew on every request, and shows what goes wrong with it."""
# ruff: noqa: F403, F405
import imp
from md5 import md5

from Http import *


def ModuleName():
    return "__" + md5(Env.SCRIPT_NAME.encode("utf-8")).hexdigest().upper()


def Request():
    Script = Env.SCRIPT_TRANSLATED
    try:
        Run = imp.load_source(ModuleName(), Script).Request
    except Exception as e:
        # The handler that came with PyISAPIe said "return True" here: a 404 in place of the reason.
        raise ImportError("[Loading '%s'] %s" % (Script, e))
    return Run()
