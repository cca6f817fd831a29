"""The response body: Buffering and Streaming, Content-Length, close(), file_wrapper."""

import io
import tempfile
import threading

from .case import TEXT, Case, Wire, head, server, token
from .site import note


class Sequence:
    """The old protocol of sequences."""

    def __getitem__(self, index):
        return [b"a", b"b"][index]


class Iterator:
    """An iterable whose end is noted."""

    def __init__(self, environ, pieces, error=None):
        self.environ, self.pieces, self.error = environ, iter(pieces), error

    def __iter__(self):
        return self

    def __next__(self):
        try:
            return next(self.pieces)
        except StopIteration:
            if self.error:
                raise self.error from None
            raise

    def close(self):
        note(self.environ, "closed")


class NoIterator(Iterator):
    def __iter__(self):
        raise LookupError("peers-iter")


class Sized(Iterator):
    """With a length that is no length of a list."""

    def __len__(self):
        return 2


class Liar(io.BytesIO):
    """Has a descriptor that is not what it reads: that of the standard input."""

    def fileno(self):
        return 0


def _real_file(data, position=0):
    file = tempfile.TemporaryFile()
    file.write(data)
    file.seek(position)
    return file


PAGE = b"0123456789" * 30000
BODIES = {
    "list": lambda e: [b"a", b"b"],
    "empty-list": lambda e: [],
    "blanks": lambda e: [b"", b"ab", b""],
    "tuple": lambda e: (b"a", b"b"),
    "generator": lambda e: (b"%c" % c for c in b"ab"),
    "iterator": lambda e: iter([b"a", b"b"]),
    "map": lambda e: map(str.encode, "ab"),
    "dict": lambda e: {b"a": 1, b"b": 2},
    "set": lambda e: {b"ab"},
    "sequence": lambda e: Sequence(),
    "sized": lambda e: Sized(e, [b"a", b"b"]),
    "bytes-io": lambda e: io.BytesIO(b"ab"),
    "file": lambda e: _real_file(b"ab"),
    "wrapped-file": lambda e: e["wsgi.file_wrapper"](_real_file(PAGE)),
    "wrapped-from": lambda e: e["wsgi.file_wrapper"](_real_file(PAGE, 7), 512),
    "wrapped-bytes-io": lambda e: e["wsgi.file_wrapper"](io.BytesIO(PAGE), 512),
    "wrapped-liar": lambda e: e["wsgi.file_wrapper"](Liar(PAGE)),
    "late-length": lambda e: iter([b"", b"ab"]),
}


def body(environ, start_response):
    start_response("200 OK", TEXT)
    return BODIES[environ["QUERY_STRING"]](environ)


def with_length(environ, start_response):
    """`announced,sent,how`"""
    announced, sent, how = environ["QUERY_STRING"].split(",")
    start_response("200 OK", [*TEXT, ("Content-Length", announced)])
    data = b"x" * int(sent)
    if how == "list":
        return [data]
    if how == "file":
        return environ["wsgi.file_wrapper"](_real_file(data))
    return iter([data[:2], data[2:]])


def written_then_file(environ, start_response):
    write = start_response("200 OK", TEXT)
    write(b"written ")
    return environ["wsgi.file_wrapper"](_real_file(b"-file", 1))


def transformed_file(environ, start_response):
    """A middleware may iterate over a wrapper that it does not return."""
    start_response("200 OK", TEXT)
    return (piece.upper() for piece in environ["wsgi.file_wrapper"](_real_file(b"abcdef"), 4))


GATES = {}


def gated(environ, start_response):
    """The second piece comes when another request says so."""
    gate = GATES.setdefault(environ["HTTP_X_TOKEN"], threading.Event())
    start_response("200 OK", TEXT)
    yield b"first"
    note(environ, "opened" if gate.wait(60) else "not opened")
    yield b"second"


def open_gate(environ, start_response):
    GATES.setdefault(environ["HTTP_X_TOKEN"], threading.Event()).set()
    start_response("200 OK", TEXT)
    return [b"open"]


def large(environ, start_response):
    start_response("200 OK", TEXT)
    return (b"x" * (1 << 20) for _ in range(50))


def closing(environ, start_response):
    how = environ["QUERY_STRING"]
    if how == "no-start":
        return Iterator(environ, [b"a"])
    start_response("304 Not Modified" if how == "304" else "200 OK", [] if how == "304" else TEXT)
    if how == "304":
        return Iterator(environ, [])
    if how == "raises":
        return Iterator(environ, [b"a"], LookupError("peers-mid"))
    if how == "raises-first":
        return Iterator(environ, [], LookupError("peers-first"))
    if how == "text":
        return Iterator(environ, ["text"])
    if how == "no-iterator":
        return NoIterator(environ, [])
    if how == "endless":
        return Iterator(environ, iter(lambda: b"x" * 65536, None))
    return Iterator(environ, [b"a", b"b"])


