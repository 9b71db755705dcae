"""The rate over a long recording, minute by minute, and its drawing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from ecg.beats import Seconds, rates_per_minute
from ecg.strokes import LINE, MARGIN, clock_of, opening, words

MINUTE: Final = 60.0
_HIGH_MM: Final = 80.0
_WIDE_MM: Final = 260.0
_LEFT_MM: Final = 14.0
_LOWEST: Final = 20
_HIGHEST: Final = 220
_EACH_RATE: Final = 20
_HOUR_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360)
"""Minutes between two marks of time: the first that gives no more marks than _MARKS."""
_MARKS: Final = 14
_LEGEND: Final = "beats a minute, computed by the hub: lowest, median, highest"


@dataclass(frozen=True, kw_only=True)
class Minute:
    """The rate in one minute, of the intervals that begin in it."""

    number: int
    """From 0."""
    beats: int
    lowest: float
    median: float
    highest: float


def minutes(beats_seconds: Seconds) -> list[Minute]:
    """Return each minute with at least two beats; one without them is missing."""
    numbers = (beats_seconds // MINUTE).astype(int)
    found = []
    for number in np.unique(numbers):
        first, last = np.flatnonzero(numbers == number)[[0, -1]]
        rates = rates_per_minute(beats_seconds[first : last + 2])
        if len(rates):
            found.append(
                Minute(
                    number=int(number),
                    beats=int(last - first + 1),
                    lowest=round(float(rates.min()), 1),
                    median=round(float(np.median(rates)), 1),
                    highest=round(float(rates.max()), 1),
                )
            )
    return found


def trend_svg(trend: Sequence[Minute], seconds: float, begins_at: datetime | None) -> str:
    """Draw the median of each minute over the span from its lowest to its highest.

    `begins_at` is the device's clock at the first sample; where it is unknown, time is counted from there.
    """
    return "".join(_drawn(trend, seconds, begins_at))


def _drawn(trend: Sequence[Minute], seconds: float, begins_at: datetime | None) -> Iterator[str]:
    top = MARGIN + LINE
    span = max(seconds / MINUTE, 1.0)
    yield opening(_LEFT_MM + _WIDE_MM + MARGIN, top + _HIGH_MM + 2 * LINE + MARGIN, "sans-serif")
    for rate in range(_LOWEST, _HIGHEST + 1, _EACH_RATE):
        y = _y(rate, top)
        yield f'<path class="fine" d="M{_LEFT_MM:g} {y:g}h{_WIDE_MM:g}"/>'
        yield words(MARGIN, y + 1, str(rate))
    for minute, label in _marks(span, begins_at):
        x = _x(minute, span)
        yield f'<path class="fine" d="M{x:g} {top:g}v{_HIGH_MM:g}"/>'
        yield words(x - 4, top + _HIGH_MM + LINE, label)
    width = max(_WIDE_MM / span, 0.1)
    spans = "".join(
        f"M{_x(each.number + 0.5, span):.2f} {_y(each.lowest, top):.2f}V{_y(each.highest, top):.2f}"
        for each in trend
    )
    yield f'<path fill="none" stroke="#9db7d5" stroke-width="{width:.2f}" d="{spans}"/>'
    line = "".join(
        f"M{_x(each.number, span):.2f} {_y(each.median, top):.2f}h{_WIDE_MM / span:.2f}" for each in trend
    )
    yield f'<path fill="none" stroke="#123a66" stroke-width=".5" d="{line}"/>'
    yield words(
        MARGIN, top + _HIGH_MM + 2 * LINE, "beats a minute, computed by the hub: lowest, median, highest"
    )
    yield "</svg>"


def _marks(span: float, begins_at: datetime | None) -> Iterator[tuple[float, str]]:
    """Yield minutes with what is written there: the time of day where it is known."""
    step = next((each for each in _HOUR_STEPS if span / each <= _MARKS), _HOUR_STEPS[-1])
    past = begins_at.hour * 60 + begins_at.minute + begins_at.second / 60 if begins_at else 0.0
    first = -past % step
    minute = first
    while minute <= span:
        clock = round(past + minute)
        yield minute, f"{clock // 60 % 24:02d}:{clock % 60:02d}" if begins_at else clock_of(minute * MINUTE)
        minute += step


def _x(minute: float, span: float) -> float:
    return _LEFT_MM + minute / span * _WIDE_MM


def _y(rate: float, top: float) -> float:
    inside = min(max(rate, _LOWEST), _HIGHEST)
    return top + _HIGH_MM * (_HIGHEST - inside) / (_HIGHEST - _LOWEST)
