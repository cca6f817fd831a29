import hashlib
import threading

from flask import Flask, Response, jsonify, make_response, redirect, request, stream_with_context
from flask import url_for

app = Flask(__name__, static_folder="files", static_url_path="/static")
released = threading.Event()


@app.get("/")
def index():
    return "<h1>Grüße</h1>"


@app.get("/hello/<name>")
def hello(name):
    return f"{name}|{request.args.get('q')}|{request.script_root}"


@app.post("/form")
def form():
    return f"name={request.form['name']}"


@app.post("/upload")
def upload():
    file = request.files["file"]
    data = file.read()
    digest = hashlib.sha256(data).hexdigest()
    return f"{file.filename}|{len(data)}|{digest}|{request.form['note']}"


@app.put("/json")
def put():
    value = request.get_json()
    return jsonify(method=request.method, a=value["a"], b=sum(value["b"]))


@app.get("/redirect")
def away():
    return redirect(url_for("hello", name="there"))


@app.get("/cookies")
def cookies():
    response = make_response("|".join(request.cookies.values()))
    response.set_cookie("one", "1")
    response.set_cookie("two", "2", httponly=True)
    return response


@app.get("/teapot")
def teapot():
    return Response("short and stout", 418)


@app.get("/stream")
def stream():
    return Response(stream_with_context("%06d\n" % i for i in range(50000)))


@app.get("/events")
def events():
    def generate():
        yield "data: 1\n\n"
        yield "data: %s\n\n" % ("released" if released.wait(10) else "too late")
        released.clear()

    return Response(generate(), mimetype="text/event-stream")


@app.get("/release")
def release():
    released.set()
    return "released"


@app.get("/raise")
def fail():
    raise ValueError("on purpose")
