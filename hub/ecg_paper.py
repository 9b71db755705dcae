"""A drawn sheet as a PDF of its own size, so that a millimetre on it is a millimetre on paper."""

import json
import re
from pathlib import Path
from typing import Final

import typst

from core.errors import InvalidInstance
from reporting.fonts import FONT_PATH, printable

_SIZE: Final = re.compile(r'<svg [^>]*?width="([0-9.]+)mm" height="([0-9.]+)mm"')
_LAYOUT: Final = Path(__file__).with_name("ecg_sheet.typ")


def printed(drawing: str) -> bytes:
    """Return the PDF. Raises InvalidInstance for what is no drawing."""
    drawing = printable(drawing).replace("sans-serif", "Noto Sans SC")
    size = _SIZE.search(drawing)
    if size is None:
        raise InvalidInstance("The sheet names no size.")
    sheet = {"width": float(size[1]), "height": float(size[2]), "drawing": drawing}
    pdf = typst.compile(
        _LAYOUT,
        format="pdf",
        sys_inputs={"sheet": json.dumps(sheet, ensure_ascii=False)},
        font_paths=[FONT_PATH.parent],
        ignore_system_fonts=True,
    )
    if not isinstance(pdf, bytes):
        raise TypeError("the compiler gives bytes for a PDF of any length")
    return pdf
