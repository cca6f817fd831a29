"""A client for what wrk does not do: large bodies in pieces, in memory that stays small."""

import socket
import time

from place import Problem

ROOM = 1 << 20
PIECE = memoryview(bytes(256 * 1024))
CHUNKED = "Transfer-Encoding: chunked"


def post_head(target, framing):
    return f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{framing}\r\n\r\n".encode()


def in_chunks(count, size):
    """A body of so many chunks of one size."""
    return b"%x\r\n%b\r\n" % (size, bytes(size)) * count + b"0\r\n\r\n"


class Connection:
    """One connection that is kept. Answers are counted and not held."""

    def __init__(self, port, timeout=60):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.room = bytearray(ROOM)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def get(self, target, pause=0):
        """Status, bytes of the body, its begin, seconds. `pause`: before the answer is read."""
        start = time.perf_counter()
        self.socket.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        if pause:
            time.sleep(pause)
        return *self.answer(), time.perf_counter() - start - pause

    def post(self, target, size, chunked=False):
        """The same, for a body of that size."""
        head = post_head(target, CHUNKED if chunked else f"Content-Length: {size}")
        start = time.perf_counter()
        if size <= 1024 and not chunked:
            # As clients do: small ones come in one piece with their head.
            self.socket.sendall(head + PIECE[:size])
        else:
            self.socket.sendall(head)
            self.send_body(size, chunked)
        return *self.answer(), time.perf_counter() - start

    def post_chunks(self, target, chunks):
        """The same, for a body that is in chunks already."""
        start = time.perf_counter()
        self.socket.sendall(post_head(target, CHUNKED))
        self.socket.sendall(chunks)
        return *self.answer(), time.perf_counter() - start

    def send_body(self, size, chunked):
        left = size
        while left:
            piece = PIECE[: min(left, len(PIECE))]
            left -= len(piece)
            if chunked:
                self.socket.sendall(b"%x\r\n" % len(piece))
            self.socket.sendall(piece)
            if chunked:
                self.socket.sendall(b"\r\n")
        if chunked:
            self.socket.sendall(b"0\r\n\r\n")

    def receive(self):
        size = self.socket.recv_into(self.room)
        if not size:
            raise Problem("the connection was closed in the middle of an answer")
        return bytes(self.room[:size]) if size < 65536 else self.room[:size]

    def answer(self):
        """Status, how many bytes the body has, and the first of them."""
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self.receive()
        head = data[:end].decode("latin-1").lower()
        rest = data[end + 4 :]
        status = int(head.split(None, 2)[1])
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
        if fields.get("transfer-encoding") == "chunked":
            return status, *self.chunks(rest)
        size = count = int(fields["content-length"])
        first = bytes(rest[:64])
        count -= len(rest)
        while count > 0:
            taken = self.socket.recv_into(self.room, min(count, ROOM))
            if not taken:
                raise Problem(f"the body ended {count} bytes too early")
            first = first or bytes(self.room[:64])
            count -= taken
        return status, size, first

    def chunks(self, data):
        """The size of a body in chunks, and its begin."""
        total, first = 0, b""
        while True:
            while (end := data.find(b"\r\n")) < 0:
                data += self.receive()
            size = int(bytes(data[:end]), 16)
            data = data[end + 2 :]
            # With the line end behind it.
            missing = size + 2 - len(data)
            first = first or bytes(data[: min(size, 64)])
            if missing <= 0:
                data = data[size + 2 :]
            else:
                while missing > 0:
                    taken = self.socket.recv_into(self.room, min(missing, ROOM))
                    if not taken:
                        raise Problem("the connection was closed in the middle of a chunk")
                    missing -= taken
                data = b""
            if not size:
                return total, first
            total += size


def keep_open(port, count, target):
    """So many connections that have been answered once and are kept."""
    request = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    opened = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port), 10)
        opened.append(connection)
        connection.sendall(request)
        if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
            raise Problem("an idle connection got a wrong answer")
    return opened


def still_open(connections):
    """How many of them the server has not closed."""
    count = 0
    for connection in connections:
        connection.setblocking(False)
        try:
            count += bool(connection.recv(4096))
        except BlockingIOError:
            count += 1
        except OSError:
            pass
    return count
