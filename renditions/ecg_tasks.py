"""What is made of an ECG's waveforms in a limited child: its leads as numbers, and the sheet. Pure."""

import json
from collections.abc import Sequence
from dataclasses import replace

from pydicom import Dataset

from core.errors import InvalidInstance
from ecg.annotations import stated
from ecg.compact import compact
from ecg.comparison import Compared, comparison_svg
from ecg.heading import device_lines, measured_and_said
from ecg.leads import STANDARD
from ecg.paper import PaperSettings, svg
from ecg.recording import Recording, rhythm
from ecg.telling import told
from ecg.waveform import recordings
from imaging.decoding import DECODER_ERRORS


def sheet_of(dataset: Dataset, settings: PaperSettings, header: Sequence[str]) -> list[bytes]:
    """Return the sheet as SVG, the device's own lines below the caller's.

    Raises:
        InvalidInstance: the waveform cannot be read.
        InvalidRequest: nothing would be on the sheet.
    """
    return [svg(recording_of(dataset), settings, (*header, *device_lines(stated(dataset)))).encode()]


def page_of(dataset: Dataset, settings: PaperSettings, most_rows: int) -> list[bytes]:
    """Return a page of a printed report: see `page`. Raises InvalidInstance, InvalidRequest."""
    return [page(recording_of(dataset), settings, most_rows, measured_and_said(stated(dataset)))]


def page(recording: Recording, settings: PaperSettings, most_rows: int, header: Sequence[str] = ()) -> bytes:
    """Return the sheet of the standard leads, else of the first, with how many were left out, as JSON.

    Raises:
        InvalidRequest: the recording has no samples.
    """
    leads = tuple(lead for lead in recording.leads if lead.name in STANDARD) or recording.leads[:most_rows]
    drawing = svg(replace(recording, leads=leads), settings, header)
    return json.dumps({"drawing": drawing, "left_out": len(recording.leads) - len(leads)}).encode()


def comparison_of(
    datasets: Sequence[Dataset],
    begins_seconds: Sequence[float],
    headings: Sequence[Sequence[str]],
    settings: PaperSettings,
) -> list[bytes]:
    """Return ECGs beside each other as SVG, each under its heading; raises as `sheet_of` does."""
    compared = [
        Compared(
            heading=tuple(heading),
            recording=recording_of(dataset),
            stated=stated(dataset),
            begin_seconds=begin,
        )
        for dataset, begin, heading in zip(datasets, begins_seconds, headings, strict=True)
    ]
    return [comparison_svg(compared, settings).encode()]


def compact_of(dataset: Dataset, begins_at_seconds: float = 0.0) -> list[bytes]:
    """Return the leads in the compact form. Raises InvalidInstance."""
    return [compact(recording_of(dataset), begins_at_seconds)]


def leads_of(dataset: Dataset, begins_at_seconds: float = 0.0) -> list[bytes]:
    """Return the leads in microvolts, and what the device said, as JSON. Raises InvalidInstance."""
    return [told(recording_of(dataset), stated(dataset), begins_at_seconds)]


def recording_of(dataset: Dataset) -> Recording:
    """Return the recording to read. Raises InvalidInstance."""
    try:
        return rhythm(recordings(dataset))
    except DECODER_ERRORS as error:
        raise InvalidInstance("Its data set cannot be read.") from error
