"""The start_response() Callable, The write() Callable, Error Handling."""

import gc
import sys

from .case import TEXT, Case, Wire, head, server, token
from .site import note


def _fail():
    raise LookupError("peers-failure")


def _error():
    try:
        _fail()
    except LookupError:
        return sys.exc_info()


def headers(environ, start_response):
    pairs = [("X-First", "1"), ("x-lOwEr", "a"), ("X-Twice", "b"), ("Set-Cookie", "a=1; Path=/")]
    pairs += [
        ("X-Twice", "a"),
        ("Set-Cookie", "b=2"),
        ("Content-Type", "text/plain"),
        ("X-Last", "z"),
    ]
    start_response("200 OK", pairs)
    return [b"x"]


def status(environ, start_response):
    line = environ["QUERY_STRING"].replace("_", " ").encode("latin-1").decode("unicode_escape")
    start_response(line, [] if line[:3] in ("204", "304") else TEXT)
    return []


def many_headers(environ, start_response):
    start_response("200 OK", TEXT + [(f"X-H-{n}", str(n)) for n in range(2000)])
    return [b"x"]


def long_header(environ, start_response):
    start_response("200 OK", [*TEXT, ("X-Long", "v" * 60000)])
    return [b"x"]


def latin_header(environ, start_response):
    start_response("200 OK", [*TEXT, ("X-Latin", "\xe4\xf6\xff"), ("X-Empty", "")])
    return [b"x"]


def at_first_iteration(environ, start_response):
    start_response("200 OK", TEXT)
    yield b"a"


def in_next(environ, start_response):
    """start_response is called when the first piece is asked for."""

    class Body:
        pieces = iter([b"a", b"b"])
        begun = False

        def __iter__(self):
            return self

        def __next__(self):
            if not self.begun:
                self.begun = True
                start_response("202 Later", TEXT)
            return next(self.pieces)

    return Body()


def second_try(environ, start_response):
    """The first call is refused, behind a header that was good."""
    try:
        start_response("404 Gone", [*TEXT, ("X-Try", "1"), ("X-Bad", "a\nb")])
    except Exception:
        note(environ, "refused")
    start_response("200 OK", [*TEXT, ("X-Try", "2")])
    return [b"x"]


def own_date(environ, start_response):
    mine = [("date", "Thu, 01 Jan 2026 00:00:00 GMT"), ("SERVER", "Mine/1")]
    start_response("200 OK", [*TEXT, *mine])
    return [b"x"]


def pieces_of_none(environ, start_response):
    """Its body is a mistake."""
    start_response(environ["QUERY_STRING"] + " None", [])
    return iter([b"never", b"sent"])


def replaced(environ, start_response):
    start_response("200 OK", [*TEXT, ("X-Old", "1"), ("Content-Length", "3")])
    start_response("500 Oh", [*TEXT, ("X-New", "1")], _error())
    return [b"sorry"]


def replaced_after_empty(environ, start_response):
    start_response("200 OK", [*TEXT, ("X-Old", "1")])
    yield b""
    yield b""
    start_response("503 Oh", [*TEXT, ("X-New", "1")], _error())
    yield b"sorry"


def exc_info_first(environ, start_response):
    """With exc_info though nothing went before."""
    start_response("500 Oh", TEXT, _error())
    return [b"sorry"]


def exc_info_none(environ, start_response):
    start_response("200 OK", TEXT, None)
    return [b"x"]


def too_late(environ, start_response):
    start_response("200 OK", TEXT)
    yield b"begun"
    try:
        start_response("500 Oh", TEXT, _error())
    except LookupError as error:
        note(environ, str(error))
        names = []
        trace = error.__traceback__
        while trace:
            names.append(trace.tb_frame.f_code.co_name)
            trace = trace.tb_next
        note(environ, "_fail" in names)
        raise
    note(environ, "start_response did not raise")


def too_late_after_write(environ, start_response):
    write = start_response("200 OK", TEXT)
    write(b"begun")
    try:
        start_response("500 Oh", TEXT, _error())
    except LookupError:
        note(environ, "raised")
    return [b" went on"]


