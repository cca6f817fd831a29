"""`cgi.FieldStorage`: forms and uploads in a CGI script, and in a script of Http."""

import hashlib
import os
from pathlib import Path

from client import FORM, multipart
from support import AppTest, Server, side_by_side

HERE = Path(__file__).parent
DATA = os.urandom(3_000_000)
LINES = b"".join(b"line %d\r\n" % i for i in range(20_000))


class FieldStorage(AppTest):
    script = None

    @classmethod
    def start(cls):
        cls.site.file("forms/" + cls.script, (HERE / cls.script).read_text()).chmod(0o755)
        return Server(cls.site.root)

    def lines(self, response):
        self.assert_status(response, 200)
        self.assertEqual(response.header("Content-Type"), "text/plain; charset=utf-8")
        self.assertEqual(response.all("Set-Cookie"), ["one=1", "two=2"])
        lines = response.text.splitlines()
        self.assertEqual(lines[-2], f"script /forms/{self.script}")
        self.path = lines[-1]
        return lines[:-2]

    def test_a_query(self):
        query = "?a=1&a=2&b=%C3%A4+%26&empty="
        lines = self.lines(self.get(f"/forms/{self.script}/more%20path{query}"))
        self.assertEqual(lines, ["a ['1', '2']", "b 'ä &'", "empty ''"])
        self.assertEqual(self.path, "path /more path")

    def test_a_form(self):
        place = f"/forms/{self.script}?q=1"
        lines = self.lines(self.request("POST", place, FORM, b"name=%C3%86nne&x=%0D%0A"))
        self.assertEqual(lines, ["name 'Ænne'", "q '1'", "x '\\r\\n'"])

    def test_an_upload(self):
        files = {"data": ("ü.bin", "application/x-a", DATA), "text": ("t.txt", "text/plain", LINES)}
        headers, body = multipart({"note": "größe"}, files)
        lines = self.lines(self.request("POST", f"/forms/{self.script}", headers, body))
        sums = [hashlib.sha256(data).hexdigest() for data in (DATA, LINES)]
        expected = [
            f"data ü.bin application/x-a {len(DATA)} {sums[0]}",
            "note 'größe'",
            f"text t.txt text/plain {len(LINES)} {sums[1]}",
        ]
        self.assertEqual(lines, expected)

    def test_uploads_at_once(self):
        def upload(number):
            data = DATA[number * 100_000 :][:100_000]
            files = {"data": (f"{number}.bin", "application/x-a", data)}
            headers, body = multipart({"n": str(number)}, files)
            answer = self.request("POST", f"/forms/{self.script}", headers, body).text
            return hashlib.sha256(data).hexdigest() in answer and f"n '{number}'" in answer

        answers = side_by_side([lambda n=n: upload(n) for n in range(6)])
        self.assertEqual(answers, [True] * 6)


class Script(FieldStorage):
    script = "upload.py"


class Cgi(FieldStorage):
    script = "upload.cgi"


del FieldStorage  # only a pattern for its subclasses
