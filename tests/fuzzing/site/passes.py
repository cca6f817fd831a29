from Http import *


def Request():
    if Env.QUERY_STRING != "stay":
        return True
    Write("stayed")
