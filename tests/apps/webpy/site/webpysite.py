import hashlib
import json
import os
import threading

import web

FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files")
released = threading.Event()

urls = (
    "/", "Index",
    "/hello/(.*)", "Hello",
    "/form", "Form",
    "/upload", "Upload",
    "/json", "Json",
    "/static/(.*)", "Static",
    "/redirect", "Redirect",
    "/cookies", "Cookies",
    "/teapot", "Teapot",
    "/stream", "Stream",
    "/events", "Events",
    "/release", "Release",
    "/raise", "Raise",
)  # fmt: skip


class Index:
    def GET(self):
        web.header("Content-Type", "text/html; charset=utf-8")
        return "<h1>Grüße</h1>"


class Hello:
    def GET(self, name):
        return f"{name}|{web.input().q}|{web.ctx.homepath}"

    HEAD = GET


class Form:
    def POST(self):
        return f"name={web.input().name}"


class Upload:
    def POST(self):
        form = web.input(file={})
        data = form.file.file.read()
        digest = hashlib.sha256(data).hexdigest()
        return f"{form.file.filename}|{len(data)}|{digest}|{form.note}"


class Json:
    def PUT(self):
        value = json.loads(web.data())
        web.header("Content-Type", "application/json")
        return json.dumps({"method": web.ctx.method, "a": value["a"], "b": sum(value["b"])})


class Static:
    def GET(self, name):
        with open(os.path.join(FILES, name), "rb") as file:
            data = file.read()
        web.header("Content-Type", "text/css")
        # Raises the answer 304.
        web.http.modified(etag=hashlib.sha256(data).hexdigest())
        return data


class Redirect:
    def GET(self):
        raise web.seeother("/hello/there")


class Cookies:
    def GET(self):
        web.setcookie("one", "1")
        web.setcookie("two", "2", httponly=True)
        return "|".join(web.cookies().values())


class Teapot:
    def GET(self):
        web.ctx.status = "418 I'm a teapot"
        return "short and stout"


class Stream:
    def GET(self):
        for i in range(50000):
            yield "%06d\n" % i


class Events:
    def GET(self):
        web.header("Content-Type", "text/event-stream")
        yield "data: 1\n\n"
        yield "data: %s\n\n" % ("released" if released.wait(10) else "too late")
        released.clear()


class Release:
    def GET(self):
        released.set()
        return "released"


class Raise:
    def GET(self):
        raise ValueError("on purpose")


web.config.debug = False
app = web.application(urls, globals()).wsgifunc()
