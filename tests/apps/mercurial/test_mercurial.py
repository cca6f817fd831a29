"""Mercurial's hgweb, with Mercurial's own client: long headers, large bodies, streams."""

import os
import subprocess
import tempfile
from pathlib import Path

import support
from support import WsgiTest, in_all_ways

APPLICATION = """
import os
from mercurial.hgweb import hgweb

HERE = os.path.dirname(os.path.abspath(__file__))
app = hgweb(os.path.join(HERE, "repository").encode())
"""

# As Mercurial ships it, without its comments.
CGI = """#!/usr/bin/env python3
import os
from mercurial import demandimport
demandimport.enable()
from mercurial.hgweb import hgweb, wsgicgi

HERE = os.path.dirname(os.path.abspath(__file__))
wsgicgi.launch(hgweb(os.path.join(HERE, "repository").encode()))
"""

SETTINGS = """[web]
allow-push = *
push_ssl = no
[ui]
username = Somebody <somebody@example.com>
"""

DATA = os.urandom(400_000)


class Mercurial(WsgiTest):
    application = "hgsite:app"
    cgi = CGI

    @classmethod
    def hg(cls, *arguments, cwd=None):
        """Runs Mercurial as its users do."""
        target = support.TARGET
        command = [target.python, str(support.PACKAGES[0] / "bin/hg"), *arguments]
        home = str(cls.site.root / "settings.rc")
        environment = target.environment(support.PACKAGES, HGRCPATH=home, HGPLAIN="1")
        done = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120
        )
        if done.returncode:
            log = getattr(cls, "server", None)
            raise AssertionError(f"{arguments}: {done.stderr}\n{log and log.err}")
        return done.stdout

    @classmethod
    def fill(cls):
        cls.site.file("hgsite.py", APPLICATION)
        cls.site.file("settings.rc", SETTINGS)
        repository = cls.site.root / "repository"
        cls.hg("init", str(repository))
        cls.site.file("repository/read.txt", "größe\n")
        cls.site.file("repository/big.bin", DATA)
        cls.hg("commit", "-A", "-m", "The first", cwd=repository)
        cls.site.file("repository/.hg/hgrc", SETTINGS)

    @property
    def url(self):
        return "http://%s:%d%s/" % (*self.server.address, self.base)

    def test_the_log_is_shown(self):
        response = self.assert_status(self.get("/"), 200)
        self.assertIn("The first", response.text)
        self.assertIn(f'href="{self.base}/', response.text)

    def test_a_file_is_shown_raw(self):
        response = self.assert_status(self.get("/raw-file/tip/big.bin"), 200)
        self.assertEqual(response.body, DATA)

    def test_a_static_file_and_304(self):
        self.assert_status(self.get("/static/style-paper.css"), 200)
        page = self.get("/file/tip/")
        same = {"If-None-Match": page.header("ETag")}
        self.assert_status(self.get("/file/tip/", same), 304)

    def test_what_is_not_there(self):
        self.assert_status(self.get("/file/tip/nothing"), 404)

    def test_a_clone_a_commit_and_a_push(self):
        with tempfile.TemporaryDirectory() as folder:
            clone = Path(folder, "clone")
            self.hg("clone", self.url, str(clone))
            self.assertEqual((clone / "big.bin").read_bytes(), DATA)
            more = os.urandom(600_000)
            (clone / "more.bin").write_bytes(more)
            self.hg("commit", "-A", "-m", "The next", cwd=clone)
            self.hg("push", cwd=clone)
            self.assertEqual(self.get("/raw-file/tip/more.bin").body, more)
            # Both sides compare what they have, in headers of a thousand characters.
            self.hg("pull", cwd=clone)
            here = self.hg("identify", "--id", cwd=clone)
            self.assertEqual(self.hg("identify", "--id", self.url), here)

    def test_a_clone_as_a_stream(self):
        with tempfile.TemporaryDirectory() as folder:
            clone = Path(folder, "clone")
            self.hg("clone", "--stream", self.url, str(clone))
            self.assertEqual((clone / "read.txt").read_text(encoding="utf-8"), "größe\n")


in_all_ways(globals(), Mercurial)
