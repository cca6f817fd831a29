"""Mistakes of applications: each is told in its response, and the server goes on."""

from .case import TEXT, Case

RAISED = {
    "exception": lambda: LookupError("peers"),
    "keyboard-interrupt": lambda: KeyboardInterrupt("peers"),
    "system-exit": lambda: SystemExit(3),
    "generator-exit": lambda: GeneratorExit("peers"),
    "base": lambda: BaseException("peers"),
    "stop-iteration": lambda: StopIteration("peers"),
    "recursion": lambda: RecursionError("peers"),
    "memory": lambda: MemoryError("peers"),
}


class Raises:
    """An iterator that raises what a generator could not."""

    def __init__(self, error, pieces):
        self.error, self.pieces = error, iter(pieces)

    def __iter__(self):
        return self

    def __next__(self):
        for piece in self.pieces:
            return piece
        raise self.error


class RaisesInClose:
    def __init__(self, error):
        self.error = error

    def __iter__(self):
        return iter([b"a"])

    def close(self):
        raise self.error


class Bytes(bytes):
    """The PEP wants bytes; what is a kind of them may pass or be refused, not break."""


def raising(environ, start_response):
    where, name = environ["QUERY_STRING"].split(",")
    error = RAISED[name]()
    if where == "call":
        raise error
    start_response("200 OK", TEXT)
    if where == "started":
        raise error
    if where == "close":
        return RaisesInClose(error)
    return Raises(error, [b"a"] if where == "middle" else [])


async def asynchronous(environ, start_response):
    start_response("200 OK", TEXT)
    return [b"x"]


async def asynchronous_generator(environ, start_response):
    start_response("200 OK", TEXT)
    yield b"x"


WRONG = {
    "str": lambda: "text",
    "bytes": lambda: b"bytes",
    "none": lambda: None,
    "number": lambda: 5,
    "list-of-str": lambda: ["text"],
    "list-of-bytearray": lambda: [bytearray(b"x")],
    "list-of-memoryview": lambda: [memoryview(b"x")],
    "list-of-none": lambda: [None],
    "generator-of-str": lambda: (c for c in "text"),
    "generator-of-int": lambda: iter(b"xyz"),
}


def wrong(environ, start_response):
    start_response("200 OK", TEXT)
    return WRONG[environ["QUERY_STRING"]]()


def subclass(environ, start_response):
    start_response("200 OK", TEXT)
    return [Bytes(b"ab"), b"c"]


BAD_STARTS = {
    "status-bytes": lambda s: s(b"200 OK", TEXT),
    "status-number": lambda s: s(200, TEXT),
    "status-without-number": lambda s: s("OK", TEXT),
    "status-line-feed": lambda s: s("200 OK\r\nX-Smuggled: 1", TEXT),
    "status-beyond-latin-1": lambda s: s("200 \u20ac", TEXT),
    "headers-none": lambda s: s("200 OK", None),
    "headers-tuple": lambda s: s("200 OK", tuple(TEXT)),
    "headers-dict": lambda s: s("200 OK", dict(TEXT)),
    "header-of-three": lambda s: s("200 OK", [("A", "b", "c")]),
    "header-bytes": lambda s: s("200 OK", [(b"A", b"b")]),
    "header-number": lambda s: s("200 OK", [("Content-Length", 5)]),
    "header-none": lambda s: s("200 OK", [("A", None)]),
    "name-empty": lambda s: s("200 OK", [("", "b")]),
    "name-with-colon": lambda s: s("200 OK", [("A: b\r\nX", "c")]),
    "name-with-blank": lambda s: s("200 OK", [("A b", "c")]),
    "value-line-feed": lambda s: s("200 OK", [("A", "b\nX-Smuggled: 1")]),
    "value-return": lambda s: s("200 OK", [("A", "b\rX-Smuggled: 1")]),
    "value-nul": lambda s: s("200 OK", [("A", "b\0c")]),
    "value-beyond-latin-1": lambda s: s("200 OK", [("A", "\u20ac")]),
    "hop-by-hop": lambda s: s("200 OK", [("Transfer-Encoding", "chunked")]),
    "length-no-number": lambda s: s("200 OK", [("Content-Length", "many")]),
    "length-negative": lambda s: s("200 OK", [("Content-Length", "-1")]),
    "lengths-that-differ": lambda s: s(
        "200 OK", [("Content-Length", "1"), ("Content-Length", "2")]
    ),
    "no-arguments": lambda s: s(),
    "write-str": lambda s: s("200 OK", TEXT)("text"),
    "write-none": lambda s: s("200 OK", TEXT)(None),
}


def bad_start(environ, start_response):
    BAD_STARTS[environ["QUERY_STRING"]](start_response)
    return [b"x"]


def never_started(environ, start_response):
    return [b"x"]


def good(environ, start_response):
    start_response("200 OK", TEXT)
    return [b"good"]


class Mistakes(Case):
    def tearDown(self):
        self.assertEqual(self.ask(good).body, b"good")

    def refused(self, application, target="/", says=None):
        found = self.ask(application, target=target, lawful=False)
        self.assertEqual(found.status, 500, found.body)
        if says:
            self.assertIn(says, found.body)

    def test_an_exception_before_the_headers_is_a_500(self):
        """Error Handling"""
        for where in ("call", "started", "first"):
            for name in RAISED:
                # That is how an iterable ends, and how a script says that it is done.
                if (where, name) in (("first", "stop-iteration"), ("started", "system-exit")):
                    continue
                if (where, name) == ("first", "system-exit"):
                    continue
                with self.subTest(f"{where} {name}"):
                    self.refused(raising, f"/?{where},{name}")

    def test_an_exception_after_the_headers_cuts_the_response(self):
        """Error Handling"""
        for name in RAISED:
            if name in ("stop-iteration", "system-exit"):
                continue
            with self.subTest(name):
                found = self.ask(raising, target=f"/?middle,{name}", lawful=False)
                self.assertEqual((found.status, found.whole), (200, False))

    def test_an_exception_in_close_does_not_harm_the_response(self):
        for name in ("exception", "keyboard-interrupt", "base"):
            with self.subTest(name):
                found = self.ask(raising, target=f"/?close,{name}", lawful=False)
                self.assertEqual((found.status, found.body, found.whole), (200, b"a", True))

    def test_an_exit_after_start_response_does_not_end_the_server(self):
        for where in ("started", "first", "middle"):
            with self.subTest(where):
                found = self.ask(raising, target=f"/?{where},system-exit", lawful=False)
                self.assertIn(found.status, (200, 500))

    def test_a_coroutine_is_refused_with_its_name(self):
        self.refused(asynchronous, says=b"coroutine")
        self.refused(asynchronous_generator, says=b"async_generator")

    def test_a_body_that_is_no_iterable_of_bytestrings_is_refused(self):
        """Specification Details"""
        for name in WRONG:
            with self.subTest(name):
                self.refused(wrong, f"/?{name}")

    def test_a_subclass_of_bytes_passes(self):
        self.assertEqual(self.ask(subclass, lawful=False).body, b"abc")

    def test_start_response_refuses_what_is_none(self):
        """The start_response() Callable"""
        for name in BAD_STARTS:
            with self.subTest(name):
                self.refused(bad_start, f"/?{name}")

    def test_start_response_must_be_called(self):
        self.refused(never_started, says=b"start_response")
