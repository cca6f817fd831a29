"""The handler of this site: keeps each script loaded, and loads it anew when its file was modified."""
# ruff: noqa: F403, F405
import imp
import os
from md5 import md5

from Http import *

Handlers = {}
Modified = {}


def Request():
    Name = "__" + md5(Env.SCRIPT_NAME.encode("utf-8")).hexdigest().upper()
    Script = Env.SCRIPT_TRANSLATED
    try:
        # SCRIPT_TRANSLATED begins with \\?\, which os.stat() of those days did not like.
        Time = os.stat(Script[4:]).st_mtime
        if Modified.get(Name) != Time:
            Handlers[Name] = imp.load_source(Name, Script).Request
            Modified[Name] = Time
    except Exception as e:
        raise ImportError("[Loading '%s'] %s" % (Script, e))
    return Handlers[Name]()
