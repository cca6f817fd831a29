# A WMS from a script of Http, with MapServer's Python module.
import os

import mapscript
from Http import *

HERE = os.path.dirname(os.path.abspath(__file__))


def Request():
    request = mapscript.OWSRequest()
    request.loadParamsFromURL(Env.QUERY_STRING)
    map = mapscript.mapObj(os.path.join(HERE, "world.map"))
    # What MapServer prints goes here, and not to the process's standard output.
    mapscript.msIO_installStdoutToBuffer()
    try:
        try:
            map.OWSDispatch(request)
        except mapscript.MapServerError:
            pass  # what is wrong is in the buffer, as WMS wants it
        kind = mapscript.msIO_stripStdoutBufferContentType()
        mapscript.msIO_stripStdoutBufferContentHeaders()
        data = mapscript.msIO_getStdoutBufferBytes()
    finally:
        mapscript.msIO_resetHandlers()
    Header("Content-Type: " + kind, Length=len(data))
    Write(data)
