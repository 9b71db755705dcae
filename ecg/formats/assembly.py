"""What every format ends in: leads of whole numbers on one clock, checked against the limits of an ECG."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInstance, TooLarge
from core.limits import ECG_CHANNELS, ECG_SAMPLES
from ecg.document import DigitalLead, DigitalRecording

SLOWEST_HZ: Final = 1.0
FASTEST_HZ: Final = 100_000.0
"""Beyond these no device samples a heart; within them everything is drawn."""
_MICROVOLTS: Final = {
    **dict.fromkeys(("uv", "µv", "μv", "microv", "microvolt", "microvolts"), 1.0),
    **dict.fromkeys(("mv", "millivolt", "millivolts"), 1e3),
    **dict.fromkeys(("v", "volt", "volts"), 1e6),
    **dict.fromkeys(("nv", "nanovolt", "nanovolts"), 1e-3),
}
_SECONDS: Final = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "msec": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_DECIMALS_AT_MOST: Final = 6
_FARTHEST_ZERO: Final = 1e12
_WHOLE: Final = re.compile(r"\s*(?:[+-]?\d{1,18}(?:\s+|$))*", re.ASCII)
_SEPARATORS: Final = re.compile(r"[\s,;]+")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.(\d*))?|\.(\d+))(?:[eE][+-]?\d{1,2})?", re.ASCII)


def microvolts_in(unit: str) -> float | None:
    """Return how many microvolts a unit of voltage is, None for another unit."""
    return _MICROVOLTS.get(unit.strip().lower())


def seconds_in(unit: str) -> float | None:
    """Return how many seconds a unit of time is, None for another unit."""
    return _SECONDS.get(unit.strip().lower())


def number_of(text: str) -> float | None:
    """Return a written number; None for what is none, or not finite."""
    try:
        number = float(text.strip())
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def checked_rate(sampling_frequency_hz: float | None) -> float:
    """Return a sampling rate; raises InvalidInstance for one that no device has."""
    if sampling_frequency_hz is None or not SLOWEST_HZ <= sampling_frequency_hz <= FASTEST_HZ:
        raise InvalidInstance("The file's sampling rate is missing, or is none that an ECG can have.")
    nearest = round(sampling_frequency_hz)
    close = abs(sampling_frequency_hz - nearest) < 1e-6 * nearest
    return float(nearest) if close else sampling_frequency_hz


def check_lead_count(count: int) -> None:
    """Raise InvalidInstance for no lead at all, TooLarge for more leads than one recording has."""
    if count <= 0:
        raise InvalidInstance("The file holds no ECG lead that can be read.")
    if count > ECG_CHANNELS:
        raise TooLarge(f"The file holds {count} leads; at most {ECG_CHANNELS} are read.")


def checked_scale(microvolts_per_unit: float | None, lead: str) -> float:
    """Return how large one unit is; raises InvalidInstance where the file does not say, or says nonsense."""
    if microvolts_per_unit is None or not math.isfinite(microvolts_per_unit) or not microvolts_per_unit:
        raise InvalidInstance(f"The file does not say how large a unit of lead {lead} is.")
    if not 1e-6 <= abs(microvolts_per_unit) <= 1e6:
        raise InvalidInstance(f"The file says an impossible size of a unit of lead {lead}.")
    return microvolts_per_unit


def narrowed(values: NDArray[np.int64]) -> NDArray[Any]:
    """Return whole numbers in 16 bits where they fit, else in 32; raises InvalidInstance for larger ones."""
    if not values.size:
        return values.astype(np.int16)
    low, high = int(values.min()), int(values.max())
    for kind in (np.int16, np.int32):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return values.astype(kind)
    raise InvalidInstance("The file holds samples that are larger than any device's.")


def written_samples(text: str) -> tuple[NDArray[Any], float, int | None]:
    """Return samples written as text, what one unit of them is worth, and the sample for nothing recorded.

    `-2 -3 5` is itself; `0.012 -0.3` becomes whole thousandths worth 0.001 each; `NaN` is nothing recorded.
    """
    if sum(map(text.count, " ,;\t\n")) > 4 * ECG_SAMPLES:
        raise TooLarge("A lead of this file has more samples than an ECG.")
    if _WHOLE.fullmatch(text):
        return narrowed(np.fromstring(text, dtype=np.int64, sep=" ")), 1.0, None
    words = [word for word in _SEPARATORS.split(text.strip()) if word]
    found = [_NUMBER.fullmatch(word) for word in words]
    decimals = max((len(each[1] or each[2] or "") for each in found if each), default=0)
    if any(each and ("e" in each[0] or "E" in each[0]) for each in found):
        decimals = _DECIMALS_AT_MOST
    step = 10 ** min(decimals, _DECIMALS_AT_MOST)
    if sum(each is None for each in found) > len(words) // 2:
        raise InvalidInstance("The samples of a lead are no numbers.")
    values = np.array([float(each[0]) * step if each else 0.0 for each in found])
    if values.size and np.abs(values).max() >= 2**31:
        raise InvalidInstance("The file holds samples that are larger than any device's.")
    whole = narrowed(np.rint(values).astype(np.int64))
    absent = np.array([each is None for each in found], dtype=bool)
    if not absent.any():
        return whole, 1 / step, None
    missing = int(np.iinfo(np.int32).min)
    wide = whole.astype(np.int32)
    wide[absent] = missing
    return wide, 1 / step, missing


def together(
    label: str,
    sampling_frequency_hz: float | None,
    leads: Sequence[DigitalLead],
    oddities: Sequence[str] = (),
) -> DigitalRecording:
    """Return a recording of leads of one length; shorter ones end in nothing recorded, and it is said."""
    rate = checked_rate(sampling_frequency_hz)
    check_lead_count(len(leads))
    for lead in leads:
        checked_scale(lead.microvolts_per_unit, lead.name)
        if not abs(lead.zero_at) < _FARTHEST_ZERO:
            raise InvalidInstance(f"The file says an impossible baseline of lead {lead.name}.")
    longest = max(len(lead.samples) for lead in leads)
    if not longest:
        raise InvalidInstance("The file holds no samples.")
    odd = list(oddities)
    if any(len(lead.samples) != longest for lead in leads):
        odd.append("The leads are not of one length; the shorter ones end in nothing recorded.")
        leads = [_filled(lead, longest) for lead in leads]
    return DigitalRecording(
        label=label,
        sampling_frequency_hz=rate,
        leads=_named_apart(leads, odd),
        oddities=tuple(dict.fromkeys(odd)),
    )


def _filled(lead: DigitalLead, count: int) -> DigitalLead:
    lacking = count - len(lead.samples)
    if not lacking:
        return lead
    samples = np.asarray(lead.samples).astype(np.int32)
    missing = lead.missing
    if missing is None:
        missing = -(2**15) if not samples.size or samples.min() > -(2**15) else -(2**31)
    return replace(lead, samples=np.append(samples, np.full(lacking, missing, np.int32)), missing=missing)


def _named_apart(leads: Sequence[DigitalLead], oddities: list[str]) -> tuple[DigitalLead, ...]:
    """Number what the file calls by one name twice, so that nobody takes one lead for the other."""
    seen: dict[str, int] = {}
    apart = []
    for lead in leads:
        seen[lead.name] = seen.get(lead.name, 0) + 1
        if seen[lead.name] > 1:
            oddities.append(f"The file has lead {lead.name} more than once.")
            lead = replace(lead, name=f"{lead.name} ({seen[lead.name]})")
        apart.append(lead)
    return tuple(apart)
