import hashlib
import os
import threading

import falcon

FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files")
released = threading.Event()


class Index:
    def on_get(self, req, resp):
        resp.content_type = "text/html; charset=utf-8"
        resp.text = "<h1>Grüße</h1>"


class Hello:
    def on_get(self, req, resp, name):
        resp.content_type = "text/plain; charset=utf-8"
        resp.text = f"{name}|{req.get_param('q')}|{req.root_path}"

    on_head = on_get


class Form:
    def on_post(self, req, resp):
        resp.text = f"name={req.get_media()['name']}"


class Upload:
    def on_post(self, req, resp):
        found = {}
        for part in req.get_media():
            if part.name == "file":
                data = part.stream.read()
                found["file"] = f"{part.filename}|{len(data)}|{hashlib.sha256(data).hexdigest()}"
            else:
                found[part.name] = part.text
        resp.text = f"{found['file']}|{found['note']}"


class Json:
    def on_put(self, req, resp):
        value = req.get_media()
        resp.media = {"method": req.method, "a": value["a"], "b": sum(value["b"])}


class Redirect:
    def on_get(self, req, resp):
        raise falcon.HTTPFound(req.prefix + "/hello/there")


class Cookies:
    def on_get(self, req, resp):
        resp.set_cookie("one", "1", secure=False)
        resp.set_cookie("two", "2", secure=False)
        resp.text = "|".join(req.cookies.values())


class Teapot:
    def on_get(self, req, resp):
        resp.status = falcon.HTTP_418
        resp.text = "short and stout"


class Stream:
    def on_get(self, req, resp):
        resp.content_type = "text/plain"
        resp.stream = (b"%06d\n" % i for i in range(50000))


class Events:
    def on_get(self, req, resp):
        resp.content_type = "text/event-stream"
        resp.stream = self.generate()

    def generate(self):
        yield b"data: 1\n\n"
        yield b"data: released\n\n" if released.wait(10) else b"data: too late\n\n"
        released.clear()


class Release:
    def on_get(self, req, resp):
        released.set()
        resp.text = "released"


class Raise:
    def on_get(self, req, resp):
        raise ValueError("on purpose")


app = falcon.App()
for path, resource in {
    "/": Index(),
    "/hello/{name}": Hello(),
    "/form": Form(),
    "/upload": Upload(),
    "/json": Json(),
    "/redirect": Redirect(),
    "/cookies": Cookies(),
    "/teapot": Teapot(),
    "/stream": Stream(),
    "/events": Events(),
    "/release": Release(),
    "/raise": Raise(),
}.items():
    app.add_route(path, resource)
app.add_static_route("/static", FILES)
