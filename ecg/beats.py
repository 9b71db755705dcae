"""Where the beats are: for the trend of the rate over a long recording, computed, and nobody's diagnosis.

A QRS complex is where the steep part of the signal (5 to 20 Hz) has most energy within a tenth of a second
(Pan and Tompkins, IEEE Trans. Biomed. Eng. 32, 1985, in one pass and without phase).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ecg.recording import Microvolts, Recording

PREFERRED: Final = ("II", "V5", "I", "V2", "V1")
"""Leads in which beats are looked for first."""
_BAND_HZ: Final = (5.0, 20.0)
_WINDOW_SECONDS: Final = 0.12
_REFRACTORY_SECONDS: Final = 0.24
_BLOCK_SECONDS: Final = 5.0
_SHARE: Final = 0.25
"""Of the largest energy around: below it nothing is a beat."""
_LEAST_SLOPE: Final = 1000.0
"""Microvolts a second: what is flatter everywhere in a block is no heart."""

Seconds = NDArray[np.float64]


def lead_for_beats(recording: Recording) -> str:
    """Return the name of the lead in which beats are looked for."""
    names = [lead.name for lead in recording.leads]
    return next((name for name in PREFERRED if name in names), names[0])


def beats(lead: Microvolts, sampling_frequency_hz: float) -> Seconds:
    """Return when the beats of a lead are, in seconds from its first sample."""
    known = np.isfinite(lead)
    if known.sum() < 2 * sampling_frequency_hz:
        return np.empty(0)
    places = np.arange(len(lead))
    whole = np.where(known, lead, np.interp(places, places[known], lead[known]))
    slope = _steep(whole, sampling_frequency_hz)
    window = max(1, round(_WINDOW_SECONDS * sampling_frequency_hz))
    energy = np.convolve(slope**2, np.full(window, 1 / window), mode="same")
    threshold = _threshold(energy, sampling_frequency_hz)
    return _peaks(np.where(known, energy, 0.0), threshold, sampling_frequency_hz)


def rates_per_minute(beats_seconds: Seconds) -> NDArray[np.float64]:
    """Return the rate of each interval between two beats; intervals of over 4 s are gaps, not rates."""
    intervals = np.diff(beats_seconds)
    return np.asarray(60 / intervals[(intervals > 0.2) & (intervals < 4)])


def _steep(lead: Microvolts, rate_hz: float) -> NDArray[np.float64]:
    """Return the slope within the band of a QRS complex, in microvolts a second."""
    # Both ends go on as their mirror: the jump from one to the other would look like a beat.
    beside = min(len(lead) - 1, round(rate_hz))
    longer = np.pad(lead - lead.mean(), beside, mode="reflect")
    spectrum = np.fft.rfft(longer)
    frequencies = np.fft.rfftfreq(len(longer), 1 / rate_hz)
    low, high = _BAND_HZ
    size = 1 / np.sqrt((1 + (low / np.maximum(frequencies, 1e-9)) ** 4) * (1 + (frequencies / high) ** 4))
    steep = np.gradient(np.fft.irfft(spectrum * size, len(longer))) * rate_hz
    return np.asarray(steep[beside : beside + len(lead)])


def _threshold(energy: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Return, for each sample, what a beat has to exceed: a share of the largest around it."""
    block = max(1, round(_BLOCK_SECONDS * rate_hz))
    count = -(-len(energy) // block)
    largest = np.array([energy[number * block : (number + 1) * block].max() for number in range(count)])
    # An artefact is one large block: beats around it are judged by their own, and it by the middle one.
    around = np.array([np.median(largest[max(0, number - 2) : number + 3]) for number in range(count)])
    level = _SHARE * np.minimum(np.maximum(largest, around / 4), 2 * around)
    return np.repeat(np.maximum(level, _LEAST_SLOPE**2), block)[: len(energy)]


def _peaks(
    energy: NDArray[np.float64], threshold: NDArray[np.float64], rate_hz: float
) -> NDArray[np.float64]:
    above = np.flatnonzero((energy > threshold) & (energy > 0))
    if len(above) == 0:
        return np.empty(0)
    refractory = _REFRACTORY_SECONDS * rate_hz
    found: list[int] = []
    for hump in np.split(above, np.flatnonzero(np.diff(above) > 1) + 1):
        peak = int(hump[np.argmax(energy[hump])])
        if found and peak - found[-1] < refractory:
            if energy[peak] > energy[found[-1]]:
                found[-1] = peak
        else:
            found.append(peak)
    return np.array(found) / rate_hz
