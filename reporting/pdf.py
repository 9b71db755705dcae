"""The signed report on paper: A4, Chinese with English beside it, PDF/A-2b."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from reporting.document import ReportDocument
from reporting.ecg_pages import ECGPage, as_sheets
from reporting.key_pictures import KeyPicture, as_figures
from reporting.paper.sheet import Sheet, sheet
from reporting.press import Press

_press: Final = Press("report.typ")


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
        return _printed(paper | {"ecgs": as_sheets(ecg_pages)})
    except RuntimeError:
        if not any(page.drawing for page in ecg_pages) and not any(each.drawing for each in pictures):
            raise
        bare = [replace(picture, drawing="") for picture in pictures]
        return _printed(
            paper
            | {
                "ecgs": as_sheets([ECGPage(numbered=page.numbered) for page in ecg_pages]),
                "key-images": as_figures(bare),
            }
        )


def _printed(paper: Sheet) -> bytes:
    return _press.pdf(paper, standards=["a-2b"])
