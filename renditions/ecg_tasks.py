"""What is made of an ECG's waveforms in a limited child: its leads as numbers, and the sheet. Pure."""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from pydicom import Dataset

from core.errors import InvalidInstance
from ecg.annotations import stated
from ecg.compact import compact
from ecg.comparison import Compared, comparison_svg
from ecg.heading import device_lines
from ecg.leads import STANDARD
from ecg.paper import PaperSettings, svg
from ecg.recording import Recording, rhythm
from ecg.waveform import recordings
from imaging.decoding import DECODER_ERRORS


def sheet_of(dataset: Dataset, settings: PaperSettings, header: Sequence[str]) -> list[bytes]:
    """Return the sheet as SVG, the device's own lines below the caller's.

    Raises:
        InvalidInstance: the waveform cannot be read.
        InvalidRequest: nothing would be on the sheet.
    """
    return [svg(_recording(dataset), settings, (*header, *device_lines(stated(dataset)))).encode()]


def page_of(dataset: Dataset, settings: PaperSettings, most_rows: int) -> list[bytes]:
    """Return a page of a printed report: see `page`. Raises InvalidInstance, InvalidRequest."""
    return [page(_recording(dataset), settings, most_rows, device_lines(stated(dataset)))]


def page(recording: Recording, settings: PaperSettings, most_rows: int, header: Sequence[str] = ()) -> bytes:
    """Return the sheet of the standard leads, else of the first, with how many were left out, as JSON.

    Raises:
        InvalidRequest: the recording has no samples.
    """
    leads = tuple(lead for lead in recording.leads if lead.name in STANDARD) or recording.leads[:most_rows]
    drawing = svg(replace(recording, leads=leads), settings, header)
    return json.dumps({"drawing": drawing, "left_out": len(recording.leads) - len(leads)}).encode()


def comparison_of(
    datasets: Sequence[Dataset], headings: Sequence[Sequence[str]], settings: PaperSettings
) -> list[bytes]:
    """Return ECGs beside each other as SVG, each under its heading; raises as `sheet_of` does."""
    compared = [
        Compared(heading=tuple(heading), recording=_recording(dataset), stated=stated(dataset))
        for dataset, heading in zip(datasets, headings, strict=True)
    ]
    return [comparison_svg(compared, settings).encode()]


def compact_of(dataset: Dataset) -> list[bytes]:
    """Return the leads in the compact form. Raises InvalidInstance."""
    return [compact(_recording(dataset))]


def leads_of(dataset: Dataset) -> list[bytes]:
    """Return the leads in microvolts as JSON. Raises InvalidInstance."""
    recording = _recording(dataset)
    body = {
        "label": recording.label,
        "sampling_frequency_hz": recording.sampling_frequency_hz,
        "leads": {
            lead.name: [
                value if known else None
                for value, known in zip(
                    np.round(lead.microvolts, 4).tolist(), np.isfinite(lead.microvolts).tolist(), strict=True
                )
            ]
            for lead in recording.leads
        },
        "oddities": list(recording.oddities),
    }
    return [json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()]


def _recording(dataset: Dataset) -> Recording:
    """Return the recording to read."""
    try:
        return rhythm(recordings(dataset))
    except DECODER_ERRORS as error:
        raise InvalidInstance("Its data set cannot be read.") from error
