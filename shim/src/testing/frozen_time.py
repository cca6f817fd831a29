"""``isapi-shim test --freeze-time``: scripts see one moment.

Python imports this when it starts, by the name of ``sitecustomize``. What measures durations
(``time.monotonic``, ``time.perf_counter``) goes on.
"""

import os
import sys


def _next_sitecustomize(folder):
    """The site's own module of that name, which this one hides."""
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != folder]
    this = sys.modules.pop(__name__, None)
    try:
        import sitecustomize  # noqa: F401
    except ImportError:
        if this is not None:
            sys.modules[__name__] = this


def _freeze(now):
    import datetime
    import time

    real_datetime, real_date = datetime.datetime, datetime.date

    def optional_seconds(function):
        def call(seconds=None, /):
            return function(now if seconds is None else seconds)

        call.__name__ = function.__name__
        return call

    def optional_tuple(function, position):
        def call(*args):
            if len(args) == position:
                args = (*args, time.localtime())
            return function(*args)

        call.__name__ = function.__name__
        return call

    time.time = lambda: now
    time.time_ns = lambda: round(now * 1_000_000_000)
    for name in ("localtime", "gmtime", "ctime"):
        setattr(time, name, optional_seconds(getattr(time, name)))
    time.asctime = optional_tuple(time.asctime, 0)
    time.strftime = optional_tuple(time.strftime, 1)

    class Meta(type):
        def __instancecheck__(cls, value):
            return isinstance(value, cls.real)

        def __subclasscheck__(cls, other):
            return issubclass(other, cls.real)

    class date(real_date, metaclass=Meta):
        real = real_date

        @classmethod
        def today(cls):
            moment = real_date.fromtimestamp(now)
            return cls(moment.year, moment.month, moment.day)

    class frozen_datetime(real_datetime, metaclass=Meta):
        real = real_datetime

        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(now, tz)

        @classmethod
        def today(cls):
            return cls.fromtimestamp(now)

        @classmethod
        def utcnow(cls):
            return cls.fromtimestamp(now, datetime.timezone.utc).replace(tzinfo=None)

    frozen_datetime.__name__ = frozen_datetime.__qualname__ = "datetime"
    for frozen in (date, frozen_datetime):
        frozen.__module__ = "datetime"
        frozen.__qualname__ = frozen.__name__
    datetime.date, datetime.datetime = date, frozen_datetime


# It stays in the environment: the Pythons that a script starts see the same moment.
if "ISAPI_SHIM_FROZEN_TIME" in os.environ:
    _freeze(float(os.environ["ISAPI_SHIM_FROZEN_TIME"]))
_next_sitecustomize(os.path.dirname(os.path.abspath(__file__)))
