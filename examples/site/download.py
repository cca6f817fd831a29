"""A binary download: a PDF made in memory, sent with Content-Disposition and its exact length."""
# ruff: noqa: F403, F405
from urllib.parse import parse_qs

from Http import *


def MakePdf(Text):
    Text = Text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    Page = ("BT /F1 24 Tf 72 720 Td (%s) Tj ET" % Text).encode("latin-1", "replace")
    Objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(Page), Page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]

    # The second line tells every program on the way that this is not text.
    Pdf = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    Offsets = []
    for Number, Object in enumerate(Objects, 1):
        Offsets.append(len(Pdf))
        Pdf += b"%d 0 obj\n%s\nendobj\n" % (Number, Object)

    Start = len(Pdf)
    Pdf += b"xref\n0 %d\n0000000000 65535 f \n" % (len(Objects) + 1)
    for Offset in Offsets:
        Pdf += b"%010d 00000 n \n" % Offset
    Pdf += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(Objects) + 1)
    Pdf += b"startxref\n%d\n%%%%EOF\n" % Start
    return Pdf


def Request():
    Order = parse_qs(Env.QUERY_STRING).get("order", ["1042"])[0]
    if not (Order.isascii() and Order.isdigit()):
        Header("Content-Type: text/plain", Status=400)
        Write("An order number has digits only.\n")
        return

    data = MakePdf("Order %s" % Order)
    Header(
        [
            "Content-Type: application/pdf",
            'Content-Disposition: attachment; filename="order-%s.pdf"' % Order,
        ],
        Length=len(data),
    )
    Write(data)
