"""What is asked of the servers, and what the right answer is."""

from dataclasses import dataclass, field

HELLO = b"Hello, World!"
ECHO_BYTES = 10240
DJANGO_TARGET = "/page/20?name=Ann%20%26%20Bob"

# As a browser sends them. Host is the client's own.
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-GB,en;q=0.5",
    "Accept-Encoding": "gzip, deflate",
    "Cookie": "session=0123456789abcdef0123456789abcdef; theme=light",
    "Referer": "http://127.0.0.1/start",
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "DNT": "1",
    "X-Requested-With": "XMLHttpRequest",
    "Upgrade-Insecure-Requests": "1",
}


@dataclass(frozen=True)
class Work:
    """One kind of request, and how many connections ask it at once."""

    name: str
    title: str
    # Without the script's ending: `/hello`, or `/page/20?...` of Django.
    target: str
    connections: int
    headers: dict = field(default_factory=dict)
    # So many bytes are posted.
    body: int = 0

    @property
    def django(self):
        return self.target.startswith("/page/")

    def sent(self):
        """The body, as load.lua makes it."""
        return b"0123456789abcdef" * (self.body // 16)

    def wrong(self, status, body, django_page):
        """What is wrong with a response, or nothing."""
        if status != 200:
            return f"status {status}"
        page = self.target.split("?")[0]
        if page == "/variables":
            return wrong_variables(body)
        expected = {
            "/hello": HELLO,
            "/large": b"x" * 65536,
            "/echo": self.sent(),
        }.get(page, django_page)
        if body != expected:
            return f"another body: {len(body)} bytes, not {len(expected)}: {body[:60]!r}"
        return None


def wrong_variables(body):
    """Twenty lines; the method, the query, and the eleven headers that were sent."""
    lines = body.decode("latin-1").split("\n")
    if len(lines) != 20:
        return f"{len(lines)} variables, not 20"
    if lines[:2] != ["GET", "a=1&b=2"]:
        return f"method and query are {lines[:2]}"
    if lines[9:] != list(BROWSER.values()):
        return "the headers are other ones than were sent"
    return None


WORKS = [
    Work("hello", "Hello, World!, 32 connections", "/hello", 32),
    Work("hello-1", "Hello, World!, one client alone", "/hello", 1),
    Work("hello-256", "Hello, World!, 256 connections", "/hello", 256),
    Work("large", "A response of 64 KiB, 32 connections", "/large", 32),
    Work("echo", "A body of 10 KiB sent back, 32 connections", "/echo", 32, body=ECHO_BYTES),
    Work(
        "variables",
        "Twenty variables read, 32 connections",
        "/variables?a=1&b=2",
        32,
        headers=BROWSER,
    ),
    Work("django", "A Django view, 32 connections", DJANGO_TARGET, 32),
]
