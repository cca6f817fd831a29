import hashlib
import os
import threading

from bottle import Bottle, HTTPResponse, redirect, request, response, static_file

app = Bottle()
released = threading.Event()
FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files")


@app.get("/")
def index():
    return "<h1>Grüße</h1>"


@app.get("/hello/<name>")
def hello(name):
    return f"{name}|{request.query.getunicode('q')}|{request.script_name.rstrip('/')}"


@app.post("/form")
def form():
    return f"name={request.forms.getunicode('name')}"


@app.post("/upload")
def upload():
    file = request.files["file"]
    data = file.file.read()
    digest = hashlib.sha256(data).hexdigest()
    return f"{file.filename}|{len(data)}|{digest}|{request.forms.getunicode('note')}"


@app.put("/json")
def put():
    value = request.json
    return {"method": request.method, "a": value["a"], "b": sum(value["b"])}


@app.get("/static/<name>")
def static(name):
    return static_file(name, root=FILES)


@app.get("/redirect")
def away():
    redirect(request.script_name.rstrip("/") + "/hello/there")


@app.get("/cookies")
def cookies():
    response.set_cookie("one", "1")
    response.set_cookie("two", "2", httponly=True)
    return "|".join(request.cookies.values())


@app.get("/teapot")
def teapot():
    return HTTPResponse("short and stout", 418)


@app.get("/stream")
def stream():
    for i in range(50000):
        yield "%06d\n" % i


@app.get("/events")
def events():
    response.content_type = "text/event-stream"
    yield "data: 1\n\n"
    yield "data: %s\n\n" % ("released" if released.wait(10) else "too late")
    released.clear()


@app.get("/release")
def release():
    released.set()
    return "released"


@app.get("/raise")
def fail():
    raise ValueError("on purpose")
