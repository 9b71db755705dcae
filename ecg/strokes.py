"""What a drawing on ECG paper is made of: the grid, a trace, the calibration pulse, words. Lengths in mm."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final
from xml.sax.saxutils import escape

import numpy as np

from ecg.recording import Lead, Microvolts, Recording

MARGIN: Final = 5.0
LINE: Final = 4.5
"""From one line of words to the next."""
PULSE_SECONDS: Final = 0.2
PULSE_PLACE: Final = 3.0
"""Before and behind the calibration pulse."""
_COLUMN: Final = 0.05
"""mm: of more than four samples in a column so narrow the first, the last and the two extremes are drawn."""
_FURTHEST: Final = 30_000
"""A trace that goes farther from its line is cut there, in hundredths of a millimetre."""
_STYLE: Final = (
    ".fine{stroke:#f3b8b0;stroke-width:.1}.bold{stroke:#e08578;stroke-width:.2}"
    ".trace{fill:none;stroke:#111;stroke-width:25;stroke-linejoin:round}"
    "text{font-size:3.2px;fill:#111}.lead{font-weight:bold}"
)


def opening(width: float, height: float, font_family: str) -> str:
    """Begin a drawing whose user unit is a millimetre, on white paper; `font_family` is as CSS has it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:g}mm"'
        f' viewBox="0 0 {width:g} {height:g}" role="img"><title>ECG</title>'
        f"<style>{_STYLE}text{{font-family:{font_family}}}</style>"
        f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>'
    )


def grid(width: float, height: float) -> Iterator[str]:
    """Draw a line each millimetre, a bold one each fifth."""
    for name, step, other in (("fine", 1, 5), ("bold", 5, 0)):
        lines = [f"M{x} 0V{height:g}" for x in range(0, int(width) + 1, step) if not other or x % other]
        lines += [f"M0 {y}H{width:g}" for y in range(0, int(height) + 1, step) if not other or y % other]
        yield f'<path class="{name}" d="{"".join(lines)}"/>'


def calibration_pulse(
    x: float, middle: float, speed_mm_per_s: float, gains_mm_per_mv: Sequence[float]
) -> str:
    """Draw a millivolt of 0.2 s; for leads of two gains, a step of 0.1 s for each."""
    heights = sorted(set(gains_mm_per_mv), reverse=True)
    part = PULSE_SECONDS * speed_mm_per_s / len(heights)
    steps = [
        f"v{-_hundredths(height - before)}h{_hundredths(part)}"
        for before, height in pairwise([0.0, *heights])
    ]
    drawn = (
        f"h{_hundredths(PULSE_PLACE)}{''.join(steps)}"
        f"v{_hundredths(heights[-1])}h{_hundredths(PULSE_PLACE - 1)}"
    )
    return _path(f"M{_hundredths(x)} {_hundredths(middle)}{drawn}", "pulse")


def trace(
    recording: Recording,
    lead: Lead,
    span: tuple[float, float],
    place: tuple[float, float],
    scale: tuple[float, float],
) -> str:
    """Draw each sample of a lead where it belongs; a gap where nothing was recorded.

    `span` is from second to second, `place` the x of its begin and the y of its zero, `scale` mm/s and mm/mV.
    Of samples that lie closer than any paper shows the outline is drawn: a sheet has an end in bytes.
    """
    frequency = recording.sampling_frequency_hz
    begin, end = span
    x, middle = place
    first, last = round(begin * frequency), min(round(end * frequency) + 1, recording.sample_count)
    mm = (np.arange(first, last) / frequency - begin) * scale[0] + x
    height = lead.microvolts[first:last] / 1000 * scale[1]
    drawn = _outline(mm, height)
    across = np.rint(mm[drawn] * 100).astype(np.int64)
    above = np.clip(np.rint(height[drawn] * 100), -_FURTHEST, _FURTHEST)
    down = np.rint(middle * 100).astype(np.int64) - above.astype(np.int64)
    unknown_before = np.cumsum(~np.isfinite(height))[drawn]
    ends = (np.flatnonzero(np.diff(unknown_before)) + 1).tolist()
    lines = [
        _polyline(across[start:stop], down[start:stop])
        for start, stop in pairwise([0, *ends, len(drawn)])
        if stop > start
    ]
    return _path("".join(lines), lead.name)


def words(x: float, y: float, text: str, style: str = "") -> str:
    """Write text, whatever a device wrote."""
    marked = f' class="{style}"' if style else ""
    return f'<text x="{x:g}" y="{y:g}"{marked}>{_plain(text)}</text>'


def clock_of(seconds: float) -> str:
    """Write a time since the begin in hours, minutes and seconds."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def up_to_five(mm: float) -> float:
    """Return whole large squares, so that a grid ends in a bold line."""
    return float(-(-mm // 5) * 5)


def _outline(mm: Microvolts, height: Microvolts) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return which samples to draw: those that are known, of each column no more than four."""
    known = np.flatnonzero(np.isfinite(height))
    column = np.floor(mm[known] / _COLUMN)
    begins = np.flatnonzero(np.diff(column, prepend=-1))
    if len(known) <= 4 * len(begins):
        return known
    by_height = np.lexsort((height[known], column))
    ends = np.append(begins[1:], len(known)) - 1
    drawn = np.concatenate((begins, ends, by_height[begins], by_height[ends]))
    return np.asarray(known[np.unique(drawn)])


def _polyline(
    across: np.ndarray[tuple[int], np.dtype[np.int64]], down: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> str:
    steps = zip(np.diff(across).tolist(), np.diff(down).tolist(), strict=True)
    # A single sample between two gaps is a line of no length: a command without numbers ends the drawing.
    return f"M{across[0]} {down[0]}l" + (" ".join(f"{dx} {dy}" for dx, dy in steps) or "0 0")


def _path(commands: str, name: str) -> str:
    return f'<path class="trace" data-lead="{_plain(name)}" transform="scale(.01)" d="{commands}"/>'


def _plain(text: str) -> str:
    """Return text that can stand in XML, whatever a device wrote."""
    return escape("".join(each if each.isprintable() else " " for each in text), {'"': "&quot;"})


def _hundredths(mm: float) -> int:
    return round(mm * 100)
