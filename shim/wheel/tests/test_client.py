"""`isapi_shim.Client`: requests to a site in this process."""

import io
import json
import os
import sys

import pytest
from conftest import write
from isapi_shim import Client, Headers

ECHO = """\
from Http import *
import json

def Request():
    Header("Content-Type: application/json")
    Write(json.dumps({
        "method": Env.REQUEST_METHOD,
        "query": Env.QUERY_STRING,
        "type": Env.CONTENT_TYPE,
        "user": Env.AUTH_USER,
        "x": Env.HTTP_X_MINE,
        "body": Read().decode("latin-1"),
    }))
"""


@pytest.fixture
def echo(tmp_path):
    return Client(write(tmp_path / "echo", echo__py=ECHO))


def test_a_response_has_status_headers_and_body(site):
    response = Client(site).get("/hello.py", query={"a": "b c"})
    assert (response.status, response.reason, response.ok) == (200, "OK", True)
    assert response.headers["content-TYPE"] == "text/plain"
    assert response.body == b"Hello, a=b+c" and response.text == "Hello, a=b+c"


def test_the_calls_to_the_server_are_told(site):
    calls = Client(site).get("/hello.py").calls
    written = [call for call in calls if call["call"] == "WriteClient"]
    assert [call["value"] for call in written] == ["Hello, World"]


def test_a_form_is_encoded(echo):
    sent = echo.post("/echo.py", form={"name": "Ann", "n": [1, 2]}).json()
    assert sent["method"] == "POST" and sent["body"] == "name=Ann&n=1&n=2"
    assert sent["type"] == "application/x-www-form-urlencoded"


def test_json_is_encoded(echo):
    sent = echo.put("/echo.py", json={"a": [1]}).json()
    assert json.loads(sent["body"]) == {"a": [1]} and sent["type"] == "application/json"


def test_files_are_sent_as_multipart(echo):
    sent = echo.post("/echo.py", form={"a": "b"}, files={"f": ("x.txt", b"abc", "text/x")}).json()
    assert sent["type"].startswith("multipart/form-data; boundary=")
    assert 'name="f"; filename="x.txt"\r\nContent-Type: text/x\r\n\r\nabc\r\n' in sent["body"]
    assert 'name="a"\r\n\r\nb\r\n' in sent["body"]


def test_data_headers_and_server_variables_go_as_they_are(echo):
    sent = echo.request(
        "PATCH",
        "/echo.py?a=%20b",
        data=b"\x00\xff",
        headers={"X-Mine": "1"},
        server_vars={"auth_user": "DOM\\ann"},
    ).json()
    assert sent["body"] == "\x00\xff" and sent["query"] == "a=%20b"
    assert sent["user"] == "DOM\\ann" and sent["x"] == "1" and sent["type"] == ""


def test_a_body_can_be_given_in_one_way_only(echo):
    with pytest.raises(TypeError):
        echo.post("/echo.py", data=b"", json=1)


def test_a_path_begins_with_a_slash(echo):
    with pytest.raises(ValueError, match="slash"):
        echo.get("echo.py")


def test_the_exception_of_a_script_is_raised_with_its_traceback(site):
    with pytest.raises(ZeroDivisionError) as caught:
        Client(site).get("/fails.py")
    assert caught.traceback[-1].name == "broken"
    assert str(caught.traceback[-1].path) == str(site / "fails.py")


def test_without_raising_the_error_page_is_the_response(site, capsys):
    response = Client(site, raise_app_exceptions=False).get("/fails.py")
    assert response.status == 500 and "ZeroDivisionError" in response.text and not response.ok
    assert isinstance(response.exception, ZeroDivisionError)
    assert response.stderr.startswith("a remark\n")
    assert capsys.readouterr().err == response.stderr


