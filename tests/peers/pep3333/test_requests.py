"""One request and the next: Thread Support, Server Extension APIs, HTTP/1.0 and keep-alive."""

import http.client
import json
import sys
import threading

from .case import TEXT, Case, Wire, head, server, token
from .site import note


def spoil(environ, start_response):
    """Changes all of its environ, as an application may."""
    for key in list(environ):
        if key not in ("wsgi.input", "wsgi.errors"):
            del environ[key]
    environ["PATH_INFO"] = "/spoilt"
    environ["peers.spoilt"] = "1"
    start_response("200 OK", TEXT)
    return [b"x"]


def seen(environ, start_response):
    start_response("200 OK", TEXT)
    return [
        json.dumps([environ.get("peers.spoilt"), environ["PATH_INFO"], sorted(environ)]).encode()
    ]


KEPT = {}


def keep(environ, start_response):
    write = start_response("200 OK", TEXT)
    KEPT.update(start=start_response, write=write, environ=environ)
    return [b"kept"]


def _attempt(environ, what, *arguments):
    try:
        KEPT[what](*arguments)
    except Exception as error:
        note(environ, f"{what} {type(error).__name__}")
    else:
        note(environ, f"{what} passed")


def use_kept(environ, start_response):
    """Calls what an earlier request was given."""
    start_response("200 OK", [*TEXT, ("X-Mine", "1")])
    _attempt(environ, "start", "500 Theirs", TEXT)
    _attempt(environ, "write", b"theirs")
    note(environ, KEPT["environ"]["HTTP_X_APP"].endswith(":keep"))
    return [b"mine"]


def use_kept_in_thread(environ, start_response):
    """Another thread calls what this request was given."""
    KEPT["own"] = start_response("200 OK", TEXT)
    thread = threading.Thread(target=_attempt, args=(environ, "own", b"theirs "))
    thread.start()
    thread.join()
    return [b"mine"]


def nested(environ, start_response):
    """Asks the server itself, as deep as the query says."""
    depth = int(environ["QUERY_STRING"])
    said = b""
    if depth:
        inner = http.client.HTTPConnection("127.0.0.1", int(environ["SERVER_PORT"]), timeout=60)
        inner.request("GET", f"/?{depth - 1}", headers={"X-App": environ["HTTP_X_APP"]})
        said = inner.getresponse().read()
        inner.close()
    start_response("200 OK", TEXT)
    return [b"%d" % depth, said]


TOGETHER = threading.Barrier(4, timeout=60)


def together(environ, start_response):
    """Answers only when four are here at once."""
    TOGETHER.wait()
    start_response("200 OK", TEXT)
    return [environ["QUERY_STRING"].encode()]


def echo(environ, start_response):
    start_response("200 OK", TEXT)
    return [environ["QUERY_STRING"].encode()]


def streamed(environ, start_response):
    start_response("200 OK", TEXT)
    yield environ["QUERY_STRING"].encode()


def closes(environ, start_response):
    start_response("200 OK", [*TEXT, ("Connection", "close")])
    return [b"x"]


def references(environ, start_response):
    """How many references the singletons of the environ have."""
    start_response("200 OK", TEXT)
    return [b"%d" % sys.getrefcount(environ["wsgi.file_wrapper"])]


class Requests(Case):
    def test_an_environ_is_the_applications_to_change_and_leaves_no_trace(self):
        """Specification Details: environ must be a builtin dict, which may be modified"""
        before = self.ask(seen, target="/a").json()
        self.assertEqual(self.ask(spoil, lawful=False).body, b"x")
        self.assertEqual(self.ask(seen, target="/a").json(), before)

    def test_what_a_request_was_given_does_nothing_to_a_later_one(self):
        name = token()
        self.ask(keep, lawful=False)
        found = self.ask(use_kept, lawful=False, token=name)
        self.assertEqual((found.status, found.get("X-Mine"), found.body), (200, "1", b"mine"))
        said = self.events(name, 3)
        self.assertNotIn("start passed", said)
        self.assertNotIn("write passed", said)
        self.assertIs(said[2], True)

    def test_write_of_another_thread_writes_or_raises_and_breaks_nothing(self):
        """Thread Support"""
        name = token()
        found = self.ask(use_kept_in_thread, lawful=False, token=name)
        passed = self.events(name) == ["own passed"]
        self.assertEqual((found.status, found.body), (200, b"theirs mine" if passed else b"mine"))

    def test_an_application_may_ask_its_own_server(self):
        self.assertEqual(self.ask(nested, target="/?5").body, b"543210")

    def test_requests_run_at_once(self):
        """Thread Support: wsgi.multithread"""
        wires = [Wire() for _ in range(4)]
        for number, wire in enumerate(wires):
            wire.send(head(together, target=f"/?{number}"))
        for number, wire in enumerate(wires):
            self.assertEqual(wire.response().body, str(number).encode())
            wire.close()

    def test_many_connections_keep_their_answers_apart(self):
        wrong = []

        def client(number):
            with Wire() as wire:
                for turn in range(50):
                    wanted = f"{number}-{turn}"
                    wire.send(head(streamed if turn % 2 else echo, target=f"/?{wanted}"))
                    if wire.response().body != wanted.encode():
                        wrong.append(wanted)

        threads = [threading.Thread(target=client, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_requests_that_are_pipelined_are_answered_in_order(self):
        """RFC 9112, 9.3.2"""
        with Wire() as wire:
            wire.send(b"".join(head(streamed, target=f"/?{n}") for n in range(100)))
            said = [wire.response().body for _ in range(100)]
        self.assertEqual(said, [str(n).encode() for n in range(100)])

    def test_a_connection_is_kept_or_closed_as_version_and_header_say(self):
        """RFC 9112, 9.3. The table that bjoern's tests have, too."""
        for version, asked, application, kept in (
            ("HTTP/1.0", None, echo, False),
            ("HTTP/1.0", "Keep-Alive", echo, True),
            ("HTTP/1.0", "Keep-Alive", streamed, False),
            ("HTTP/1.1", None, echo, True),
            ("HTTP/1.1", None, streamed, True),
            ("HTTP/1.1", "close", echo, False),
            ("HTTP/1.1", "close", streamed, False),
            ("HTTP/1.1", None, closes, False),
        ):
            with self.subTest(f"{version} {asked} {application.__name__}"), Wire() as wire:
                headers = [("Connection", asked)] if asked else []
                request = head(application, target="/?x", headers=headers, version=version)
                wire.send(request)
                found = wire.response()
                self.assertEqual((found.body, found.whole), (b"x", True))
                if kept:
                    wire.send(request)
                    self.assertEqual(wire.response().body, b"x")
                else:
                    self.assertTrue(wire.ended())

    def test_the_server_version_of_http_1_0_is_no_secret_to_the_application(self):
        """environ Variables: SERVER_PROTOCOL"""
        with Wire() as wire:
            wire.send(head("pep3333.test_environ:variables", version="HTTP/1.0"))
            self.assertEqual(wire.response().json()["SERVER_PROTOCOL"], "HTTP/1.0")

    def test_two_thousand_requests_leak_no_references_and_no_memory(self):
        with Wire() as wire:

            def ask(count, application):
                for _ in range(count):
                    wire.send(head(application, target="/?x"))
                    found = wire.response()
                return found

            ask(500, streamed)
            references_before = int(ask(1, references).body)
            before = server().memory()
            ask(2000, streamed)
            self.assertLess(abs(int(ask(1, references).body) - references_before), 50)
            if before is not None:
                self.assertLess(server().memory() - before, 10 << 20)
