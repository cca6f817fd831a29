from Http import *

NAMES = """ALL_RAW ALL_HTTP AUTH_USER CONTENT_LENGTH HTTP_HOST HTTP_COOKIE HTTPS LOCAL_ADDR LOGON_USER PATH_INFO
PATH_TRANSLATED QUERY_STRING REMOTE_ADDR REMOTE_PORT REQUEST_METHOD SCRIPT_NAME SERVER_NAME SERVER_PORT URL
UNICODE_SCRIPT_NAME UNICODE_URL NO_SUCH_NAME HEADER_X""".split()


def Request():
    for name in NAMES:
        try:
            value = getattr(Env, name)
        except (AttributeError, OSError) as error:
            value = repr(error)
        Write("%s=%r\n" % (name, value))
