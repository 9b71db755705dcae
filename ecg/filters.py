"""Filters of the sheet: off unless asked for, and printed on it when on.

All of them leave every wave where it is in time (no phase), so that no interval changes by them: the spectrum
is multiplied by the size of a Butterworth filter's response. A filter makes an ECG easier to look at and less
true: the 40 Hz low-pass makes an R wave smaller.
"""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ecg.recording import Microvolts, Recording

_ORDER: Final = 2
_NOTCH_WIDTH_HZ: Final = 2.0
_REFLECTED_SECONDS: Final = 10.0
"""At both ends the lead goes on as its mirror: a jump there would ring through all of it."""


class SheetFilter(StrEnum):
    """What may be taken away; the value is what a caller asks with."""

    DIAGNOSTIC = "0.05-150"
    MUSCLE = "40"
    MAINS_50 = "50"
    MAINS_60 = "60"

    @property
    def words(self) -> str:
        """How the sheet says that it is on."""
        return _WORDS[self]


_WORDS: Final = {
    SheetFilter.DIAGNOSTIC: "0.05-150 Hz",
    SheetFilter.MUSCLE: "40 Hz low-pass",
    SheetFilter.MAINS_50: "50 Hz notch",
    SheetFilter.MAINS_60: "60 Hz notch",
}


def filtered(recording: Recording, filters: Sequence[SheetFilter]) -> Recording:
    """Return a recording with these filters on; what was not recorded stays so."""
    if not filters:
        return recording
    leads = tuple(
        replace(lead, microvolts=_filtered(lead.microvolts, recording.sampling_frequency_hz, filters))
        for lead in recording.leads
    )
    return replace(recording, leads=leads)


def response(frequencies_hz: NDArray[np.float64], filters: Sequence[SheetFilter]) -> NDArray[np.float64]:
    """Return by how much each frequency is multiplied, 0 to 1."""
    size = np.ones_like(frequencies_hz)
    for each in filters:
        if each is SheetFilter.DIAGNOSTIC:
            size = size * _high_pass(frequencies_hz, 0.05) * _low_pass(frequencies_hz, 150)
        elif each is SheetFilter.MUSCLE:
            size = size * _low_pass(frequencies_hz, 40)
        else:
            size = size * _notch(frequencies_hz, float(each.value))
    return size


def _filtered(lead: Microvolts, rate_hz: float, filters: Sequence[SheetFilter]) -> Microvolts:
    known = np.isfinite(lead)
    if known.sum() < 2:
        return lead
    places = np.arange(len(lead))
    whole = np.where(known, lead, np.interp(places, places[known], lead[known]))
    reflected = min(len(whole) - 1, round(_REFLECTED_SECONDS * rate_hz))
    longer = np.pad(whole, reflected, mode="reflect")
    spectrum = np.fft.rfft(longer)
    frequencies = np.fft.rfftfreq(len(longer), 1 / rate_hz).astype(np.float64)
    spectrum *= response(frequencies, filters)
    result = np.fft.irfft(spectrum, len(longer))[reflected : reflected + len(lead)]
    return np.where(known, result, np.nan)


def _low_pass(frequencies: NDArray[np.float64], corner: float) -> NDArray[np.float64]:
    return 1 / np.sqrt(1 + (frequencies / corner) ** (2 * _ORDER))


def _high_pass(frequencies: NDArray[np.float64], corner: float) -> NDArray[np.float64]:
    power = frequencies ** (2 * _ORDER)
    return np.sqrt(power / (power + corner ** (2 * _ORDER)))


def _notch(frequencies: NDArray[np.float64], corner: float) -> NDArray[np.float64]:
    away = (frequencies**2 - corner**2) ** 2
    return np.sqrt(away / (away + (frequencies * _NOTCH_WIDTH_HZ) ** 2 + np.finfo(float).tiny))
