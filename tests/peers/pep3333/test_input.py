"""Input and Error Streams: wsgi.input."""

import json
import threading

from .case import TEXT, Case, Wire, head, server, token
from .site import note


def _script(environ, start_response):
    """Does what the query says: `read(3) readline()`, and tells what each call gave."""
    stream = environ["wsgi.input"]
    start_response("200 OK", TEXT)
    calls = environ["QUERY_STRING"].replace("%20", " ").split()
    said = [eval("stream." + call, {"stream": stream}) for call in calls]  # noqa: S307
    return [json.dumps(said, default=lambda b: b.decode("latin-1")).encode()]


def script(environ, start_response):
    return _script(environ, start_response)


def lines(environ, start_response):
    start_response("200 OK", TEXT)
    return [json.dumps([line.decode() for line in environ["wsgi.input"]]).encode()]


def size(environ, start_response):
    """Reads by pieces, and keeps none."""
    total = 0
    while piece := environ["wsgi.input"].read(65536):
        total += len(piece)
    start_response("200 OK", TEXT)
    return [str(total).encode()]


def echo(environ, start_response):
    start_response("200 OK", TEXT)
    return iter(lambda: environ["wsgi.input"].read(65536), b"")


def ignored(environ, start_response):
    start_response("200 OK", TEXT)
    return [b"ignored"]


def three(environ, start_response):
    start_response("200 OK", TEXT)
    return [environ["wsgi.input"].read(3)]


def threaded(environ, start_response):
    """Another thread reads; it gets the body or an error, and nothing hangs or dies."""
    got = []

    def read():
        try:
            got.append(environ["wsgi.input"].read(-1).decode())
        except Exception as error:
            got.append(type(error).__name__)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    start_response("200 OK", TEXT)
    return [json.dumps(got).encode()]


def late(environ, start_response):
    """Reads the body when the response has begun."""
    start_response("200 OK", TEXT)
    yield b"["
    yield environ["wsgi.input"].read(-1)
    yield b"]"


def late_reader(environ, start_response):
    """Keeps the stream, and reads it in a later request."""
    kept = late_reader.__dict__.setdefault("kept", [])
    start_response("200 OK", TEXT)
    if not kept:
        kept.append(environ["wsgi.input"])
        return [b"kept"]
    try:
        kept[0].read(10)
    except Exception as error:
        note(environ, type(error).__name__)
    else:
        note(environ, "nothing")
    return [environ["wsgi.input"].read(-1)]


def chunked(*pieces):
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (*pieces, b""))


CHUNKED = [("Transfer-Encoding", "chunked")]
MEGABYTE = b"0123456789abcdef" * 65536


