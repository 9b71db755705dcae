"""What is made of a part of a long recording in a limited child: a page, and where its beats are. Pure."""

import json
from collections.abc import Sequence

from pydicom import Dataset

from ecg.beats import beats, lead_for_beats
from ecg.disclosure import disclosure_svg
from renditions.ecg_tasks import recording_of


def disclosure_of(
    dataset: Dataset, lead: str, gain: float, begins_at_seconds: float, header: Sequence[str]
) -> list[bytes]:
    """Return a page of one lead as SVG, of the first that beats are looked for in where none is named."""
    recording = recording_of(dataset)
    name = lead or lead_for_beats(recording)
    return [disclosure_svg(recording, name, gain, begins_at_seconds, header).encode()]


def beats_of(dataset: Dataset) -> list[bytes]:
    """Return the seconds of the beats from the first sample on, and the lead they were found in, as JSON."""
    recording = recording_of(dataset)
    name = lead_for_beats(recording)
    lead = next(each for each in recording.leads if each.name == name)
    found = beats(lead.microvolts, recording.sampling_frequency_hz)
    return [json.dumps({"lead": name, "seconds": [round(each, 4) for each in found.tolist()]}).encode()]
