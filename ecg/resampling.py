"""A recording that no waveform object takes as slow as it is, with samples put between its own. Pure."""

import math
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ecg.document import DigitalLead, DigitalRecording
from ecg.waveform_class import GENERAL

_RESAMPLED: Final = "resampled from {:g} Hz to {:g} Hz: no ECG object is as slow; the original is kept"
_BEGINS: Final = "resampled from "


def quickened(recording: DigitalRecording) -> DigitalRecording:
    """Return the recording at a whole multiple of its frequency that every object takes.

    The device's samples stay where they were, each so many-th; those between lie on straight lines.
    """
    times = math.ceil(GENERAL.lowest_frequency / recording.sampling_frequency_hz)
    frequency = recording.sampling_frequency_hz * times
    return replace(
        recording,
        sampling_frequency_hz=frequency,
        leads=tuple(replace(lead, samples=_between(lead, times)) for lead in recording.leads),
        oddities=(*recording.oddities, _RESAMPLED.format(recording.sampling_frequency_hz, frequency)),
    )


def is_resampled(recording: DigitalRecording) -> bool:
    """Whether some of its samples are not the device's."""
    return any(oddity.startswith(_BEGINS) for oddity in recording.oddities)


def _between(lead: DigitalLead, times: int) -> NDArray[Any]:
    own = np.asarray(lead.samples).astype(np.int64)
    places = np.arange((len(own) - 1) * times + 1)
    values = np.rint(np.interp(places, np.arange(len(own)) * times, own)).astype(np.int64)
    if lead.missing is not None:
        nothing = own == lead.missing
        values[nothing[places // times] | nothing[-(-places // times)]] = lead.missing
    return values