def again(environ, start_response):
    start_response("200 OK", TEXT)
    try:
        start_response("201 Created", TEXT)
    except Exception:
        note(environ, "raised")
        raise
    return [b"x"]


def written(environ, start_response):
    write = start_response("200 OK", TEXT)
    write(b"1")
    write(b"")
    write(b"2")
    return [b"3", b"4"]


def written_then_generated(environ, start_response):
    write = start_response("200 OK", TEXT)
    write(b"1")
    return (piece for piece in (b"2", b"3"))


def writing_while_iterated(environ, start_response):
    """The PEP forbids it to applications; nothing must break."""
    write = start_response("200 OK", TEXT)
    yield b"1"
    write(b"2")
    yield b"3"


def write_with_length(environ, start_response):
    write = start_response("200 OK", [*TEXT, ("Content-Length", "4")])
    write(b"ab")
    return [b"cd"]


def circular(environ, start_response):
    """Frames, exception and traceback refer to each other."""
    start_response("200 OK", TEXT)
    big = bytearray(100000)
    try:
        _fail()
    except LookupError as error:
        kept = error  # noqa: F841
        info = sys.exc_info()
        start_response("500 Oh", TEXT, info)
        del info
    return [b"%d" % len(big)]


def collected(environ, start_response):
    gc.collect()
    start_response("200 OK", TEXT)
    alive = sum(isinstance(o, LookupError) for o in gc.get_objects())
    return [str(alive).encode()]


