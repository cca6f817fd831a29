# An environment of Trac that everybody may change.
import contextlib
import io
import os

from trac.admin.console import TracAdmin
from trac.web.main import dispatch_request

HERE = os.path.dirname(os.path.abspath(__file__))
ENVIRONMENT = os.path.join(HERE, "environment")

if not os.path.exists(ENVIRONMENT):
    # It tells at length what it does.
    with contextlib.redirect_stdout(io.StringIO()):
        TracAdmin(ENVIRONMENT).onecmd("initenv Test sqlite:db/trac.db")
        TracAdmin(ENVIRONMENT).onecmd("permission add anonymous TRAC_ADMIN")


def app(environ, start_response):
    environ["trac.env_path"] = ENVIRONMENT
    return dispatch_request(environ, start_response)
