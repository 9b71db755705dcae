"""The electrocardiograms that a report is about, drawn at true scale for its PDF; never in its way."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from core.access import Scope
from core.errors import HubError
from ecg.leads import STANDARD
from ecg.paper import PaperSettings, svg
from ecg.recording import Recording, rhythm
from ecg.storage_classes import ELECTROCARDIOGRAMS
from ecg.waveform import recordings
from imaging.decoding import DECODER_ERRORS
from reporting.document import ReportDocument, ReportedInstance
from reporting.fonts import printable
from reporting.report_instance import in_order
from storage.archive import Archive
from storage.waveform_data_set import waveform_data_set

MOST_PAGES: Final = 4
"""A report is paper for a clinic: of more recordings the first are printed, numbered out of all."""
_MOST_ROWS: Final = 4
"""As many as fit a sheet of A4 across."""
_SIZE: Final = re.compile(r'<svg [^>]*?width="([0-9.]+)mm" height="([0-9.]+)mm"')
_ON_PAPER: Final = PaperSettings(font_family="Noto Sans SC")


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


def ecg_pages(archive: Archive, document: ReportDocument) -> tuple[ECGPage, ...]:
    """Return a page for each of the first ECGs among the instances that were read.

    What cannot be had or drawn has a page that says so: a signed report reaches its clinic all the same.
    """
    read = [each for each in in_order(document.instances) if each.sop_class_uid in ELECTROCARDIOGRAMS]
    pages = [_page(archive, document, instance) for instance in read[:MOST_PAGES]]
    if len(read) == 1:
        return tuple(pages)
    return tuple(replace(page, numbered=f"{place} / {len(read)}") for place, page in enumerate(pages, 1))


def drawn(recording: Recording) -> ECGPage:
    """Return the page of a recording.

    Raises:
        InvalidRequest: it has no samples.
    """
    shown = [lead for lead in recording.leads if lead.name in STANDARD] or recording.leads[:_MOST_ROWS]
    on_paper = replace(
        recording,
        leads=tuple(
            replace(lead, name=printable(lead.name), filters=tuple(map(printable, lead.filters)))
            for lead in shown
        ),
    )
    drawing = svg(on_paper, _ON_PAPER)
    size = _SIZE.match(drawing)
    if size is None:
        raise ValueError("a drawing names its size")
    return ECGPage(
        drawing=drawing,
        width_mm=float(size[1]),
        height_mm=float(size[2]),
        left_out=len(recording.leads) - len(shown),
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


def _page(archive: Archive, document: ReportDocument, reported: ReportedInstance) -> ECGPage:
    try:
        return drawn(_recording(archive, document, reported))
    except (HubError, *DECODER_ERRORS):
        return ECGPage()


def _recording(archive: Archive, document: ReportDocument, reported: ReportedInstance) -> Recording:
    [instance, *_] = archive.instances_of(
        reported.study_instance_uid or document.study_instance_uid,
        reported.series_instance_uid,
        reported.sop_instance_uid,
        visible_to=Scope(site_ids=frozenset({document.site_id})),
    )
    return rhythm(recordings(waveform_data_set(archive, instance)))
