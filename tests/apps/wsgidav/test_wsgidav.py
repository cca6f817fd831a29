"""WsgiDAV: methods that browsers do not know, bodies of unknown length, parts of files."""

import hashlib
import os
import re

from client import Connection
from support import WsgiTest, in_all_ways, not_in, side_by_side

APPLICATION = """
import os
from wsgidav.wsgidav_app import WsgiDAVApp

HERE = os.path.dirname(os.path.abspath(__file__))
app = WsgiDAVApp({{
    "provider_mapping": {{"/": os.path.join(HERE, "share")}},
    "simple_dc": {{"user_mapping": {{"*": True}}}},
    # WsgiDAV takes no notice of where the host says that it lies.
    "mount_path": {prefix!r},
    "verbose": 1,
}})
"""

PREFIXES = {"mounted": "/at/this", "script": "/app.py", "cgi": "/app.cgi"}

DATA = os.urandom(2_000_000)


class WsgiDav(WsgiTest):
    application = "davsite:app"

    @classmethod
    def fill(cls):
        prefix = PREFIXES.get(cls.way, "")
        cls.site.file("davsite.py", APPLICATION.format(prefix=prefix))
        cls.site.file("share/read/big.bin", DATA)
        cls.site.file("share/read/größe.txt", "klein")

    def test_options(self):
        response = self.assert_status(self.request("OPTIONS", "/"), 200)
        self.assertIn("2", response.header("DAV"))
        self.assertIn("PROPFIND", response.header("Allow"))

    def test_a_folder_is_listed(self):
        response = self.request("PROPFIND", "/read/", {"Depth": "1"})
        self.assert_status(response, 207)
        self.assertEqual(response.reason.lower(), "multi-status")
        self.assertIn(f"{self.base}/read/gr%C3%B6%C3%9Fe.txt", response.text)
        self.assertIn("<ns0:getcontentlength>2000000<", response.text.replace("D:", "ns0:"))

    def test_a_file_is_read_whole_and_in_parts(self):
        response = self.assert_status(self.get("/read/big.bin"), 200)
        self.assertEqual(response.body, DATA)
        part = self.get("/read/big.bin", {"Range": "bytes=1000-1999"})
        self.assert_status(part, 206)
        self.assertEqual(part.body, DATA[1000:2000])
        same = {"If-None-Match": response.header("ETag")}
        self.assert_status(self.get("/read/big.bin", same), 304)

    def test_a_file_is_put_moved_copied_and_deleted(self):
        self.assert_status(self.request("MKCOL", "/written"), 201)
        put = self.request("PUT", "/written/a.bin", {"Content-Type": "application/x-a"}, DATA)
        self.assert_status(put, 201)
        place = "http://%s:%d%s" % (*self.server.address, self.base)
        headers = {"Destination": place + "/written/b%20%C3%A4.bin"}
        self.assert_status(self.request("MOVE", "/written/a.bin", headers), 201)
        self.assert_status(self.get("/written/a.bin"), 404)
        headers = {"Destination": place + "/written/c.bin"}
        self.assert_status(self.request("COPY", "/written/b%20%C3%A4.bin", headers), 201)
        self.assertEqual(self.get("/written/c.bin").body, DATA)
        self.assertEqual((self.site.root / "share/written/b ä.bin").read_bytes(), DATA)
        deleted = self.assert_status(self.request("DELETE", "/written/c.bin"), 204)
        self.assertEqual(deleted.body, b"")

    def test_a_body_of_unknown_length_is_put(self):
        pieces = [DATA[i : i + 50_000] for i in range(0, 1_000_000, 50_000)]
        put = self.request("PUT", "/chunked.bin", {}, chunks=pieces)
        self.assertIn(put.status, (201, 204), put)
        written = (self.site.root / "share/chunked.bin").read_bytes()
        self.assertEqual(
            (len(written), hashlib.sha256(written).hexdigest()),
            (1_000_000, hashlib.sha256(DATA[:1_000_000]).hexdigest()),
        )

    # The locks are in memory, and a CGI script makes the application anew each time.
    @not_in("cgi")
    def test_a_lock_keeps_others_out(self):
        self.assert_status(self.request("PUT", "/locked.txt", {}, b"1"), 201)
        body = b"""<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/>
            </D:lockscope><D:locktype><D:write/></D:locktype><D:owner>me</D:owner></D:lockinfo>"""
        lock = self.request("LOCK", "/locked.txt", {"Content-Type": "application/xml"}, body)
        self.assert_status(lock, 200)
        token = re.search("opaquelocktoken:[^<>]+", lock.header("Lock-Token")).group(0)
        self.assert_status(self.request("PUT", "/locked.txt", {}, b"2"), 423)
        held = {"If": f"(<{token}>)"}
        self.assert_status(self.request("PUT", "/locked.txt", held, b"3"), 204)
        unlock = self.request("UNLOCK", "/locked.txt", {"Lock-Token": f"<{token}>"})
        self.assert_status(unlock, 204)

    def test_a_refused_body_does_not_disturb_the_next_request(self):
        with Connection(self.server.address) as connection:
            # The folder is not there, so nobody reads the body.
            target = self.base + "/no/such/folder/a.bin"
            response = connection.request("PUT", target, {}, b"x" * 20_000)
            self.assertIn(response.status, (404, 409), response)
            if (response.header("Connection") or "").lower() != "close":
                after = connection.request("GET", self.base + "/read/gr%C3%B6%C3%9Fe.txt")
                self.assertEqual(after.text, "klein")

    def test_many_read_at_once(self):
        read = lambda: self.get("/read/big.bin").body == DATA  # noqa: E731
        self.assertEqual(side_by_side([read] * 6), [True] * 6)


in_all_ways(globals(), WsgiDav)
