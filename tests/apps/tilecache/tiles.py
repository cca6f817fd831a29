# TileCache from a script of Http, as it was run with PyISAPIe.
import os
from urllib.parse import parse_qsl

from Http import *
from TileCache.Service import Service, TileCacheException

# The configuration lies beside the script, wherever the process stands.
service = Service.load(os.path.join(os.path.dirname(__file__), "tilecache.cfg"))


def Request():
    posted = Env.REQUEST_METHOD == "POST"
    fields = dict(parse_qsl(Read().decode("utf-8") if posted else Env.QUERY_STRING))
    host = "http://" + Env.HTTP_HOST + Env.SCRIPT_NAME
    path = Env.PATH_INFO[len(Env.SCRIPT_NAME) :]
    try:
        kind, data = service.dispatchRequest(fields, path, Env.REQUEST_METHOD, host)
    except TileCacheException as error:
        Header("Content-Type: text/plain", Status=404)
        Write("An error occurred: %s" % error)
        return
    Header("Content-Type: " + kind, Length=len(data))
    Write(data)