class StartResponse(Case):
    def test_headers_go_out_in_order_with_their_case_and_their_repetitions(self):
        found = self.ask(headers)
        names = [n for n, _ in found.headers]
        ours = [n for n in names if n.lower().startswith("x-") and n.lower() != "x-powered-by"]
        self.assertEqual(ours, ["X-First", "x-lOwEr", "X-Twice", "X-Twice", "X-Last"])
        self.assertEqual(found.all("X-Twice"), ["b", "a"])
        self.assertEqual(found.all("Set-Cookie"), ["a=1; Path=/", "b=2"])

    def test_a_status_is_sent_with_the_words_of_the_application(self):
        for line in ("200 OK", "404 Tile Not Found", "299 Odd One", "599 Far", "418 I'm a teapot"):
            with self.subTest(line):
                found = self.ask(status, target="/?" + line.replace(" ", "_"))
                self.assertEqual(f"{found.status} {found.reason}", line)

    def test_a_status_may_have_words_in_latin_1(self):
        """Unicode Issues"""
        found = self.ask(status, target="/?200_Gr\\xfc\\xdfe", lawful=False)
        self.assertEqual((found.status, found.reason), (200, "Gr\xfc\xdfe"))

    def test_a_status_that_is_informational_is_no_final_response(self):
        """RFC 9110, 15.2: the client would wait for another one"""
        for code in (100, 101, 103):
            with self.subTest(code):
                found = self.ask(status, target=f"/?{code}_Wait", lawful=False)
                self.assertEqual(found.status, 500)
                self.assertIn(b"status", found.body)

    def test_a_date_and_a_server_of_the_application_are_the_only_ones(self):
        """Handling Other HTTP Features: the server supplies what is missing"""
        found = self.ask(own_date)
        self.assertEqual(found.all("Date"), ["Thu, 01 Jan 2026 00:00:00 GMT"])
        self.assertEqual(found.all("Server"), ["Mine/1"])
        self.assertEqual(len(self.ask(at_first_iteration).all("Date")), 1)

    def test_a_call_that_was_refused_leaves_nothing_behind(self):
        name = token()
        found = self.ask(second_try, lawful=False, token=name)
        self.assertEqual((found.status, found.all("X-Try")), (200, ["2"]))
        self.assertEqual(self.events(name), ["refused"])

    def test_pieces_where_no_body_may_be_are_dropped(self):
        """RFC 9110, 6.4.1"""
        for code in ("204", "304"):
            with self.subTest(code), Wire() as wire:
                wire.send(head(pieces_of_none, target=f"/?{code}") + head(headers))
                self.assertEqual(wire.response().status, int(code))
                self.assertEqual(wire.response().body, b"x")

    def test_statuses_without_a_body_have_none(self):
        """RFC 9110, 8.6"""
        for line in ("204_No_Content", "304_Not_Modified"):
            with self.subTest(line), Wire() as wire:
                wire.send(head(status, target=f"/?{line}") + head(headers))
                self.assertEqual(wire.response().status, int(line[:3]))
                self.assertEqual(wire.response().body, b"x")

    def test_two_thousand_headers_go_out(self):
        found = self.ask(many_headers)
        got = [value for name, value in found.headers if name.startswith("X-H-")]
        self.assertEqual(got, [str(n) for n in range(2000)])

    def test_a_header_of_sixty_kilobytes_goes_out(self):
        self.assertEqual(self.ask(long_header).get("X-Long"), "v" * 60000)

    def test_a_header_value_may_be_latin_1_or_empty(self):
        """Unicode Issues"""
        found = self.ask(latin_header, lawful=False)
        self.assertEqual((found.get("X-Latin"), found.get("X-Empty")), ("\xe4\xf6\xff", ""))

    def test_it_may_be_called_at_the_first_iteration(self):
        self.assertEqual(self.ask(at_first_iteration).body, b"a")
        found = self.ask(in_next, lawful=False)
        self.assertEqual((found.status, found.reason, found.body), (202, "Later", b"ab"))

    def test_with_exc_info_it_replaces_what_was_not_sent(self):
        """Error Handling"""
        found = self.ask(replaced)
        self.assertEqual((found.status, found.reason, found.body), (500, "Oh", b"sorry"))
        self.assertEqual((found.get("X-Old"), found.get("X-New")), (None, "1"))
        self.assertTrue(found.whole)

    def test_empty_pieces_do_not_send_the_headers(self):
        """The start_response() Callable: not until the first non-empty bytestring"""
        found = self.ask(replaced_after_empty)
        self.assertEqual((found.status, found.body), (503, b"sorry"))
        self.assertEqual((found.get("X-Old"), found.get("X-New")), (None, "1"))

    def test_exc_info_is_lawful_in_a_first_call_and_may_be_none(self):
        self.assertEqual(self.ask(exc_info_first).status, 500)
        self.assertEqual(self.ask(exc_info_none).status, 200)

    def test_with_exc_info_after_the_headers_it_raises_the_error_with_its_traceback(self):
        """Error Handling"""
        name = token()
        found = self.ask(too_late, lawful=False, token=name)
        self.assertEqual(found.status, 200)
        self.assertFalse(found.whole, "the client could not tell that it was cut off")
        self.assertEqual(self.events(name, 2), ["peers-failure", True])

    def test_what_was_written_counts_as_sent(self):
        """Error Handling; The write() Callable"""
        name = token()
        found = self.ask(too_late_after_write, lawful=False, token=name)
        self.assertEqual((found.status, found.body), (200, b"begun went on"))
        self.assertEqual(self.events(name), ["raised"])

    def test_a_second_call_without_exc_info_is_an_error(self):
        name = token()
        found = self.ask(again, lawful=False, token=name)
        self.assertEqual((found.status, self.events(name)), (500, ["raised"]))

    def test_what_is_written_comes_before_the_iterable(self):
        """The write() Callable"""
        self.assertEqual(self.ask(written).body, b"1234")
        self.assertEqual(self.ask(written_then_generated).body, b"123")
        self.assertEqual(self.ask(writing_while_iterated, lawful=False).body, b"123")

    def test_a_length_covers_what_is_written_and_what_is_returned(self):
        """Handling the Content-Length Header"""
        found = self.ask(write_with_length)
        self.assertEqual((found.body, found.get("Content-Length")), (b"abcd", "4"))

    def test_two_thousand_errors_leak_nothing(self):
        """Error Handling: the traceback refers to frames, and they to it"""
        with Wire() as wire:

            def ask(count, application):
                for _ in range(count):
                    wire.send(head(application))
                    found = wire.response()
                return found

            ask(200, circular)
            ask(1, collected)
            before = server().memory()
            self.assertEqual(ask(2000, circular).body, b"100000")
            self.assertLess(int(ask(1, collected).body), 20)
            if before is not None:
                # They had 200 MB between them.
                self.assertLess(server().memory() - before, 50 << 20)
