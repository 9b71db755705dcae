"""A drawn ECG sheet on paper and in pixels, of its own size: a millimetre stays a millimetre."""

import re
import struct
from typing import Any, Final
from zlib import crc32

from core.errors import InvalidInstance, InvalidRequest
from core.limits import ECG_SHEET_PIXELS
from reporting.fonts import printable
from reporting.press import Press

LEAST_DPI: Final = 96
MOST_DPI: Final = 300
_SIZE: Final = re.compile(r'<svg [^>]*?width="([0-9.]+)mm" height="([0-9.]+)mm"')
_MM_OF_AN_INCH: Final = 25.4
_HEAD: Final = 33
"""Bytes of a PNG up to the end of its first chunk, IHDR (ISO/IEC 15948 5.6, 11.2.2)."""
_press: Final = Press("ecg_sheet.typ")


def sheet_pdf(drawing: str) -> bytes:
    """Return a sheet as `ecg.paper` draws it as a PDF. Raises InvalidInstance for what is no drawing."""
    return _press.pdf(_paper(drawing))


def sheet_png(drawing: str, dpi: int) -> bytes:
    """Return a sheet as pixels, which says how large they are.

    Raises:
        InvalidInstance: it is no drawing.
        InvalidRequest: such a picture is not made; the words say which is.
    """
    if not LEAST_DPI <= dpi <= MOST_DPI:
        raise InvalidRequest(f"A sheet has {LEAST_DPI} to {MOST_DPI} pixels an inch.")
    paper = _paper(drawing)
    square_inches = paper["width"] * paper["height"] / _MM_OF_AN_INCH**2
    if square_inches * dpi**2 > ECG_SHEET_PIXELS:
        most = int((ECG_SHEET_PIXELS / square_inches) ** 0.5)
        raise InvalidRequest(f"This sheet is large: it is drawn with at most {most} pixels an inch.")
    return _measured(_press.png(paper, dpi), dpi)


def size_of(drawing: str) -> tuple[float, float]:
    """Return width and height in mm. Raises InvalidInstance for what is no drawing."""
    size = _SIZE.match(drawing)
    if size is None:
        raise InvalidInstance("A drawing names its size.")
    return float(size[1]), float(size[2])


def _paper(drawing: str) -> dict[str, Any]:
    drawing = printable(drawing).replace("font-family:sans-serif", "font-family:'Noto Sans SC'")
    width, height = size_of(drawing)
    return {"width": width, "height": height, "drawing": drawing}


def _measured(png: bytes, dpi: int) -> bytes:
    """Return a picture that says how large it is: pHYs, in whole pixels a metre (11.3.4.3)."""
    metre = round(dpi * 1000 / _MM_OF_AN_INCH)
    chunk = b"pHYs" + struct.pack(">IIB", metre, metre, 1)
    return png[:_HEAD] + struct.pack(">I", 9) + chunk + struct.pack(">I", crc32(chunk)) + png[_HEAD:]
