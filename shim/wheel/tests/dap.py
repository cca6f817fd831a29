"""As much of the Debug Adapter Protocol as a test needs."""

import itertools
import json
import socket


class Client:
    """What an editor is to debugpy."""

    def __init__(self, host, port):
        self._socket = socket.create_connection((host, port), 60)
        self._closed = False
        self._file = self._socket.makefile("rb")
        self._numbers = itertools.count(1)
        self._events = []

    def close(self):
        if self._closed:
            return
        self._closed = True
        self._file.close()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def send(self, command, **arguments):
        number = next(self._numbers)
        message = {"seq": number, "type": "request", "command": command, "arguments": arguments}
        data = json.dumps(message).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        return number

    def _read(self):
        length = 0
        for line in self._file:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            if line == b"\r\n":
                return json.loads(self._file.read(length))
        raise EOFError("the debugger has gone")

    def answer(self, number):
        """The answer to a request; what else comes is kept."""
        while True:
            message = self._read()
            if message["type"] == "response" and message["request_seq"] == number:
                assert message["success"], message
                return message.get("body", {})
            self._events.append(message)

    def ask(self, command, **arguments):
        return self.answer(self.send(command, **arguments))

    def event(self, name):
        """The next event of that name."""
        while True:
            for index, message in enumerate(self._events):
                if message["type"] == "event" and message["event"] == name:
                    return self._events.pop(index).get("body", {})
            self._events.append(self._read())

    def attach(self, file, *lines):
        """Attaches, with breakpoints."""
        self.ask("initialize", adapterID="test", linesStartAt1=True)
        attached = self.send("attach", justMyCode=True)
        self.event("initialized")
        points = [{"line": line} for line in lines]
        self.ask("setBreakpoints", source={"path": str(file)}, breakpoints=points)
        self.ask("configurationDone")
        self.answer(attached)

    def stopped(self):
        """Waits for a stop: why, thread, the uppermost frame."""
        stop = self.event("stopped")
        thread = stop["threadId"]
        frame = self.ask("stackTrace", threadId=thread)["stackFrames"][0]
        return stop["reason"], thread, frame
