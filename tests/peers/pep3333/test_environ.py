"""environ Variables, URL Reconstruction, Unicode Issues."""

import json
import urllib.parse

from .case import TEXT, Case, Wire, head, server


def types(environ, start_response):
    start_response("200 OK", TEXT)
    wrong = []
    if type(environ) is not dict:
        wrong.append(f"environ is {type(environ)}")
    for key, value in environ.items():
        if type(key) is not str:
            wrong.append(f"key {key!r}")
        if "." in key:
            continue
        if type(value) is not str or any(ord(c) > 0xFF for c in value):
            wrong.append(f"{key} is {value!r}")
    return [json.dumps(wrong).encode()]


def variables(environ, start_response):
    start_response("200 OK", TEXT)
    return [json.dumps({k: v for k, v in environ.items() if type(v) is str}).encode()]


def specials(environ, start_response):
    start_response("200 OK", TEXT)
    found = {
        "version": list(environ["wsgi.version"]),
        "tuple": type(environ["wsgi.version"]) is tuple,
        "scheme": environ["wsgi.url_scheme"],
        "multithread": bool(environ["wsgi.multithread"]),
        "multiprocess": bool(environ["wsgi.multiprocess"]),
        "run_once": bool(environ["wsgi.run_once"]),
        "input": [n for n in ("read", "readline", "readlines", "__iter__") if hasattr(environ["wsgi.input"], n)],
        "errors": [n for n in ("flush", "write", "writelines") if hasattr(environ["wsgi.errors"], n)],
    }  # fmt: skip
    return [json.dumps(found).encode()]


def reconstructed(environ, start_response):
    """The PEP's own algorithm."""
    url = environ["wsgi.url_scheme"] + "://"
    if environ.get("HTTP_HOST"):
        url += environ["HTTP_HOST"]
    else:
        url += environ["SERVER_NAME"] + ":" + environ["SERVER_PORT"]
    url += urllib.parse.quote(environ.get("SCRIPT_NAME", ""), encoding="latin-1")
    url += urllib.parse.quote(environ.get("PATH_INFO", ""), encoding="latin-1")
    if environ.get("QUERY_STRING"):
        url += "?" + environ["QUERY_STRING"]
    start_response("200 OK", TEXT)
    return [url.encode("latin-1")]


def errors(environ, start_response):
    stream = environ["wsgi.errors"]
    stream.write("peers-written\n")
    stream.writelines(["peers-line-1\n", "peers-line-2\n"])
    stream.flush()
    start_response("200 OK", TEXT)
    return [b"ok"]