def test_a_script_that_cannot_be_loaded_raises_with_the_cause(tmp_path):
    client = Client(write(tmp_path, bad__py="import no_such_module_at_all\n"))
    with pytest.raises(ImportError, match=r"\[Loading '.*bad.py'\]") as caught:
        client.get("/bad.py")
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_two_sites_can_be_asked_in_turn(tmp_path):
    script = "from Http import *\nimport mine\ndef Request(): Write(mine.NAME)\n"
    sites = []
    for name in ("one", "two"):
        folder = write(tmp_path / name, a__py=script, mine__py=f"NAME = {name!r}\n")
        sites.append(Client(folder))
    for _ in range(3):
        assert [site.get("/a.py").text for site in sites] == ["one", "two"]


def test_a_changed_script_is_loaded_again(site):
    client = Client(site)
    assert client.get("/hello.py").text == "Hello, World"
    write(site, hello__py="from Http import *\ndef Request(): Write('changed, and longer')\n")
    assert client.get("/hello.py").text == "changed, and longer"


def test_streams_folder_and_hook_are_put_back(site):
    before = (sys.stdin, sys.stdout, sys.stderr, os.getcwd(), sys.breakpointhook)
    Client(site).get("/hello.py")
    assert before == (sys.stdin, sys.stdout, sys.stderr, os.getcwd(), sys.breakpointhook)


def test_a_wsgi_application_is_asked_at_its_mount(tmp_path):
    code = """\
def application(environ, start_response):
    start_response("200 OK", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    return [environ["SCRIPT_NAME"].encode() + b"|" + environ["PATH_INFO"].encode()]
"""
    site = write(tmp_path, wsgi_app_of_a_test__py=code)
    client = Client(site, wsgi="wsgi_app_of_a_test:application", mount="/blog")
    response = client.get("/blog/post/1")
    assert response.text == "/blog|/post/1"
    assert response.headers.get_all("set-cookie") == ["a=1", "b=2"]


def test_a_site_that_is_not_there_is_a_value_error(tmp_path):
    with pytest.raises(ValueError, match="ISH0201"):
        Client(tmp_path / "missing")


def test_the_repr_shows_nothing_that_differs_from_run_to_run(site):
    first, second = Client(site).get("/hello.py"), Client(site).get("/hello.py")
    assert first == second and hash(first) == hash(second)
    assert repr(first).startswith("HTTP/1.1 200 OK\n") and repr(first).endswith("Hello, World")
    assert "Date: [DATE]" in repr(first) and "Server: [SERVER]" in repr(first)
    page = Client(site, raise_app_exceptions=False).get("/fails.py")
    assert str(site) not in repr(page) and "[ROOT]/fails.py" in repr(page)
    assert first != page and first != "Hello, World"


def test_bodies_that_are_no_text_make_a_difference(tmp_path):
    code = "from Http import *\ndef Request(): Write(bytes([0, int(Env.QUERY_STRING)]))\n"
    client = Client(write(tmp_path, a__py=code))
    one, two = client.get("/a.py?1"), client.get("/a.py?2")
    assert one != two and "[body_bytes: 2]" in repr(one)


def test_a_response_that_ends_too_early_says_so(tmp_path):
    code = "from Http import *\ndef Request():\n    Header('A: b', Length=10)\n    Write('abc')\n"
    response = Client(write(tmp_path, a__py=code)).get("/a.py")
    assert response.cut and not response.ok and "(cut off)" in repr(response)
    assert "(cut off)" not in response.headers


def test_headers_are_a_mapping_without_case():
    headers = Headers([("Set-Cookie", "a"), ("set-cookie", "b"), ("X", "c")])
    assert headers["SET-COOKIE"] == "a" and headers.get_all("set-Cookie") == ["a", "b"]
    assert len(headers) == 2 and list(headers) == ["Set-Cookie", "X"] and "x" in headers
    assert headers.get("y", "none") == "none" and "y" not in headers
    assert headers == Headers([("SET-cookie", "a"), ("set-cookie", "b"), ("x", "c")])


def test_a_script_reads_nothing_of_the_tests_standard_input(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("of the test"))
    code = "from Http import *\nimport sys\ndef Request(): Write(repr(sys.stdin.read()))\n"
    assert Client(write(tmp_path, a__py=code)).post("/a.py", data="sent").text == "'sent'"
