"""The served application: runs the one of a test module that the request names."""

import collections
import importlib
import json
from wsgiref.validate import validator

# What applications have noted, by the token of a request.
EVENTS = collections.defaultdict(list)


def note(environ, text):
    """Notes something that the response cannot say."""
    EVENTS[environ.get("HTTP_X_TOKEN", "")].append(text)


def app(environ, start_response):
    name = environ["HTTP_X_APP"]
    if name == "events":
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(EVENTS[environ["HTTP_X_TOKEN"]]).encode()]
    module, _, function = name.partition(":")
    application = getattr(importlib.import_module(module), function)
    if "HTTP_X_VALIDATE" in environ:
        application = validator(application)
    return application(environ, start_response)
