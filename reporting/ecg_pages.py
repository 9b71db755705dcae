"""The electrocardiograms that a report is about, drawn at true scale for its PDF; never in its way."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from core.access import Scope
from core.errors import HubError, InvalidInstance
from core.limits import MIB
from ecg.paper import PaperSettings
from ecg.storage_classes import ELECTROCARDIOGRAMS
from imaging.decoding import DECODER_ERRORS
from reporting.document import ReportDocument, ReportedInstance
from reporting.ecg_sheet import size_of
from reporting.fonts import printable
from reporting.report_instance import in_order
from storage.archive import Archive
from storage.instance import Instance

MOST_PAGES: Final = 4
"""A report is paper for a clinic: of more recordings the first are printed, numbered out of all."""
MOST_ROWS: Final = 4
"""As many as fit a sheet of A4 across."""
_LONGEST_DRAWING: Final = 4 * MIB
"""What the twelve leads of any device stay far below; the compiler takes many times as much memory."""
ON_PAPER: Final = PaperSettings(font_family="'Noto Sans SC'")

DrawPage = Callable[[Instance, PaperSettings, int], bytes]
"""Draws an ECG where foreign bytes can do no harm: `Electrocardiograms.page`, in a limited child."""


@dataclass(frozen=True, kw_only=True)
class ECGPage:
    """One page: a drawing and its size in mm; no drawing where none can be made."""

    drawing: str = ""
    width_mm: float = 0.0
    height_mm: float = 0.0
    left_out: int = 0
    """Leads that were recorded and are not on the page."""
    numbered: str = ""
    """Which of how many recordings, where there are several."""


def ecg_pages(archive: Archive, draw: DrawPage, document: ReportDocument) -> tuple[ECGPage, ...]:
    """Return a page for each of the first ECGs among the instances that were read.

    What cannot be had or drawn has a page that says so: a signed report reaches its clinic all the same.
    """
    read = [each for each in in_order(document.instances) if each.sop_class_uid in ELECTROCARDIOGRAMS]
    pages = [_page(archive, draw, document, instance) for instance in read[:MOST_PAGES]]
    if len(read) == 1:
        return tuple(pages)
    return tuple(replace(page, numbered=f"{place} / {len(read)}") for place, page in enumerate(pages, 1))


def page_of(made: bytes) -> ECGPage:
    """Return what was drawn as a page, its words in characters that the font has.

    Raises:
        InvalidInstance: it is longer than is printed, or no drawing.
    """
    if len(made) > _LONGEST_DRAWING:
        raise InvalidInstance(f"A drawing of more than {_LONGEST_DRAWING} bytes is not printed.")
    page = json.loads(made)
    drawing = printable(str(page["drawing"]))
    width, height = size_of(drawing)
    return ECGPage(
        drawing=drawing,
        width_mm=width,
        height_mm=height,
        left_out=int(page["left_out"]),
    )


def as_sheets(pages: Sequence[ECGPage]) -> list[dict[str, object]]:
    """Return pages as the layout expects them."""
    return [
        {
            "svg": page.drawing,
            "width": page.width_mm,
            "height": page.height_mm,
            "left-out": page.left_out,
            "numbered": page.numbered,
        }
        for page in pages
    ]


def _page(archive: Archive, draw: DrawPage, document: ReportDocument, reported: ReportedInstance) -> ECGPage:
    try:
        return page_of(draw(_instance(archive, document, reported), ON_PAPER, MOST_ROWS))
    except (HubError, *DECODER_ERRORS):
        return ECGPage()


def _instance(archive: Archive, document: ReportDocument, reported: ReportedInstance) -> Instance:
    [instance, *_] = archive.instances_of(
        reported.study_instance_uid or document.study_instance_uid,
        reported.series_instance_uid,
        reported.sop_instance_uid,
        visible_to=Scope(site_ids=frozenset({document.site_id})),
    )
    return instance
