"""ECGs of one person beside each other: lead by lead, on one time and voltage scale."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from core.errors import InvalidRequest
from ecg.annotations import Stated
from ecg.filters import filtered
from ecg.heading import measured_parts, statement_line
from ecg.layout import MOST_ROWS, lead_drawn, row_mm, twelve
from ecg.paper import PaperSettings
from ecg.recording import Recording
from ecg.strokes import (
    LINE,
    MARGIN,
    PULSE_PLACE,
    PULSE_SECONDS,
    calibration_pulse,
    grid,
    opening,
    trace,
    up_to_five,
    words,
)

MOST_COMPARED: Final = 4
COLUMN_SECONDS: Final = 4.0
_BETWEEN: Final = 5.0
_COLUMN_LEAST_MM: Final = 75.0
"""At half speed a column is as wide as its words need."""
_CHARACTER_MM: Final = 1.9


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One of the ECGs."""

    heading: tuple[str, ...]
    recording: Recording
    stated: Stated
    begin_seconds: float = 0.0
    """At which second of the recording the column begins."""


def comparison_svg(compared: Sequence[Compared], settings: PaperSettings) -> str:
    """Draw each ECG in a column, each lead in a row, and what the devices measured below the headings.

    Leads that none of them has are left out. `settings` holds for all, but for its layout.

    Raises:
        InvalidRequest: there is nothing to compare, or more than fits.
    """
    if not 1 <= len(compared) <= MOST_COMPARED:
        raise InvalidRequest(f"1 to {MOST_COMPARED} ECGs are compared at once.")
    return "".join(_Comparison(compared, settings).draw())


class _Comparison:
    """Where everything is, in millimetres from the upper left corner."""

    def __init__(self, compared: Sequence[Compared], settings: PaperSettings) -> None:
        self.settings = settings
        self.recordings = [filtered(each.recording, settings.filters) for each in compared]
        self.begins = [each.begin_seconds for each in compared]
        self.words = [_words_of(each) for each in compared]
        self.leads = _leads_of_any(self.recordings, settings)
        self.left = MARGIN + 2 * PULSE_PLACE + PULSE_SECONDS * settings.speed_mm_per_s
        self.column = max(COLUMN_SECONDS * settings.speed_mm_per_s, _COLUMN_LEAST_MM)
        self.row = row_mm(settings.layout.TWELVE_BY_ONE, settings.gain_mm_per_mv)
        self.top = MARGIN + LINE * max(map(len, self.words)) + LINE
        self.width = up_to_five(self.left + (self.column + _BETWEEN) * len(compared) + MARGIN)
        self.height = up_to_five(self.top + self.row * len(self.leads) + LINE + MARGIN)

    def draw(self) -> Iterator[str]:
        yield opening(self.width, self.height, self.settings.font_family)
        yield from grid(self.width, self.height)
        for number, lines in enumerate(self.words):
            for place, line in enumerate(lines):
                yield words(self._x(number), MARGIN + LINE * place, self._shortened(line))
        for number, name in enumerate(self.leads):
            yield from self._row(name, self.top + self.row * (number + 0.5))
        yield words(MARGIN, self.height - 2, self._legend())
        yield "</svg>"

    def _x(self, number: int) -> float:
        return self.left + number * (self.column + _BETWEEN)

    def _row(self, name: str, middle: float) -> Iterator[str]:
        speed, gain = self.settings.speed_mm_per_s, self.settings.gain_of(name)
        yield calibration_pulse(MARGIN, middle, speed, [gain])
        for number, recording in enumerate(self.recordings):
            x = self._x(number)
            lead = lead_drawn(recording, name)
            label = name if lead is not None else f"{name} not recorded"
            yield words(x + 1, middle - self.row / 2 + 3, label, "lead")
            begin = self.begins[number]
            end = min(begin + COLUMN_SECONDS, recording.seconds)
            if lead is not None and end > begin:
                yield trace(recording, lead, (begin, end), (x, middle), (speed, gain))

    def _shortened(self, line: str) -> str:
        most = int(self.column / _CHARACTER_MM)
        return line if len(line) <= most else f"{line[: most - 1]}…"

    def _legend(self) -> str:
        settings = self.settings
        parts = [
            f"{settings.speed_mm_per_s:g} mm/s",
            f"{settings.gain_mm_per_mv:g} mm/mV",
            f"from {settings.start_seconds:g} s",
        ]
        if settings.halves_chest_leads:
            parts.append(f"V {settings.gain_mm_per_mv / 2:g} mm/mV")
        if settings.filters:
            parts.append(f"FILTERED: {', '.join(each.words for each in settings.filters)}")
        return "   ".join(parts)


def _words_of(each: Compared) -> list[str]:
    """Return who and when, each thing that the device measured in a line, and its statement."""
    return [
        *each.heading,
        *(measured_parts(each.stated.measurements) or ["the device measured nothing"]),
        *filter(None, [statement_line(each.stated)]),
    ]


def _leads_of_any(recordings: Sequence[Recording], settings: PaperSettings) -> tuple[str, ...]:
    standard = twelve(settings.limb_sequence)
    further: dict[str, None] = {}
    for recording in recordings:
        for lead in recording.leads:
            if lead.name not in standard and lead.name.removeprefix("-") not in standard:
                further.setdefault(lead.name)
    shown = [name for name in standard if any(lead_drawn(each, name) for each in recordings)]
    return (*shown, *further)[:MOST_ROWS]
