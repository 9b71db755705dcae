"""The lines of a sheet that are the device's own: what it is, what it measured, and what it said."""

from collections.abc import Sequence
from typing import Final

from ecg.annotations import Stated
from ecg.document import Measurement

_LONGEST: Final = 160
"""Characters of a line: what is longer ends in dots."""
_INTERVALS: Final = (
    ("PR", ("PR INTERVAL", "PQ INTERVAL", "PR DURATION", "P-R INTERVAL")),
    ("QRS", ("QRS DURATION", "QRS INTERVAL")),
    ("QT", ("QT INTERVAL", "QT DURATION", "Q-T INTERVAL")),
    ("QTc", ("QTC INTERVAL", "QTC", "QT CORRECTED", "QTC BAZETT")),
)
_AXES: Final = (("P", "P AXIS"), ("QRS", "QRS AXIS"), ("T", "T AXIS"))
_RATES: Final = ("HEART RATE", "VENTRICULAR RATE", "VENTRICULAR HEART RATE", "MEAN VENTRICULAR RATE")
_MILLISECONDS: Final = {"ms": 1.0, "s": 1000.0}


def device_lines(stated: Stated) -> list[str]:
    """Return what the device is, and what it measured and said."""
    device = stated.device
    named = filter(None, (device.manufacturer, device.model, device.serial_number, device.software))
    return [*_shortened([" ".join(named)]), *measured_and_said(stated)]


def measured_and_said(stated: Stated) -> list[str]:
    """Return a line of rate, intervals and axes, and one of statements with who confirmed them, if anybody.

    Values are the device's, whatever they are worth; what it did not measure is left out.
    """
    measured = measured_parts(stated.measurements)
    return _shortened([f"device: {'   '.join(measured)}" if measured else "", statement_line(stated)])


def statement_line(stated: Stated) -> str:
    """Return what the device stated and who confirmed it, in one line; an empty one if it stated nothing."""
    if not stated.statements:
        return ""
    state = f"confirmed by {stated.confirmed_by}" if stated.confirmed_by else "unconfirmed"
    return f"device, {state}: {'; '.join(stated.statements)}"


def _shortened(lines: Sequence[str]) -> list[str]:
    return [line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…" for line in lines if line]


def rate_per_minute(measurements: Sequence[Measurement]) -> float | None:
    """Return the heart rate that the device says, or that its RR interval makes."""
    for meaning in _RATES:
        if (rate := _of(measurements, (meaning,))) is not None and rate.value > 0:
            return rate.value
    interval = _milliseconds(measurements, ("RR INTERVAL", "MEAN RR INTERVAL", "R-R INTERVAL"))
    return 60_000 / interval if interval else None


def measured_parts(measurements: Sequence[Measurement]) -> list[str]:
    """Return rate, intervals and axes as words, without what the device did not measure."""
    parts = []
    if (rate := rate_per_minute(measurements)) is not None:
        parts.append(f"rate {rate:.0f}/min")
    for name, meanings in _INTERVALS:
        if interval := _milliseconds(measurements, meanings):
            parts.append(f"{name} {interval:.0f} ms")
    axes = [
        f"{name} {axis.value:.0f}°"
        for name, meaning in _AXES
        if (axis := _of(measurements, (meaning,))) is not None
    ]
    if axes:
        parts.append(f"axes {' '.join(axes)}")
    return parts


def _milliseconds(measurements: Sequence[Measurement], meanings: Sequence[str]) -> float | None:
    """Return a duration; None for one of zero, which devices write for what they could not measure."""
    found = _of(measurements, meanings)
    if found is None or found.value <= 0:
        return None
    factor = _MILLISECONDS.get(found.unit)
    return None if factor is None else found.value * factor


def _of(measurements: Sequence[Measurement], meanings: Sequence[str]) -> Measurement | None:
    """Return the first of these that was measured of all leads together."""
    of_all = {each.meaning.strip().upper(): each for each in reversed(measurements) if not each.lead}
    return next((of_all[meaning] for meaning in meanings if meaning in of_all), None)
