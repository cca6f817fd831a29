"""MapProxy with a source that draws the outlines of tiles: nothing is fetched from elsewhere."""

import io
import re

from client import Connection
from PIL import Image
from support import WsgiTest, in_all_ways, not_in, side_by_side

CONFIG = """
services:
  demo:
  tms:
  wms:
    md:
      title: Tiles
sources:
  outlines:
    type: debug
caches:
  kept:
    grids: [GLOBAL_GEODETIC]
    sources: [outlines]
    format: image/png
    cache:
      type: file
      directory: cache
layers:
  - name: outlines
    title: Outlines
    sources: [kept]
"""

APPLICATION = """
import os
from mapproxy.wsgiapp import make_wsgi_app

HERE = os.path.dirname(os.path.abspath(__file__))
app = make_wsgi_app(os.path.join(HERE, "mapproxy.yaml"))
"""

WMS = "/service?SERVICE=WMS&VERSION=1.1.1"
GET_MAP = (
    WMS + "&REQUEST=GetMap&LAYERS=outlines&STYLES=&SRS=EPSG:4326"
    "&BBOX=-180,-90,180,90&WIDTH=400&HEIGHT=200&FORMAT=image/png"
)


class MapProxy(WsgiTest):
    application = "mapsite:app"

    @classmethod
    def fill(cls):
        cls.site.file("mapproxy.yaml", CONFIG)
        cls.site.file("mapsite.py", APPLICATION)

    def image(self, response, size):
        self.assert_status(response, 200)
        self.assertEqual(response.header("Content-Type"), "image/png")
        image = Image.open(io.BytesIO(response.body))
        self.assertEqual((image.format, image.size), ("PNG", size))

    def test_the_start_page_and_the_demo(self):
        page = self.assert_status(self.get("/"), 200)
        self.assertIn("Welcome to MapProxy", page.text)
        demo = self.assert_status(self.get("/demo/"), 200)
        self.assertIn("outlines", demo.text)

    def test_the_demos_static_files(self):
        demo = self.get("/demo/").text
        name = re.search(r'static/[^"]+\.css', demo).group(0)
        response = self.assert_status(self.get("/demo/" + name), 200)
        self.assertTrue(response.header("Content-Type").startswith("text/css"))

    def test_the_capabilities_name_the_host(self):
        response = self.assert_status(self.get(WMS + "&REQUEST=GetCapabilities"), 200)
        place = "http://%s:%d%s/service?" % (*self.server.address, self.base)
        self.assertIn(f'xlink:href="{place}"', response.text)

    def test_a_map(self):
        self.image(self.get(GET_MAP), (400, 200))

    def test_a_tile_and_304(self):
        target = "/tms/1.0.0/outlines/EPSG4326/1/1/1.png"
        self.image(self.get(target), (256, 256))
        # The tag is another one when the tile comes from the cache.
        response = self.get(target)
        self.image(response, (256, 256))
        same = {"If-None-Match": response.header("ETag")}
        again = self.assert_status(self.get(target, same), 304)
        self.assertEqual(again.body, b"")

    def test_tiles_at_once(self):
        places = [f"/tms/1.0.0/outlines/EPSG4326/2/{x}/{y}.png" for x in (0, 1) for y in (0, 1)]
        for response in side_by_side([lambda p=p: self.get(p) for p in places]):
            self.image(response, (256, 256))

    @not_in("cgi")
    def test_a_connection_is_kept(self):
        with Connection(self.server.address) as connection:
            for _ in range(3):
                self.image(connection.request("GET", self.base + GET_MAP), (400, 200))

    def test_a_wrong_layer_is_an_exception_of_wms(self):
        response = self.get(GET_MAP.replace("LAYERS=outlines", "LAYERS=nothing"))
        self.assertIn('code="LayerNotDefined"', response.text)

    def test_what_is_not_there(self):
        self.assert_status(self.get("/nothing"), 404)


in_all_ways(globals(), MapProxy)
