"""MapServer: maps from a script of Http, whose module writes to C's standard output."""

import io
from pathlib import Path

from PIL import Image
from support import AppTest, Server, side_by_side

MAP = """MAP
  NAME "world"
  SIZE 256 128
  EXTENT -180 -90 180 90
  IMAGECOLOR 255 255 255
  PROJECTION "init=epsg:4326" END
  WEB
    METADATA
      "ows_title" "world"
      "ows_srs" "EPSG:4326"
      "ows_enable_request" "*"
      "ows_onlineresource" "http://localhost/map.py?"
    END
  END
  LAYER
    NAME "square"
    TYPE POLYGON
    STATUS ON
    METADATA "ows_title" "square" END
    PROJECTION "init=epsg:4326" END
    FEATURE
      POINTS -90 -45 -90 45 90 45 90 -45 -90 -45 END
    END
    CLASS
      STYLE COLOR 255 0 0 END
    END
  END
END
"""

QUERY = (
    "/map.py?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&SRS=EPSG:4326&BBOX=-180,-90,180,90"
    "&WIDTH=256&HEIGHT=128&FORMAT=image/png&STYLES=&LAYERS="
)


class MapServer(AppTest):
    @classmethod
    def start(cls):
        cls.site.copy(Path(__file__).with_name("map.py"))
        cls.site.file("world.map", MAP)
        return Server(cls.site.root, "--no-access-log")

    def test_a_map_is_drawn(self):
        response = self.assert_status(self.get(QUERY + "square"), 200)
        self.assertEqual(response.header("Content-Type"), "image/png")
        image = Image.open(io.BytesIO(response.body))
        self.assertEqual((image.format, image.size), ("PNG", (256, 128)))
        image = image.convert("RGB")
        self.assertEqual(image.getpixel((128, 64)), (255, 0, 0))
        self.assertEqual(image.getpixel((2, 2)), (255, 255, 255))

    def test_nothing_gets_to_the_standard_output(self):
        self.get(QUERY + "square")
        # One line: where it serves.
        self.assertEqual(self.server.out.count("\n"), 1, self.server.out)

    def test_an_unknown_layer_is_an_exception_of_wms(self):
        response = self.assert_status(self.get(QUERY + "nothing"), 200)
        self.assertIn("xml", response.header("Content-Type"))
        self.assertIn('code="LayerNotDefined"', response.text)

    def test_four_threads_draw_the_same(self):
        def draw():
            return {self.get(QUERY + "square").body for _ in range(10)}

        pictures = set().union(*side_by_side([draw] * 4))
        self.assertEqual(len(pictures), 1)
