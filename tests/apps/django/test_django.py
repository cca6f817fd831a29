"""Django: its admin with sessions and SQLite, in each way that keeps the process."""

import hashlib
import os
import re
import shutil
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import support
from client import FORM, Connection, multipart
from support import WsgiTest, in_all_ways, not_in, run, run_wsgi, side_by_side

DATA = os.urandom(300_000)


class Django(WsgiTest):
    files = Path(__file__).parent / "site"
    application = "djsite:application"

    @classmethod
    def start(cls):
        cls.fill()
        cls.site.file("data.bin", DATA)
        django = next(f for f in support.PACKAGES if (f / "django").is_dir()) / "django"
        static = cls.site.root / "static"
        shutil.copytree(django / "contrib/admin/static", static)
        server, cls.base = run_wsgi(cls.site, cls.way, cls.application, ("/static/",))
        return server

    def cookies(self, response, jar):
        """Takes the cookies of a response into a jar; how many `Set-Cookie` headers it had."""
        values = response.all("Set-Cookie")
        for value in values:
            jar.update({name: morsel.value for name, morsel in SimpleCookie(value).items()})
        return len(values)

    def sent(self, jar):
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())}

    def log_in(self):
        """Logs in as the admin: the cookies, and the response to the form."""
        jar = {}
        target = f"/admin/login/?next={self.base}/admin/"
        page = self.assert_status(self.get(target), 200)
        self.cookies(page, jar)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text).group(1)
        fields = {"csrfmiddlewaretoken": token, "username": "admin", "password": "admin"}
        fields["next"] = self.base + "/admin/"
        headers = {**FORM, **self.sent(jar)}
        done = self.request("POST", target, headers, urlencode(fields).encode())
        self.assert_status(done, 302)
        self.assertEqual(self.cookies(done, jar), 2, done)
        return jar, done

    def test_a_view_sees_path_script_and_query(self):
        response = self.assert_status(self.get("/hello/w%C3%B6rld?q=1"), 200)
        self.assertEqual(response.text, f"path=/hello/wörld script={self.base} q=1")

    @not_in("mounted", "script", "wildcard")
    def test_a_view_at_the_terminal(self):
        target = "/hello/w%C3%B6rld?q=1"
        text = run(self.site.root, "--wsgi", self.application, "--url", target)
        self.assertEqual(text.decode(), "path=/hello/wörld script= q=1")

    def test_the_admin_redirects_to_its_login(self):
        response = self.assert_status(self.get("/admin/"), 302)
        place = response.header("Location")
        self.assertEqual(place, f"{self.base}/admin/login/?next={self.base}/admin/")

    def test_a_login_sets_two_cookies_and_shows_the_users(self):
        jar, done = self.log_in()
        self.assertEqual(done.header("Location"), self.base + "/admin/")
        self.assertLessEqual({"csrftoken", "sessionid"}, set(jar))
        users = self.assert_status(self.get("/admin/auth/user/", self.sent(jar)), 200)
        self.assertIn("jürgen", users.text)
        self.assertIn("2 users", users.text)

    def test_many_look_at_the_users_at_once(self):
        jar, _ = self.log_in()
        look = lambda: self.get("/admin/auth/user/", self.sent(jar)).status  # noqa: E731
        self.assertEqual(side_by_side([look] * 8), [200] * 8)

    def test_a_session_counts(self):
        jar = {}
        with Connection(self.server.address) as connection:
            for count in 1, 2, 3:
                target = self.base + "/seen?a=%20b"
                response = connection.request("GET", target, self.sent(jar) if jar else {})
                self.cookies(response, jar)
                answer = self.assert_status(response, 200).json()
                self.assertEqual(answer["seen"], count)
        host, port = self.server.address
        self.assertEqual(answer["url"], f"http://{host}:{port}{self.base}/seen?a=%20b")
        self.assertEqual(answer["REMOTE_ADDR"], "127.0.0.1")
        self.assertEqual(answer["SERVER_PORT"], str(port))
        self.assertEqual(answer["SERVER_PROTOCOL"], "HTTP/1.1")
        self.assertEqual(answer["wsgi.url_scheme"], "http")

    def test_a_post_without_token_is_refused(self):
        response = self.request("POST", "/protected", FORM, b"a=1")
        self.assert_status(response, 403)
        self.assertIn("CSRF", response.text)

    def test_a_file_is_uploaded(self):
        headers, body = multipart({"note": "größe"}, {"file": ("ä.bin", "application/x-a", DATA)})
        response = self.assert_status(self.request("POST", "/upload", headers, body), 200)
        digest = hashlib.sha256(DATA).hexdigest()
        expected = {"name": "ä.bin", "size": len(DATA), "sha256": digest, "note": "größe"}
        self.assertEqual(response.json(), expected)

    def test_a_file_is_downloaded(self):
        response = self.assert_status(self.get("/download"), 200)
        self.assertEqual(response.header("Content-Length"), str(len(DATA)))
        self.assertEqual(response.body, DATA)

    def test_head_has_the_headers_of_a_download_and_no_body(self):
        with Connection(self.server.address) as connection:
            head = connection.request("HEAD", self.base + "/download")
            self.assertEqual(head.header("Content-Length"), str(len(DATA)))
            after = connection.request("GET", self.base + "/hello/x")
            self.assertIn("path=/hello/x", after.text)

    def test_a_stream_arrives_whole(self):
        response = self.assert_status(self.get("/stream"), 200)
        self.assertEqual(response.body, b"".join(b"%06d\n" % i for i in range(100000)))

    def test_what_is_not_there_is_djangos_page(self):
        response = self.assert_status(self.get("/nothing"), 404)
        self.assertIn("<h1>Not Found</h1>", response.text)

    # There the whole site is the application.
    @not_in("command")
    def test_static_files_come_from_the_host(self):
        response = self.server.get("/static/admin/css/base.css")
        self.assert_status(response, 200)
        self.assertEqual(response.header("Content-Type"), "text/css")
        self.assertIn(b"--primary", response.body)
        same = {"If-Modified-Since": response.header("Last-Modified")}
        self.assert_status(self.server.get("/static/admin/css/base.css", same), 304)
        self.assert_status(self.server.get("/static/nothing.css"), 404)


in_all_ways(globals(), Django, ("command", "mounted", "script", "wildcard"))
