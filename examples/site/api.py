"""A JSON API kept in memory: GET lists, POST adds, PUT and DELETE take an id as /api.py/ID."""
# ruff: noqa: F403, F405
import json
import threading
from urllib.parse import parse_qs

from Http import *

FIRST = {1: "Buy milk", 2: "Call Ann"}

Items = dict(FIRST)
Lock = threading.Lock()


class Problem(Exception):
    """An error for the client: a status, a text, and more headers if need be."""

    def __init__(self, Status, Text, *Headers):
        Exception.__init__(self, Text)
        self.Status = Status
        self.Headers = list(Headers)


def Answer(Value, Status=200, Headers=()):
    data = (json.dumps(Value, indent=1) + "\n").encode("ascii")
    Header(["Content-Type: application/json"] + list(Headers), Status=Status, Length=len(data))
    Write(data)


def ItemId():
    """The id in the extra path, or None. Where allowPathInfo is off, PATH_INFO has the script's name in front."""
    Path = Env.PATH_INFO
    if Path.startswith(Env.SCRIPT_NAME):
        Path = Path[len(Env.SCRIPT_NAME):]
    Path = Path.strip("/")
    if not Path:
        return None
    try:
        return int(Path)
    except ValueError:
        raise Problem(400, "the id must be a number")


def Title():
    try:
        Body = json.loads(Read().decode("utf-8"))
    except ValueError:
        raise Problem(400, "the body is not JSON")
    if not isinstance(Body, dict) or not isinstance(Body.get("title"), str):
        raise Problem(400, "the body must be an object with a text 'title'")
    return Body["title"]


def Reset():
    Items.clear()
    Items.update(FIRST)


def AsList():
    return [{"id": Id, "title": Items[Id]} for Id in sorted(Items)]


def OnAll(Method):
    if Method == "GET":
        Answer(AsList())
    elif Method == "POST":
        if parse_qs(Env.QUERY_STRING).get("reset") == ["1"]:
            Reset()
            Answer(AsList())
            return
        Text = Title()
        Id = max(Items, default=0) + 1
        Items[Id] = Text
        Answer({"id": Id, "title": Text}, 201, ["Location: %s/%d" % (Env.SCRIPT_NAME, Id)])
    else:
        raise Problem(405, "%s is not for the list" % Method, "Allow: GET, POST")


def OnOne(Method, Id):
    if Method not in ("GET", "PUT", "DELETE"):
        raise Problem(405, "%s is not for one item" % Method, "Allow: GET, PUT, DELETE")
    if Id not in Items:
        raise Problem(404, "no item %d" % Id)
    if Method == "DELETE":
        del Items[Id]
        Header(Status=204)
        return
    if Method == "PUT":
        Items[Id] = Title()
    Answer({"id": Id, "title": Items[Id]})


def Request():
    try:
        Id = ItemId()
        with Lock:
            if Id is None:
                OnAll(Env.REQUEST_METHOD)
            else:
                OnOne(Env.REQUEST_METHOD, Id)
    except Problem as e:
        Answer({"error": str(e)}, e.Status, e.Headers)