class Body(Case):
    def test_any_iterable_of_bytestrings_is_a_body(self):
        """Specification Details: an iterable yielding zero or more bytestrings"""
        for name in BODIES:
            if name.startswith("wrapped"):
                continue
            with self.subTest(name):
                found = self.ask(body, target=f"/?{name}")
                self.assertEqual(found.body, b"" if name == "empty-list" else b"ab")
                self.assertTrue(found.whole)

    def test_a_file_wrapper_gives_what_the_file_reads(self):
        """Optional Platform-Specific File Handling"""
        for name, wanted in (
            ("file", PAGE),
            ("from", PAGE[7:]),
            ("bytes-io", PAGE),
            ("liar", PAGE),
        ):
            with self.subTest(name):
                found = self.ask(body, target=f"/?wrapped-{name}")
                self.assertEqual(found.body, wanted)

    def test_a_file_wrapper_comes_behind_what_was_written(self):
        """The write() Callable; Optional Platform-Specific File Handling"""
        self.assertEqual(self.ask(written_then_file).body, b"written file")

    def test_a_file_wrapper_can_be_iterated_over(self):
        """Optional Platform-Specific File Handling"""
        self.assertEqual(self.ask(transformed_file).body, b"ABCDEF")

    def test_a_body_without_a_length_is_framed_for_each_version(self):
        """Handling the Content-Length Header; RFC 9112, 6.3"""
        for version in ("HTTP/1.1", "HTTP/1.0"):
            with self.subTest(version), Wire() as wire:
                wire.send(head(body, target="/?generator", version=version))
                found = wire.response()
                self.assertEqual(found.body, b"ab")
                chunked = found.get("Transfer-Encoding") == "chunked"
                self.assertEqual(chunked, version == "HTTP/1.1")
                if version == "HTTP/1.0":
                    self.assertTrue(wire.ended())

    def test_the_length_of_the_application_is_kept(self):
        """Handling the Content-Length Header"""
        for how in ("list", "iter", "file"):
            with self.subTest(how):
                found = self.ask(with_length, target=f"/?5,5,{how}")
                self.assertEqual((found.all("Content-Length"), found.body), (["5"], b"xxxxx"))

    def test_no_more_goes_out_than_was_announced(self):
        """Handling the Content-Length Header"""
        for how in ("list", "iter", "file"):
            with self.subTest(how), Wire() as wire:
                target = f"/?3,9,{how}"
                wire.send(head(with_length, target=target) + head(body, target="/?list"))
                self.assertEqual(wire.response().body, b"xxx")
                # What would follow would be taken for the next response.
                self.assertEqual(wire.response().body, b"ab")

    def test_a_body_that_is_too_short_ends_the_connection(self):
        """Handling the Content-Length Header"""
        for how in ("list", "iter", "file"):
            with self.subTest(how), Wire() as wire:
                wire.send(head(with_length, target=f"/?9,3,{how}"))
                found = wire.response()
                self.assertFalse(found.whole)
                self.assertTrue(wire.ended())

    def test_a_piece_is_sent_before_the_next_one_is_asked_for(self):
        """Buffering and Streaming"""
        name = token()
        with Wire() as wire:
            wire.send(head(gated, token=name))
            wire.head()
            self.assertEqual(wire.piece(), b"first")
            self.ask(open_gate, lawful=False, token=name)
            self.assertEqual(wire.piece(), b"second")
        self.assertEqual(self.events(name), ["opened"])

    def test_fifty_megabytes_go_out_and_the_memory_does_not_grow_with_them(self):
        """Buffering and Streaming"""
        self.ask(body, target="/?list")
        before = server().memory()
        with Wire() as wire:
            wire.send(head(large))
            wire.head()
            size = 0
            while piece := wire.piece():
                size += len(piece)
            self.assertEqual((size, piece), (50 << 20, b""))
        if before is not None:
            self.assertLess(server().memory() - before, 20 << 20)

    def test_head_has_no_body_whatever_the_application_returns(self):
        """Specification Details; RFC 9110, 9.3.2"""
        for name in BODIES:
            with self.subTest(name), Wire() as wire:
                wire.send(head(body, "HEAD", f"/?{name}") + head(body, target="/?list"))
                self.assertEqual(wire.response("HEAD").status, 200)
                self.assertEqual(wire.response().body, b"ab")

    def test_head_keeps_the_length_of_the_application(self):
        """RFC 9110, 8.6"""
        with Wire() as wire:
            wire.send(head(with_length, "HEAD", "/?1234,1234,iter"))
            self.assertEqual(wire.response("HEAD").all("Content-Length"), ["1234"])


class Close(Case):
    """Specification Details: close() is called on completion, however the request ended."""

    def closed_once(self, how, method="GET", lawful=True):
        name = token()
        found = self.ask(closing, method, f"/?{how}", lawful=lawful, token=name)
        self.assertEqual(self.events(name), ["closed"])
        return found

    def test_it_is_called_once_at_the_normal_end(self):
        self.assertEqual(self.closed_once("normal").body, b"ab")

    def test_it_is_called_once_when_the_iteration_raises(self):
        found = self.closed_once("raises", lawful=False)
        self.assertEqual((found.status, found.whole), (200, False))

    def test_it_is_called_once_when_the_first_step_raises(self):
        self.assertEqual(self.closed_once("raises-first", lawful=False).status, 500)

    def test_it_is_called_once_for_head(self):
        self.closed_once("normal", "HEAD")

    def test_it_is_called_once_for_head_of_a_body_without_an_end(self):
        self.closed_once("endless", "HEAD", lawful=False)

    def test_it_is_called_once_when_the_body_cannot_be_iterated_over(self):
        self.assertEqual(self.closed_once("no-iterator", lawful=False).status, 500)

    def test_it_is_called_once_for_304(self):
        self.assertEqual(self.closed_once("304").status, 304)

    def test_it_is_called_once_when_start_response_was_not(self):
        self.assertEqual(self.closed_once("no-start", lawful=False).status, 500)

    def test_it_is_called_once_when_a_piece_is_no_bytestring(self):
        self.assertEqual(self.closed_once("text", lawful=False).status, 500)

    def test_it_is_called_once_when_the_client_goes_away(self):
        name = token()
        with Wire() as wire:
            wire.send(head(closing, target="/?endless", token=name))
            wire.head()
            wire.piece()
        self.assertEqual(self.events(name), ["closed"])
