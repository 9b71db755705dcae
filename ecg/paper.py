"""The one true-scale drawing: an SVG whose user unit is a millimetre.

At 25 mm/s and 10 mm/mV a small square of the grid is 40 ms by 0.1 mV, whatever shows the picture, if it shows
millimetres as millimetres.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from xml.sax.saxutils import escape

import numpy as np

from core.errors import InvalidRequest
from ecg.filters import SheetFilter, filtered
from ecg.layout import (
    RHYTHM_LEADS,
    Layout,
    LimbSequence,
    Row,
    is_chest_lead,
    lead_drawn,
    row_mm,
    rows,
)
from ecg.recording import Lead, Microvolts, Recording

SPEEDS: Final = (12.5, 25.0, 50.0, 100.0)
"""mm/s"""
GAINS: Final = (5.0, 10.0, 20.0)
"""mm/mV"""
SHEET_SECONDS: Final = 10.0

_MARGIN: Final = 5.0
_PULSE_PLACE: Final = 3.0
"""Before and behind the calibration pulse."""
_PULSE_SECONDS: Final = 0.2
_LINE: Final = 4.5
_COLUMN: Final = 0.05
"""mm: of more than four samples in a column so narrow the first, the last and the two extremes are drawn."""
_FURTHEST: Final = 30_000
"""A trace that goes farther from its line is cut there, in hundredths of a millimetre."""
_STYLE: Final = (
    ".fine{stroke:#f3b8b0;stroke-width:.1}.bold{stroke:#e08578;stroke-width:.2}"
    ".trace{fill:none;stroke:#111;stroke-width:25;stroke-linejoin:round}"
    "text{font-size:3.2px;fill:#111}.lead{font-weight:bold}"
)


@dataclass(frozen=True, kw_only=True)
class PaperSettings:
    """How the sheet is drawn."""

    speed_mm_per_s: float = 25.0
    gain_mm_per_mv: float = 10.0
    layout: Layout = Layout.FOUR_BY_THREE
    rhythm_leads: int = 1
    """Below the four columns of three: 1 (II) or 3 (II, V1, V5)."""
    limb_sequence: LimbSequence = LimbSequence.STANDARD
    halves_chest_leads: bool = False
    """Whether V leads are drawn at half the gain."""
    filters: tuple[SheetFilter, ...] = ()
    start_seconds: float = 0.0
    font_family: str = "sans-serif"

    def __post_init__(self) -> None:
        if self.speed_mm_per_s not in SPEEDS or self.gain_mm_per_mv not in GAINS:
            raise InvalidRequest(f"The paper runs at {SPEEDS} mm/s and shows {GAINS} mm/mV.")
        if self.rhythm_leads not in RHYTHM_LEADS:
            raise InvalidRequest(f"Rhythm leads below the columns: {RHYTHM_LEADS}.")
        if not 0 <= self.start_seconds < 1e6:
            raise InvalidRequest("A sheet begins at 0 s or later.")

    def gain_of(self, lead_name: str) -> float:
        """Return the mm of a millivolt of one lead."""
        return self.gain_mm_per_mv / (2 if self.halves_chest_leads and is_chest_lead(lead_name) else 1)


def svg(recording: Recording, settings: PaperSettings, header: Sequence[str] = ()) -> str:
    """Draw ten seconds of a recording, or what there is of them, under lines of the caller's.

    Raises:
        InvalidRequest: the recording ends before the sheet would begin.
    """
    sheet = _Sheet(recording, settings, tuple(header))
    return "".join(sheet.draw())


class _Sheet:
    """Where everything is, in millimetres from the upper left corner."""

    def __init__(self, recording: Recording, settings: PaperSettings, header: tuple[str, ...]) -> None:
        left = recording.seconds - settings.start_seconds
        if left <= 0:
            raise InvalidRequest(f"The recording lasts {recording.seconds:g} s.")
        self.recording = filtered(recording, settings.filters)
        self.settings = settings
        self.header = header
        self.seconds = min(left, SHEET_SECONDS)
        self.rows = rows(recording, settings.layout, settings.limb_sequence, settings.rhythm_leads)
        self.row_mm = row_mm(settings.layout, settings.gain_mm_per_mv)
        self.pulse_mm = _PULSE_SECONDS * settings.speed_mm_per_s
        self.trace_left = _MARGIN + 2 * _PULSE_PLACE + self.pulse_mm
        self.top = _MARGIN + _LINE * len(header)
        # Whole large squares, so that the grid ends in a bold line.
        self.width = _up_to_five(self.trace_left + self.seconds * settings.speed_mm_per_s + _MARGIN)
        self.height = _up_to_five(self.top + self.row_mm * len(self.rows) + _LINE + _MARGIN)

    def draw(self) -> Iterator[str]:
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:g}mm" height="{self.height:g}mm"'
            f' viewBox="0 0 {self.width:g} {self.height:g}" role="img"><title>ECG</title>'
            f"<style>{_STYLE}text{{font-family:'{self.settings.font_family}'}}</style>"
            f'<rect width="{self.width:g}" height="{self.height:g}" fill="#fff"/>'
        )
        yield from self._grid()
        for number, line in enumerate(self.header):
            yield _text(_MARGIN, _MARGIN + _LINE * number, line)
        for number, row in enumerate(self.rows):
            yield from self._row(row, self.top + self.row_mm * (number + 0.5))
        yield _text(_MARGIN, self.height - 2, self._legend())
        yield "</svg>"

    def _grid(self) -> Iterator[str]:
        for name, step, other in (("fine", 1, 5), ("bold", 5, 0)):
            lines = [
                f"M{x} 0V{self.height:g}"
                for x in range(0, int(self.width) + 1, step)
                if not other or x % other
            ]
            lines += [
                f"M0 {y}H{self.width:g}"
                for y in range(0, int(self.height) + 1, step)
                if not other or y % other
            ]
            yield f'<path class="{name}" d="{"".join(lines)}"/>'

    def _row(self, row: Row, middle: float) -> Iterator[str]:
        yield self._calibration_pulse(row, middle)
        part = self.seconds / len(row)
        for number, name in enumerate(row):
            x = self.trace_left + number * part * self.settings.speed_mm_per_s
            lead = lead_drawn(self.recording, name)
            label = name if lead is not None else f"{name} not recorded"
            yield _text(x + 1, middle - self.row_mm / 2 + 4, label, "lead")
            if lead is not None:
                begin = self.settings.start_seconds + number * part
                yield self._trace(lead, begin, begin + part, x, middle)

    def _calibration_pulse(self, row: Row, middle: float) -> str:
        """A millivolt of 0.2 s; where a row has leads of two gains, a step of 0.1 s for each."""
        heights = sorted({self.settings.gain_of(name) for name in row}, reverse=True)
        steps = []
        for before, height in pairwise([0.0, *heights]):
            steps.append(f"v{-_hundredths(height - before)}h{_hundredths(self.pulse_mm / len(heights))}")
        drawn = (
            f"h{_hundredths(_PULSE_PLACE)}{''.join(steps)}"
            f"v{_hundredths(heights[-1])}h{_hundredths(_PULSE_PLACE - 1)}"
        )
        return _path(f"M{_hundredths(_MARGIN)} {_hundredths(middle)}{drawn}", "pulse")

    def _trace(self, lead: Lead, begin: float, end: float, x: float, middle: float) -> str:
        """Draw each sample where it belongs; a gap where nothing was recorded.

        Of samples that lie closer than any paper shows the outline is drawn: a sheet has an end in bytes.
        """
        frequency = self.recording.sampling_frequency_hz
        first, last = round(begin * frequency), min(round(end * frequency) + 1, self.recording.sample_count)
        numbers = np.arange(first, last)
        mm = (numbers / frequency - begin) * self.settings.speed_mm_per_s + x
        height = lead.microvolts[first:last] / 1000 * self.settings.gain_of(lead.name)
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

    def _legend(self) -> str:
        settings = self.settings
        by_device = sorted({words for lead in self.recording.leads for words in lead.filters})
        half = f" (V {settings.gain_mm_per_mv / 2:g} mm/mV)" if settings.halves_chest_leads else ""
        parts = [
            f"{settings.speed_mm_per_s:g} mm/s",
            f"{settings.gain_mm_per_mv:g} mm/mV{half}",
            settings.layout.value,
            f"{self.recording.sampling_frequency_hz:g} Hz",
            f"device filters: {', '.join(by_device) if by_device else 'none named by the device'}",
        ]
        if settings.filters:
            parts.append(f"FILTERED: {', '.join(each.words for each in settings.filters)}")
        if settings.limb_sequence is LimbSequence.CABRERA:
            parts.append("Cabrera")
        if settings.start_seconds:
            parts.append(f"from {settings.start_seconds:g} s")
        return "   ".join(parts)


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


def _text(x: float, y: float, text: str, style: str = "") -> str:
    marked = f' class="{style}"' if style else ""
    return f'<text x="{x:g}" y="{y:g}"{marked}>{_plain(text)}</text>'


def _plain(text: str) -> str:
    """Return text that can stand in XML, whatever a device wrote."""
    return escape("".join(each if each.isprintable() else " " for each in text), {'"': "&quot;"})


def _hundredths(mm: float) -> int:
    return round(mm * 100)


def _up_to_five(mm: float) -> float:
    return float(-(-mm // 5) * 5)
