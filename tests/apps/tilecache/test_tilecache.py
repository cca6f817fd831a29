"""TileCache 2.11: tiles as WSGI application, as CGI script, and from a script of Http."""

import io
import tempfile
from pathlib import Path

import support
from client import FORM, Connection
from PIL import Image, ImageDraw
from support import AppTest, Server, run, run_wsgi, side_by_side

HERE = Path(__file__).parent

RED, GREEN = (200, 0, 0), (0, 160, 0)
BLUE, YELLOW = (0, 0, 255), (255, 255, 0)
BLACK = (0, 0, 0)

CONFIG = """[cache]
type=Disk
base={cache}

[basic]
type=Image
file={picture}

[meta]
type=Image
file={picture}
metatile=yes
metasize=2,2
metabuffer=10

[glass]
type=Image
file={glass}
"""


def picture():
    """The world: red and green over blue and yellow, and a black cross."""
    image = Image.new("RGB", (720, 360))
    draw = ImageDraw.Draw(image)
    for x, y, colour in (0, 0, RED), (360, 0, GREEN), (0, 180, BLUE), (360, 180, YELLOW):
        draw.rectangle((x, y, x + 359, y + 179), fill=colour)
    draw.rectangle((357, 0, 362, 359), fill=BLACK)
    draw.rectangle((0, 177, 719, 182), fill=BLACK)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def glass():
    """The world: nothing to be seen but a white square in its middle."""
    image = Image.new("RGBA", (720, 360), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((340, 160, 379, 199), fill=(255, 255, 255, 255))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


class Tiles(AppTest):
    """What TileCache answers in each way."""

    base = "/tiles.py"

    @classmethod
    def start(cls):
        target = support.TARGET
        world = cls.site.file("data/world.png", picture())
        over = cls.site.file("data/glass.png", glass())
        cls.cache = cls.site.root / "cache"
        words = {"cache": target.path(cls.cache), "picture": target.path(world)}
        words["glass"] = target.path(over)
        cls.site.file("tilecache.cfg", CONFIG.format(**words))
        return cls.serve()

    def image(self, response):
        self.assert_status(response, 200)
        self.assertEqual(response.header("Content-Type"), "image/png")
        image = Image.open(io.BytesIO(response.body))
        self.assertEqual((image.format, image.size), ("PNG", (256, 256)))
        return image.convert("RGB")

    def test_a_tile_is_rendered_and_kept(self):
        response = self.get(self.base + "/1.0.0/basic/0/0/0.png")
        image = self.image(response)
        self.assertEqual(image.getpixel((10, 10)), RED)
        self.assertEqual(image.getpixel((10, 250)), BLUE)
        self.assertEqual({image.getpixel((x, 128)) for x in range(256)}, {BLACK})
        file = self.cache / "basic/00/000/000/000/000/000/000.png"
        self.assertEqual(response.body, file.read_bytes())
        # And once more, from the cache.
        again = self.get(self.base + "/1.0.0/basic/0/0/0.png")
        self.assertEqual(again.body, response.body)

    WMS = "LAYERS=basic&REQUEST=GetMap&SERVICE=WMS&VERSION=1.1.1&FORMAT=image/png&SRS=EPSG:4326"

    def test_wms_c_by_get_and_by_post(self):
        query = self.WMS + "&BBOX=0,-90,180,90"
        place = self.base or "/"
        got = self.get(place + "?" + query)
        posted = self.request("POST", place, FORM, query.encode())
        for response in got, posted:
            image = self.image(response)
            self.assertEqual(image.getpixel((10, 10)), (0, 160, 0))
            self.assertEqual(image.getpixel((10, 250)), (255, 255, 0))

    def test_a_tile_that_is_cut_from_a_larger_one(self):
        image = self.image(self.get(self.base + "/1.0.0/meta/1/0/0.png"))
        self.assertEqual(image.getpixel((100, 100)), BLUE)
        self.assertTrue((self.cache / "meta/01/000/000/001/000/000/001.png").exists())

    def test_one_layer_over_the_other(self):
        query = self.WMS.replace("basic", "basic,glass") + "&BBOX=-180,-90,0,90"
        image = self.image(self.get((self.base or "/") + "?" + query))
        self.assertEqual(image.getpixel((10, 10)), RED)
        self.assertEqual(image.getpixel((250, 128)), (255, 255, 255))

    def test_the_capabilities_name_host_and_script(self):
        response = self.assert_status(self.get(self.base + "/"), 200)
        self.assertEqual(response.header("Content-Type"), "text/xml")
        place = "http://%s:%d%s/1.0.0/" % (*self.server.address, self.base)
        self.assertIn(f'href="{place}"', response.text)

    def test_a_layer_that_is_not_there(self):
        response = self.get(self.base + "/1.0.0/nope")
        self.assertEqual(response.line, self.nope, response)
        self.assertEqual(response.header("Content-Type"), "text/plain")
        self.assertIn("does not exist", response.text)

    def test_eight_tiles_at_once(self):
        # TileCache itself makes the folders of the first tile only when it is asked alone.
        self.image(self.get(self.base + "/1.0.0/basic/0/1/0.png"))
        places = [(x, y) for x in range(4) for y in range(2)]
        answers = side_by_side(
            [lambda p=p: self.get(self.base + "/1.0.0/basic/1/%d/%d.png" % p) for p in places]
        )
        for (x, y), answer in zip(places, answers):
            middle = self.image(answer).getpixel((100, 100))
            self.assertEqual(middle, ((BLUE, YELLOW), (RED, GREEN))[y][x // 2], (x, y))

    def test_a_connection_is_kept_for_many_tiles(self):
        with Connection(self.server.address) as connection:
            for x in 0, 1, 0, 1:
                target = self.base + f"/1.0.0/basic/0/{x}/0.png"
                self.image(connection.request("GET", target))


class Wsgi(Tiles):
    """`wsgiApp`, for which the folder of the site is searched by TileCache itself."""

    nope = "HTTP/1.1 404 Tile Not Found"
    way = "script"

    @classmethod
    def serve(cls):
        server, cls.base = run_wsgi(cls.site, cls.way, "TileCache.Service:wsgiApp")
        return server


class WsgiByCommand(Wsgi):
    way = "command"


class WsgiMounted(Wsgi):
    way = "mounted"


class WsgiByWildcard(Wsgi):
    way = "wildcard"


class Script(Tiles):
    """A script of Http in a folder of the site, served by a process that stands elsewhere."""

    base = "/maps/tiles.py"
    nope = "HTTP/1.1 404 Not Found"

    @classmethod
    def serve(cls):
        cls.site.file("maps/tiles.py", (HERE / "tiles.py").read_text())
        (cls.site.root / "tilecache.cfg").rename(cls.site.root / "maps/tilecache.cfg")
        return Server(cls.site.root, cwd=tempfile.gettempdir())


class Cgi(Tiles):
    """`tilecache.cgi` as it is shipped, in a folder of the site: a CGI script stands in its own."""

    base = "/maps/tilecache.cgi"
    nope = "HTTP/1.1 200 OK"

    @classmethod
    def serve(cls):
        shipped = support.PACKAGES[-1] / "tilecache.cgi"
        cls.site.file("maps/tilecache.cgi", shipped.read_text()).chmod(0o755)
        (cls.site.root / "tilecache.cfg").rename(cls.site.root / "maps/tilecache.cfg")
        return Server(cls.site.root, cwd=tempfile.gettempdir())

    def test_a_tile_at_the_terminal(self):
        place = "/1.0.0/basic/0/1/0.png"
        for file in ["tilecache.cgi"], ["--cgi", "tilecache.cgi"]:
            data = run(self.site.root / "maps", "--path-info", place, *file)
            self.assertEqual(data, self.get(self.base + place).body)


del Tiles  # only a pattern for its subclasses
