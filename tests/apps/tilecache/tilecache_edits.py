"""What 2to3 cannot know about TileCache 2.11: `(file, old, new, how many times)`."""

EDITS = [
    # 1: "002" is no number with a base of its own in Python 3.
    ("TileCache/Caches/Disk.py", "int(umask, 0)", "int(umask, 8)", 1),
    # 2: pictures are bytes.
    ("TileCache/Layers/Image.py", "io.StringIO()", "io.BytesIO()", 1),
    # 3: `file` has gone.
    ("TileCache/Caches/Disk.py", "= file(", "= open(", 2),
    # 4: a picture is sent as bytes, behind the heads that are still in the text stream.
    (
        "TileCache/Service.py",
        """            if sys.platform == "win32":
                binaryPrint(image)
            else:    
                print(image)
""",
        """            sys.stdout.flush()
            sys.stdout.buffer.write(image if isinstance(image, bytes) else image.encode("utf-8"))
""",
        1,
    ),
    # 5: a WSGI body is bytes.
    (
        "TileCache/Service.py",
        "            return [image]\n",
        '            return [image if isinstance(image, bytes) else image.encode("utf-8")]\n',
        1,
    ),
    (
        "TileCache/Service.py",
        '        return ["An error occurred: %s" % (str(E))]\n',
        '        return [("An error occurred: %s" % (str(E))).encode("utf-8")]\n',
        1,
    ),
    (
        "TileCache/Service.py",
        """        return ["An error occurred: %s\\n%s\\n" % (
            str(E), 
            "".join(traceback.format_tb(sys.exc_info()[2])))]
""",
        """        return [("An error occurred: %s\\n%s\\n" % (
            str(E), 
            "".join(traceback.format_tb(sys.exc_info()[2])))).encode("utf-8")]
""",
        1,
    ),
    # 6: `email.Utils` is `email.utils`.
    (
        "TileCache/Service.py",
        "traceback, email, configparser",
        "traceback, email.utils, configparser",
        1,
    ),
    ("TileCache/Service.py", "email.Utils.formatdate", "email.utils.formatdate", 3),
    # 7: pictures are bytes, and PIL's modules lie in its package.
    ("TileCache/Layer.py", "io.StringIO(", "io.BytesIO(", 4),
    (
        "TileCache/Layer.py",
        "import io, Image, ImageEnhance\n",
        "import io\n        from PIL import Image, ImageEnhance\n",
        1,
    ),
    ("TileCache/Layer.py", "import io, Image\n", "import io\n        from PIL import Image\n", 1),
    # 8: pictures are bytes; 2to3 made one name of two.
    ("TileCache/Service.py", "import io as StringIO\n", "import io\n", 1),
    ("TileCache/Service.py", "io.StringIO(", "io.BytesIO(", 2),
    # 9: sizes are whole numbers.
    (
        "TileCache/Layers/Image.py",
        "crop_size = (max_x-min_x, max_y-min_y)",
        "crop_size = (int(round(max_x-min_x)), int(round(max_y-min_y)))",
        1,
    ),
    # 10: mapscript 8 keeps metadata in the web object, and gives None for what is not there.
    (
        "TileCache/Layers/MapServer.py",
        'wms.getMetaData("labelcache_map_edge_buffer")',
        'assert wms.web.metadata.get("labelcache_map_edge_buffer")',
        1,
    ),
    (
        "TileCache/Layers/MapServer.py",
        "except mapscript._mapscript.MapServerError:",
        "except AssertionError:",
        1,
    ),
    ("TileCache/Layers/MapServer.py", "wms.setMetaData(", "wms.web.metadata.set(", 1),
]
