"""Trac, which many ran with PyISAPIe: it sends pages with the function that `start_response`
returns, and files with the host's `wsgi.file_wrapper`."""

import os
import re
from pathlib import Path
from urllib.parse import urlencode

from client import FORM, multipart
from support import WsgiTest, in_all_ways, side_by_side

DATA = os.urandom(150_000)


class Trac(WsgiTest):
    files = Path(__file__).parent / "site"
    application = "tracsite:app"

    def test_the_start_page(self):
        response = self.assert_status(self.get("/"), 200)
        self.assertIn("Welcome to Trac", response.text)
        self.assertIn(f'href="{self.base}/timeline"', response.text)

    def test_a_static_file_and_304(self):
        target = "/chrome/common/css/trac.css"
        response = self.assert_status(self.get(target), 200)
        self.assertTrue(response.header("Content-Type").startswith("text/css"))
        self.assertEqual(response.header("Content-Length"), str(len(response.body)))
        same = {"If-Modified-Since": response.header("Last-Modified")}
        self.assert_status(self.get(target, same), 304)

    def test_what_is_not_there(self):
        response = self.assert_status(self.get("/nothing"), 404)
        self.assertIn("No handler matched request to /nothing", response.text)

    def ticket(self, summary):
        """Makes a ticket: its path, and headers that say who made it."""
        form = self.assert_status(self.get("/newticket"), 200)
        token = re.search(r'name="__FORM_TOKEN" value="(\w+)"', form.text).group(1)
        cookies = {value.split(";")[0] for value in form.all("Set-Cookie")}
        headers = {"Cookie": "; ".join(sorted(cookies))}
        fields = {"__FORM_TOKEN": token, "field_summary": summary, "field_description": "=ü="}
        fields |= {"field_status": "new", "field_type": "defect", "submit": "Create ticket"}
        body = urlencode(fields).encode()
        made = self.request("POST", "/newticket", {**FORM, **headers}, body)
        self.assert_status(made, 303)
        place = made.header("Location")
        root = "http://%s:%d%s" % (*self.server.address, self.base)
        self.assertRegex(place, f"^{re.escape(root)}/ticket/[0-9]+$")
        return place[len(root) :], headers, token

    def test_a_ticket_is_made_and_shown(self):
        path, headers, _ = self.ticket("Äpfel & Birnen")
        page = self.assert_status(self.get(path, headers), 200)
        self.assertIn("Äpfel &amp; Birnen", page.text)

    def test_a_form_without_token_is_refused(self):
        response = self.request("POST", "/newticket", FORM, b"field_summary=x&submit=1")
        self.assert_status(response, 400)
        self.assertIn("Missing or invalid form token", response.text)

    def test_an_attachment_comes_back(self):
        path, headers, token = self.ticket("With attachment")
        fields = {"__FORM_TOKEN": token, "action": "new", "realm": "ticket"}
        fields |= {"id": path.split("/")[-1], "description": "ä"}
        kind, body = multipart(fields, {"attachment": ("a.bin", "application/x-a", DATA)})
        place = f"/attachment{path}/?action=new"
        sent = self.request("POST", place, {**kind, **headers}, body)
        self.assert_status(sent, 303)
        raw = self.assert_status(self.get(f"/raw-attachment{path}/a.bin"), 200)
        self.assertEqual(raw.body, DATA)

    def test_the_timeline_as_rss(self):
        response = self.assert_status(self.get("/timeline?format=rss&wiki=on&max=5"), 200)
        self.assertTrue(response.header("Content-Type").startswith("application/rss+xml"))

    def test_pages_at_once(self):
        pages = ["/wiki", "/timeline", "/report", "/wiki/TitleIndex", "/about", "/prefs"]
        answers = side_by_side([lambda p=p: self.get(p).status for p in pages])
        self.assertEqual(answers, [200] * 6)


in_all_ways(globals(), Trac)