class Input(Case):
    def calls(self, text, body, wanted, lawful=True):
        """Each call of a script gives what is wanted."""
        target = "/?" + "%20".join(text.split())
        found = self.ask(script, "POST", target, body=body, lawful=lawful)
        self.assertEqual(found.json(), wanted)

    def test_read_takes_at_most_its_size(self):
        self.calls("read(2) read(2) read(2) read(2)", b"abcde", ["ab", "cd", "e", ""])

    def test_read_without_a_size_takes_the_rest(self):
        self.calls("read(1) read() read()", b"abc", ["a", "bc", ""], lawful=False)

    def test_read_of_a_negative_size_takes_the_rest(self):
        self.calls("read(-1) read(-1)", b"abc", ["abc", ""])

    def test_read_of_nothing_takes_nothing(self):
        self.calls("read(0) read(3)", b"abc", ["", "abc"])

    def test_read_beyond_the_end_gives_what_there_is(self):
        self.calls("read(1000000) read(1)", b"abc", ["abc", ""])

    def test_a_request_without_a_body_has_an_empty_stream(self):
        self.calls("read(-1) readline() readlines() read(5)", b"", ["", "", [], ""])

    def test_readline_gives_a_line_with_its_end(self):
        self.calls("readline() " * 4, b"a\r\nb\n\nc", ["a\r\n", "b\n", "\n", "c"])

    def test_readline_with_a_size_takes_no_more(self):
        self.calls(
            "readline(2) readline(9) readline(0) readline(9)", b"abc\nd", ["ab", "c\n", "", "d"]
        )

    def test_readlines_gives_all_lines(self):
        self.calls("readlines() readlines()", b"a\nb\nc", [["a\n", "b\n", "c"], []])

    def test_a_hint_of_readlines_ends_it_early_or_not_but_loses_nothing(self):
        """The PEP lets a server ignore the hint."""
        target = "/?readlines(3)%20readlines()"
        first, rest = self.ask(script, "POST", target, body=b"aa\nbb\ncc\ndd").json()
        self.assertEqual("".join(first + rest), "aa\nbb\ncc\ndd")
        self.assertGreaterEqual(len("".join(first)), 3)

    def test_iteration_gives_the_lines(self):
        found = self.ask(lines, "POST", body=b"a\n\nb\r\nc")
        self.assertEqual(found.json(), ["a\n", "\n", "b\r\n", "c"])

    def test_all_ways_of_reading_share_one_position(self):
        text = "read(1) readline() readline(1) readlines(1) read(-1)"
        self.calls(text, b"ab\ncd\nef\ngh", ["a", "b\n", "c", ["d\n"], "ef\ngh"])

    def test_a_line_of_a_megabyte_is_one_line(self):
        found = self.ask(lines, "POST", body=MEGABYTE + b"\n" + MEGABYTE)
        self.assertEqual([len(line) for line in found.json()], [len(MEGABYTE) + 1, len(MEGABYTE)])

    def test_bytes_of_all_values_arrive(self):
        body = bytes(range(256)) * 3
        self.assertEqual(self.ask(echo, "POST", body=body).body, body)

    def test_a_chunked_body_is_read_to_its_end(self):
        with Wire() as wire:
            wire.send(head(echo, "POST", headers=CHUNKED) + chunked(b"ab", b"c", b"def"))
            self.assertEqual(wire.response().body, b"abcdef")
            # What follows is the next request.
            wire.send(head(script, target="/?read(-1)"))
            self.assertEqual(wire.response().json(), [""])

    def test_a_chunked_body_arrives_by_and_by(self):
        with Wire() as wire:
            # As IIS does, the server waits for the first 48 KB before it calls the application.
            first = MEGABYTE[:60000]
            wire.send(head(late, "POST", headers=CHUNKED) + b"%x\r\n%s\r\n" % (60000, first))
            wire.head()
            self.assertEqual(wire.piece(), b"[")
            wire.send(chunked(b"y", b"z"))
            self.assertEqual(wire.piece(), first + b"yz")

    def test_extensions_and_trailers_of_chunks_are_no_content(self):
        with Wire() as wire:
            body = b"3;a=b\r\nabc\r\n0\r\nX-Trailer: no\r\n\r\n"
            wire.send(head(echo, "POST", headers=CHUNKED) + body)
            self.assertEqual(wire.response().body, b"abc")

    def test_a_body_that_is_not_read_does_not_disturb_the_next_request(self):
        with Wire() as wire:
            first = head(ignored, "POST", headers=[("Content-Length", "9")]) + b"GET / XX\n"
            wire.send(first + head(script, target="/?read(-1)"))
            self.assertEqual(wire.response().body, b"ignored")
            self.assertEqual(wire.response().json(), [""])

    def test_pipelined_requests_whose_bodies_were_partly_read_are_all_answered(self):
        with Wire() as wire:
            one = head(three, "POST", headers=[("Content-Length", "8")]) + b"abcdefgh"
            two = head(three, "POST", headers=CHUNKED) + chunked(b"12", b"345", b"6")
            wire.send(one + two + one)
            self.assertEqual([wire.response().body for _ in range(3)], [b"abc", b"123", b"abc"])

    def test_a_client_that_expects_100_is_told_to_continue_when_the_body_is_read(self):
        """HTTP 1.1 Expect/Continue"""
        with Wire() as wire:
            wait = [("Content-Length", "2"), ("Expect", "100-continue")]
            wire.send(head(echo, "POST", headers=wait))
            self.assertEqual(wire.response().status, 100)
            wire.send(b"ok")
            self.assertEqual(wire.response().body, b"ok")

    def test_a_client_that_expects_100_gets_an_answer_also_when_nothing_is_read(self):
        """HTTP 1.1 Expect/Continue"""
        with Wire() as wire:
            wait = [("Content-Length", "2"), ("Expect", "100-continue")]
            wire.send(head(ignored, "POST", headers=wait))
            found = wire.response()
            if found.status == 100:
                wire.send(b"ok")
                found = wire.response()
            self.assertEqual(found.body, b"ignored")

    def test_fifty_megabytes_come_in_and_the_memory_does_not_grow_with_them(self):
        """Buffering and Streaming"""
        self.ask(size, "POST", body=MEGABYTE, lawful=False)
        before = server().memory()
        with Wire() as wire:
            length = 50 * len(MEGABYTE)
            wire.send(head(size, "POST", headers=[("Content-Length", str(length))]))
            for _ in range(50):
                wire.send(MEGABYTE)
            self.assertEqual(wire.response().body, str(length).encode())
        if before is not None:
            self.assertLess(server().memory() - before, 20 * len(MEGABYTE))

    def test_a_body_may_be_read_while_the_response_is_under_way(self):
        self.assertEqual(self.ask(late, "POST", body=b"abc").body, b"[abc]")

    def test_a_client_that_goes_away_in_its_body_hurts_nobody(self):
        with Wire() as wire:
            wire.send(head(size, "POST", headers=[("Content-Length", "100")]) + b"abc")
        self.assertEqual(self.ask(size, "POST", body=b"abc").body, b"3")

    def test_a_stream_of_an_earlier_request_reads_nothing_of_a_later_one(self):
        name = token()
        self.ask(late_reader, "POST", body=b"first", lawful=False)
        found = self.ask(late_reader, "POST", body=b"second", lawful=False, token=name)
        self.assertEqual(found.body, b"second")
        self.assertEqual(len(self.events(name)), 1)

    def test_another_thread_of_the_application_gets_the_body_or_an_error(self):
        """Thread Support"""
        found = self.ask(threaded, "POST", body=b"abc", lawful=False).json()
        self.assertEqual(len(found), 1)