class Environ(Case):
    def variables(self, **how):
        return self.ask(variables, **how).json()

    def url(self, target):
        return self.ask(reconstructed, target=target).body.decode("latin-1")

    def same_url(self, target):
        got = self.url(target)
        path, mark, query = target.partition("?")
        wanted = urllib.parse.unquote_to_bytes(path), mark + query
        path, mark, query = got.removeprefix("http://peer").partition("?")
        self.assertEqual((urllib.parse.unquote_to_bytes(path), mark + query), wanted)

    def test_the_environ_is_a_dict_of_native_strings_within_latin_1(self):
        """environ Variables; Unicode Issues"""
        odd = [("X-Odd", "\xe4\xff\x80"), ("Cookie", "a=\xfc")]
        found = self.ask(types, target="/%C3%A4/%E2%82%AC?q=%FF", headers=odd)
        self.assertEqual(found.json(), [])

    def test_the_variables_that_must_be_there_are(self):
        """environ Variables"""
        found = self.variables(target="/a/b?c=d")
        for key in ("REQUEST_METHOD", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL"):
            self.assertTrue(found.get(key), key)
        self.assertTrue(found.get("SCRIPT_NAME") or found.get("PATH_INFO"))
        self.assertEqual(found["SERVER_PROTOCOL"], "HTTP/1.1")
        self.assertEqual(int(found["SERVER_PORT"]), server().address[1])

    def test_the_wsgi_variables_are_of_the_kinds_that_the_text_names(self):
        """environ Variables"""
        found = self.ask(specials).json()
        self.assertEqual((found["version"], found["tuple"]), ([1, 0], True))
        self.assertEqual(found["scheme"], "http")
        self.assertEqual(found["input"], ["read", "readline", "readlines", "__iter__"])
        self.assertEqual(found["errors"], ["flush", "write", "writelines"])
        self.assertTrue(found["multithread"])
        self.assertFalse(found["run_once"])

    def test_type_and_length_have_names_of_their_own(self):
        """environ Variables: CONTENT_TYPE, CONTENT_LENGTH"""
        kind = [("Content-Type", "text/x-odd; charset=latin-1")]
        found = self.variables(method="POST", headers=kind, body=b"12345")
        self.assertEqual(found["CONTENT_TYPE"], kind[0][1])
        self.assertEqual(found["CONTENT_LENGTH"], "5")
        self.assertNotIn("HTTP_CONTENT_TYPE", found)
        self.assertNotIn("HTTP_CONTENT_LENGTH", found)

    def test_a_request_without_a_body_claims_no_length_of_one(self):
        """environ Variables: may be empty or absent"""
        self.assertIn(self.variables().get("CONTENT_LENGTH", ""), ("", "0"))

    def test_headers_keep_their_values_whole(self):
        """environ Variables: HTTP_ Variables"""
        value = 'a, b;c="d"  e\t\x80\xff'
        self.assertEqual(self.variables(headers=[("X-Value", value)])["HTTP_X_VALUE"], value)

    def test_a_repeated_header_keeps_all_its_values_in_order(self):
        """environ Variables: HTTP_ Variables"""
        found = self.variables(headers=[("X-Many", "1"), ("x-many", "2"), ("X-MANY", "3")])
        self.assertEqual([v.strip() for v in found["HTTP_X_MANY"].split(",")], ["1", "2", "3"])

    def test_an_empty_header_is_an_empty_string(self):
        """environ Variables: HTTP_ Variables"""
        self.assertEqual(self.variables(headers=[("X-Empty", "")])["HTTP_X_EMPTY"], "")

    def test_any_method_is_passed_on_as_it_is_spelled(self):
        """environ Variables: REQUEST_METHOD"""
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "x-Odd"):
            with self.subTest(method):
                body = b"" if method in ("POST", "PUT", "PATCH") else None
                # The validator warns of methods that it does not know.
                found = self.variables(method=method, body=body)
                self.assertEqual(found["REQUEST_METHOD"], method)

    def test_a_query_is_passed_on_undecoded(self):
        """environ Variables: QUERY_STRING"""
        for query in ("", "a=%20+%C3%A4", "??", "a?b=c?d", "%23x", "a;b&c&&", "=", "%zz", "[1]={}"):
            with self.subTest(query):
                found = self.variables(target=f"/p?{query}")
                self.assertEqual(found["QUERY_STRING"], query)
                self.assertEqual(found["PATH_INFO"], "/p")

    def test_a_plain_url_is_reconstructed(self):
        """URL Reconstruction"""
        for target in ("/", "/a", "/a/", "/a/b?c=d&e", "/a?b?c", "/a?%23"):
            with self.subTest(target):
                self.same_url(target)

    def test_a_url_with_semicolons_and_marks_is_reconstructed(self):
        """URL Reconstruction"""
        for target in ("/a;b=c/d;e", "/a,b/c'd(e)!f*", "/~a/@b/$d&e=f"):
            with self.subTest(target):
                self.same_url(target)

    def test_a_url_with_escapes_is_reconstructed(self):
        """URL Reconstruction; Unicode Issues"""
        for target in (
            "/%20a",
            "/%C3%A4%E2%82%AC",
            "/%F0%9F%98%80",
            "/a%3Fb?c",
            "/a%23b",
            "/%3B%2C",
        ):
            with self.subTest(target):
                self.same_url(target)

    def test_a_path_is_the_bytes_of_the_request_as_latin_1(self):
        """Unicode Issues"""
        path = self.variables(target="/w%C3%B6rld/%E2%82%AC")["PATH_INFO"]
        self.assertEqual(path.encode("latin-1").decode("utf-8"), "/wörld/€")

    def test_a_row_of_slashes_is_one_as_in_iis_and_the_raw_target_has_them_all(self):
        """URL Reconstruction; the server may normalise, REQUEST_URI is beyond the PEP"""
        for target, path in (("/a//b", "/a/b"), ("//a/b", "/a/b"), ("/a///", "/a/")):
            with self.subTest(target):
                found = self.variables(target=target)
                self.assertEqual((found["PATH_INFO"], found["REQUEST_URI"]), (path, target))

    def test_an_escaped_slash_is_a_slash_and_the_raw_target_has_the_escape(self):
        """URL Reconstruction: PATH_INFO is decoded"""
        found = self.variables(target="/a%2Fb?c%2Fd")
        self.assertEqual((found["PATH_INFO"], found["QUERY_STRING"]), ("/a/b", "c%2Fd"))
        self.assertEqual(found["REQUEST_URI"], "/a%2Fb?c%2Fd")

    def test_an_absolute_target_is_a_path(self):
        """environ Variables; RFC 9112, 3.2.2"""
        found = self.variables(target="http://peer/a/b?c")
        self.assertEqual((found["PATH_INFO"], found["QUERY_STRING"]), ("/a/b", "c"))

    def test_without_a_host_the_server_has_a_name_and_a_port(self):
        """URL Reconstruction: HTTP_HOST may be absent in HTTP/1.0"""
        data = head(reconstructed, target="/x", version="HTTP/1.0").replace(b"Host: peer\r\n", b"")
        with Wire() as wire:
            wire.send(data)
            url = wire.response().body.decode()
        self.assertRegex(url, rf"^http://[^:/]+:{server().address[1]}/x$")

    def test_what_is_written_to_errors_is_in_the_log_and_not_in_the_response(self):
        """Input and Error Streams"""
        self.assertEqual(self.ask(errors).body, b"ok")
        log = server().log()
        for line in ("peers-written", "peers-line-1", "peers-line-2"):
            self.assertIn(line, log)
