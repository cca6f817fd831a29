import hashlib
import os
import threading

import cherrypy

FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files")
released = threading.Event()


class Root:
    @cherrypy.expose
    def index(self):
        return "<h1>Grüße</h1>"

    @cherrypy.expose
    def hello(self, name, q=None):
        return f"{name}|{q}|{cherrypy.request.script_name}"

    @cherrypy.expose
    def form(self, name, **others):
        return f"name={name}"

    @cherrypy.expose
    def upload(self, file, note):
        data = file.file.read()
        digest = hashlib.sha256(data).hexdigest()
        return f"{file.filename}|{len(data)}|{digest}|{note}"

    @cherrypy.expose
    @cherrypy.tools.json_in()
    @cherrypy.tools.json_out()
    def json(self):
        value = cherrypy.request.json
        return {"method": cherrypy.request.method, "a": value["a"], "b": sum(value["b"])}

    @cherrypy.expose
    def redirect(self):
        raise cherrypy.HTTPRedirect(cherrypy.url("/hello/there"))

    @cherrypy.expose
    def cookies(self):
        cherrypy.response.cookie["one"] = "1"
        cherrypy.response.cookie["two"] = "2"
        return "|".join(m.value for m in cherrypy.request.cookie.values())

    @cherrypy.expose
    def teapot(self):
        cherrypy.response.status = "418 I'm a teapot"
        return "short and stout"

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self):
        for i in range(50000):
            yield "%06d\n" % i

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def events(self):
        cherrypy.response.headers["Content-Type"] = "text/event-stream"
        yield "data: 1\n\n"
        yield "data: %s\n\n" % ("released" if released.wait(10) else "too late")
        released.clear()

    @cherrypy.expose
    def release(self):
        released.set()
        return "released"

    @cherrypy.expose
    def fail(self):
        raise ValueError("on purpose")


setattr(Root, "raise", Root.fail)

# No signals, no reloading, no log of its own: the host does that.
cherrypy.config.update({"environment": "embedded"})
config = {
    "/": {"tools.encode.on": True, "tools.encode.encoding": "utf-8"},
    "/static": {
        "tools.staticdir.on": True,
        "tools.staticdir.dir": FILES,
        "tools.encode.on": False,
    },
}
# Where it lies, the host says.
app = cherrypy.Application(Root(), script_name=None, config=config)
