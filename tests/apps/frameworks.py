"""What every web framework is asked: one request of each kind. The fixture of each framework
implements the same few URLs."""

import hashlib
import os
import time
from urllib.parse import urlencode

from client import FORM, Connection, multipart
from support import WsgiTest, not_in, side_by_side

CSS = b"body { color: red }\n" * 5000
DATA = os.urandom(200_000)


class FrameworkTest(WsgiTest):
    # What a framework answers to a form's POST/redirect.
    redirect = (302, 303)
    expected_trouble = ()

    @classmethod
    def fill(cls):
        super().fill()
        cls.site.file("files/style.css", CSS)

    def test_a_page(self):
        response = self.assert_status(self.get("/"), 200)
        self.assertEqual(response.reason, "OK")
        self.assertRegex(response.header("Content-Type"), "(?i)^text/html; ?charset=utf-8$")
        self.assertIn("<h1>Grüße</h1>", response.text)

    def test_a_name_in_the_path_and_a_query(self):
        response = self.assert_status(self.get("/hello/w%C3%B6rld%20x?q=%C3%A4+b"), 200)
        self.assertEqual(response.text, f"wörld x|ä b|{self.base}")

    @not_in("cgi")
    def test_a_connection_is_kept(self):
        with Connection(self.server.address) as connection:
            for number in range(5):
                target = f"{self.base}/hello/n{number}?q={number}"
                answer = connection.request("GET", target)
                self.assertEqual(answer.text, f"n{number}|{number}|{self.base}")

    def test_a_form(self):
        body = urlencode({"name": "Ænne & Co", "empty": "", "a": "1"}).encode()
        response = self.assert_status(self.request("POST", "/form", FORM, body), 200)
        self.assertEqual(response.text, "name=Ænne & Co")

    def test_an_upload(self):
        headers, body = multipart({"note": "ü"}, {"file": ("a.bin", "application/x-a", DATA)})
        response = self.assert_status(self.request("POST", "/upload", headers, body), 200)
        digest = hashlib.sha256(DATA).hexdigest()
        self.assertEqual(response.text, f"a.bin|{len(DATA)}|{digest}|ü")

    def test_json_is_put(self):
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        response = self.request("PUT", "/json", headers, '{"a": "ä", "b": [1, 2]}'.encode())
        self.assert_status(response, 200)
        self.assertTrue(response.header("Content-Type").startswith("application/json"))
        self.assertEqual(response.json(), {"method": "PUT", "a": "ä", "b": 3})

    def test_json_is_put_in_chunks(self):
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        chunks = ['{"a": "ä", '.encode(), b'"b": [1, 2]}']
        response = self.request("PUT", "/json", headers, chunks=chunks)
        self.assert_status(response, 200)
        self.assertEqual(response.json(), {"method": "PUT", "a": "ä", "b": 3})

    def test_a_static_file_and_304(self):
        response = self.assert_status(self.get("/static/style.css"), 200)
        self.assertTrue(response.header("Content-Type").startswith("text/css"), response)
        self.assertEqual(response.body, CSS)
        if etag := response.header("ETag"):
            same = {"If-None-Match": etag}
        else:
            same = {"If-Modified-Since": response.header("Last-Modified")}
        again = self.assert_status(self.get("/static/style.css", same), 304)
        self.assertEqual(again.body, b"")

    def test_what_is_not_there(self):
        response = self.assert_status(self.get("/nothing"), 404)
        self.assertEqual(response.reason.lower(), "not found")
        self.assertTrue(response.body)

    def test_a_redirect(self):
        response = self.get("/redirect")
        self.assertIn(response.status, self.redirect)
        self.assertTrue(response.header("Location").endswith(self.base + "/hello/there"), response)

    def test_two_cookies_stay_two(self):
        response = self.assert_status(self.get("/cookies"), 200)
        values = response.all("Set-Cookie")
        self.assertEqual([value.split(";")[0] for value in values], ["one=1", "two=2"])
        sent = self.get("/cookies", {"Cookie": "one=1; two=zwei"})
        self.assertEqual(sent.text, "1|zwei")

    def test_a_status_with_a_reason_of_its_own(self):
        response = self.get("/teapot")
        self.assertEqual(response.status, 418)
        self.assertEqual(response.text, "short and stout")

    def test_head_has_no_body(self):
        with Connection(self.server.address) as connection:
            head = connection.request("HEAD", self.base + "/hello/x?q=1")
            self.assertEqual(head.status, 200)
            if (head.header("Connection") or "").lower() != "close":
                after = connection.request("GET", self.base + "/hello/y?q=2")
                self.assertEqual(after.text, f"y|2|{self.base}")

    def test_a_stream_arrives_whole(self):
        response = self.assert_status(self.get("/stream"), 200)
        self.assertEqual(response.text, "".join("%06d\n" % i for i in range(50000)))

    # One CGI script runs at a time, so the second request would wait for the first.
    @not_in("cgi")
    def test_the_first_event_does_not_wait_for_the_second(self):
        with Connection(self.server.address) as connection:
            connection.send("GET", self.base + "/events")
            head = connection.head()
            self.assertEqual(head.status, 200)
            # The second event waits for this request, at most for ten seconds.
            if head.header("Transfer-Encoding"):
                first = connection.chunk()
            else:
                first = connection.exactly(9)
            self.assertEqual(first, b"data: 1\n\n")
            began = time.monotonic()
            self.assert_status(self.get("/release"), 200)
            rest = connection.file.read() if not head.header("Transfer-Encoding") else b""
            while head.header("Transfer-Encoding") and (part := connection.chunk()):
                rest += part
            self.assertEqual(rest, b"data: released\n\n")
            self.assertLess(time.monotonic() - began, 8)

    def test_an_error_does_no_harm(self):
        response = self.assert_status(self.get("/raise"), 500)
        self.assertNotIn(b"ValueError", response.body)
        self.assert_status(self.get("/"), 200)

    def test_many_at_once(self):
        def ask(number):
            return self.get(f"/hello/n{number}?q={number}").text

        answers = side_by_side([lambda n=n: ask(n) for n in range(12)])
        self.assertEqual(answers, [f"n{n}|{n}|{self.base}" for n in range(12)])

    # There the whole site is the application.
    @not_in("command")
    def test_files_are_left_to_the_host(self):
        response = self.assert_status(self.server.get("/files/style.css"), 200)
        self.assertEqual(response.body, CSS)
