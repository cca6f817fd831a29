"""The corners of WSGI, with the standard library's validator between host and application."""

import hashlib
import os
import time
from pathlib import Path

from client import Connection
from support import WsgiTest, in_all_ways, not_in

DATA = os.urandom(1_000_000)
TEXT = {"Content-Type": "text/plain"}


class Pep3333(WsgiTest):
    files = Path(__file__).parent / "site"
    application = "strict:app"
    expected_trouble = ("Traceback (most recent call last)", "ISH0401", "ISH0407")

    @classmethod
    def fill(cls):
        super().fill()
        cls.site.file("data.bin", DATA)

    def test_the_environment(self):
        target = "/environment/%C3%A9%20a//b?x=%20&y"
        sent = {"X-Some-Header": "1", "Cookie": "a=b"}
        environ = self.assert_status(self.get(target, sent), 200).json()
        expected = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": self.base,
            "QUERY_STRING": "x=%20&y",
            "SERVER_PORT": str(self.server.address[1]),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_X_SOME_HEADER": "1",
            "HTTP_COOKIE": "a=b",
            "HTTP_HOST": "%s:%d" % self.server.address,
            "wsgi.url_scheme": "http",
            "wsgi.version": [1, 0],
        }
        self.assertEqual({name: environ.get(name) for name in expected}, expected)
        # Bytes as Latin-1; whether slashes stay two is the host's affair.
        path = "/environment/é a//b".encode().decode("latin-1")
        self.assertIn(environ["PATH_INFO"], (path, path.replace("//", "/")))
        self.assertEqual(environ["wsgi.run_once"], self.way == "cgi")

    def test_a_body_has_type_and_length(self):
        environ = self.request("POST", "/environment", TEXT, b"12345").json()
        self.assertEqual((environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]), ("text/plain", "5"))
        self.assertNotIn("HTTP_CONTENT_LENGTH", environ)
        self.assertNotIn("HTTP_CONTENT_TYPE", environ)

    def test_a_reason_of_its_own(self):
        self.assertEqual(self.get("/status").line, "HTTP/1.1 299 Fine, Mostly")

    def test_input_by_lines(self):
        body = b"first\nsecond line\nthird\nfourth\r\nfifth"
        response = self.request("POST", "/lines", TEXT, body)
        self.assert_status(response, 200)
        expected = ["first\n", "sec", "ond ", "line\n", "third\n", "fourth\r\n", "fifth", ""]
        self.assertEqual(response.json(), expected)

    def test_a_large_body(self):
        body = DATA * 20
        response = self.request("POST", "/digest", TEXT, body)
        self.assertEqual(response.text, f"{len(body)} {hashlib.sha256(body).hexdigest()}")

    def test_a_body_in_chunks(self):
        pieces = [b"abc", DATA[:70_000], b"x"]
        whole = b"".join(pieces)
        response = self.request("POST", "/digest", TEXT, chunks=pieces)
        self.assertEqual(response.text, f"{len(whole)} {hashlib.sha256(whole).hexdigest()}")

    def test_a_body_that_is_not_read(self):
        with Connection(self.server.address) as connection:
            response = connection.request("POST", self.base + "/unread", TEXT, DATA[:100_000])
            self.assertEqual(response.text, "not read")
            if (response.header("Connection") or "").lower() != "close":
                after = connection.request("GET", self.base + "/status")
                self.assertEqual(after.text, "299")

    def test_what_is_written_comes_first(self):
        self.assertEqual(self.get("/write").text, "written, twice, and returned")

    def test_a_length_and_many_parts(self):
        response = self.get("/write_length")
        self.assertEqual(response.header("Content-Length"), "12")
        self.assertEqual(response.text, "123456789abc")

    def test_a_response_may_start_late(self):
        self.assertEqual(self.get("/late").text, "late")

    def test_nothing(self):
        response = self.assert_status(self.get("/empty"), 200)
        self.assertEqual(response.body, b"")
        self.assert_status(self.get("/no_content"), 204)

    def test_a_response_is_replaced_before_it_is_sent(self):
        response = self.get("/replaced")
        self.assertEqual((response.line, response.text), ("HTTP/1.1 503 Replaced", "replaced"))
        self.assertEqual((response.all("X-First"), response.all("X-Second")), ([], ["2"]))

    # The standard library's handler for CGI ends the script as if all were well.
    @not_in("cgi")
    def test_a_broken_response_is_not_taken_for_a_whole_one(self):
        for target in "/too_late", "/breaks":
            try:
                response = self.get(target)
            except AssertionError:
                continue  # cut off, as it should be
            self.assertEqual(response.status, 500, target)

    def test_an_error_before_anything(self):
        self.assert_status(self.get("/early"), 500)
        self.assert_logged("ValueError: before anything")

    # A module beside the script may be loaded anew, and what is noted there with it.
    @not_in("cgi")
    def test_close_is_called(self):
        self.assertEqual(self.get("/closing").text, "ab")
        self.assertIn("closing", self.get("/what_closed").text.split())
        # Also where the client has gone.
        with Connection(self.server.address) as connection:
            connection.send("GET", self.base + "/long")
            connection.head()
        patience = time.monotonic() + 30
        while "long" not in self.get("/what_closed").text.split():
            self.assertLess(time.monotonic(), patience, "close() is not called")
            time.sleep(0.05)

    def test_files(self):
        self.assertEqual(self.get("/file").body, DATA)
        self.assertEqual(self.get("/memory").body, b"abc")

    def test_headers_stay_as_they_are(self):
        response = self.assert_status(self.get("/headers"), 200)
        self.assertEqual(response.all("X-Many"), [str(i) for i in range(50)])
        self.assertEqual(response.header("X-Latin"), "gr\xfc\xdfe")
        self.assertIn(("ETag", '"1"'), response.headers)

    def test_head(self):
        with Connection(self.server.address) as connection:
            head = connection.request("HEAD", self.base + "/write_length")
            self.assertEqual((head.status, head.header("Content-Length")), (200, "12"))

    # A CGI script's standard output is the response.
    @not_in("cgi")
    def test_what_is_printed_is_not_for_the_client(self):
        # Many applications print, be it forgotten, and loggers write to sys.stdout: every other
        # server takes that for its log.
        response = self.get("/prints")
        self.assertEqual((response.status, response.body), (200, b"body"))
        self.assert_logged("printed before", "printed after")

    def test_the_log_is_not_for_the_client(self):
        self.assertEqual(self.get("/log").text, "logged")
        self.assert_logged("a line for the log", "größer")


in_all_ways(globals(), Pep3333)
