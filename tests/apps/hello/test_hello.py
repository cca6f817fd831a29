"""A script of two lines, as everybody begins."""

from support import AppTest, Server, side_by_side

HELLO = """from Http import *
def Request(): Header("Content-type: text/html"); Write("Hello, World!")
"""


class Hello(AppTest):
    @classmethod
    def start(cls):
        cls.site.file("hello.py", HELLO)
        cls.site.file("style.css", "body {}")
        return Server(cls.site.root)

    def test_it_greets(self):
        response = self.assert_status(self.get("/hello.py"), 200)
        self.assertEqual(response.reason, "OK")
        self.assertEqual(response.text, "Hello, World!")
        self.assertEqual(response.header("Content-Type"), "text/html")

    def test_it_greets_many_at_once(self):
        answers = side_by_side([lambda: self.get("/hello.py").text] * 16)
        self.assertEqual(set(answers), {"Hello, World!"})

    def test_a_file_lies_beside_it(self):
        response = self.assert_status(self.get("/style.css"), 200)
        self.assertEqual(response.header("Content-Type"), "text/css")

    def test_what_is_not_there_is_not_found(self):
        self.assert_status(self.get("/nothing.py"), 404)
