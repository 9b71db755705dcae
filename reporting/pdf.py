"""The signed report on paper: A4, Chinese with English beside it, PDF/A-2b."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Final

import typst

from reporting.document import ReportDocument
from reporting.ecg_pages import ECGPage, as_sheets
from reporting.fonts import FONT_PATH
from reporting.key_pictures import KeyPicture, as_figures
from reporting.paper.sheet import Sheet, sheet

_LAYOUT: Final = Path(__file__).parent / "paper" / "report.typ"


class _Press:
    """A compiler that is made once, keeps its font and layout warm, and prints one sheet at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._compiler: typst.Compiler | None = None

    def printed(self, paper: Sheet) -> bytes:
        """Return the sheet as PDF; it travels as JSON, so that none of its words can become markup."""
        with self._lock:
            if self._compiler is None:
                self._compiler = typst.Compiler(
                    _LAYOUT, root=_LAYOUT.parent, font_paths=[FONT_PATH.parent], ignore_system_fonts=True
                )
            pdf = self._compiler.compile(
                format="pdf",
                sys_inputs={"paper": json.dumps(paper, ensure_ascii=False)},
                pdf_standards=["a-2b"],
            )
        if not isinstance(pdf, bytes):
            raise TypeError("the compiler gives bytes for a PDF of any length")
        return pdf


_press: Final = _Press()


def report_pdf(
    document: ReportDocument, ecg_pages: Sequence[ECGPage] = (), pictures: Sequence[KeyPicture] = ()
) -> bytes:
    """Return the report as PDF/A; the same document and pages give the same bytes, whatever the hour.

    A character that the font lacks is printed as its code point: nothing in the document stops its report,
    and no drawing does: where one cannot be printed, its page says so.
    """
    paper = sheet(document)
    left_out = max(0, len(document.key_images) - len(pictures)) if pictures else 0
    paper |= {"key-images": as_figures(pictures), "key-images-left-out": left_out}
    try:
        return _press.printed(paper | {"ecgs": as_sheets(ecg_pages)})
    except RuntimeError:
        if not any(page.drawing for page in ecg_pages) and not any(each.drawing for each in pictures):
            raise
        bare = [replace(picture, drawing="") for picture in pictures]
        return _press.printed(
            paper
            | {
                "ecgs": as_sheets([ECGPage(numbered=page.numbered) for page in ecg_pages]),
                "key-images": as_figures(bare),
            }
        )
