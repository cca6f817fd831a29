import hashlib
import os
import threading

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound
from pyramid.response import Response

FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files")
released = threading.Event()


def index(request):
    return Response("<h1>Grüße</h1>")


def hello(request):
    name, q = request.matchdict["name"], request.params.get("q")
    return Response(f"{name}|{q}|{request.script_name}", content_type="text/plain")


def form(request):
    return Response(f"name={request.POST['name']}")


def upload(request):
    file = request.POST["file"]
    data = file.file.read()
    digest = hashlib.sha256(data).hexdigest()
    return Response(f"{file.filename}|{len(data)}|{digest}|{request.POST['note']}")


def put(request):
    value = request.json_body
    return {"method": request.method, "a": value["a"], "b": sum(value["b"])}


def away(request):
    return HTTPFound(request.route_url("hello", name="there"))


def cookies(request):
    response = Response("|".join(request.cookies.values()))
    response.set_cookie("one", "1")
    response.set_cookie("two", "2", httponly=True)
    return response


def teapot(request):
    return Response("short and stout", status="418 I'm a teapot")


def stream(request):
    response = Response(content_type="text/plain")
    response.app_iter = (b"%06d\n" % i for i in range(50000))
    return response


def events(request):
    def generate():
        yield b"data: 1\n\n"
        yield b"data: released\n\n" if released.wait(10) else b"data: too late\n\n"
        released.clear()

    response = Response(content_type="text/event-stream")
    response.app_iter = generate()
    return response


def release(request):
    released.set()
    return Response("released")


def fail(request):
    raise ValueError("on purpose")


with Configurator() as config:
    for view in index, hello, form, upload, away, cookies, teapot, stream, events, release, fail:
        name = view.__name__
        path = {"index": "/", "hello": "/hello/{name}", "away": "/redirect", "fail": "/raise"}
        config.add_route(name, path.get(name, "/" + name))
        config.add_view(view, route_name=name)
    config.add_route("put", "/json")
    config.add_view(put, route_name="put", renderer="json")
    config.add_static_view("static", FILES)
    app = config.make_wsgi_app()
