"""The one true-scale drawing: an SVG whose user unit is a millimetre.

At 25 mm/s and 10 mm/mV a small square of the grid is 40 ms by 0.1 mV, whatever shows the picture, if it shows
millimetres as millimetres.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

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
from ecg.recording import Recording
from ecg.strokes import (
    LINE,
    MARGIN,
    PULSE_PLACE,
    PULSE_SECONDS,
    calibration_pulse,
    clock_of,
    grid,
    opening,
    trace,
    up_to_five,
    words,
)

SPEEDS: Final = (12.5, 25.0, 50.0, 100.0)
"""mm/s"""
GAINS: Final = (5.0, 10.0, 20.0)
"""mm/mV"""
SHEET_SECONDS: Final = 10.0


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
    part_begins_at_seconds: float = 0.0
    """Where in a long recording the part begins that is drawn from; `start_seconds` counts from there."""
    font_family: str = "sans-serif"
    """As CSS has it: a name of several words in quotation marks."""

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
        self.trace_left = MARGIN + 2 * PULSE_PLACE + PULSE_SECONDS * settings.speed_mm_per_s
        self.top = MARGIN + LINE * len(header)
        self.width = up_to_five(self.trace_left + self.seconds * settings.speed_mm_per_s + MARGIN)
        self.height = up_to_five(self.top + self.row_mm * len(self.rows) + LINE + MARGIN)

    def draw(self) -> Iterator[str]:
        yield opening(self.width, self.height, self.settings.font_family)
        yield from grid(self.width, self.height)
        for number, line in enumerate(self.header):
            yield words(MARGIN, MARGIN + LINE * number, line)
        for number, row in enumerate(self.rows):
            yield from self._row(row, self.top + self.row_mm * (number + 0.5))
        yield words(MARGIN, self.height - 2, self._legend())
        yield "</svg>"

    def _row(self, row: Row, middle: float) -> Iterator[str]:
        speed = self.settings.speed_mm_per_s
        yield calibration_pulse(MARGIN, middle, speed, [self.settings.gain_of(name) for name in row])
        part = self.seconds / len(row)
        for number, name in enumerate(row):
            x = self.trace_left + number * part * speed
            lead = lead_drawn(self.recording, name)
            label = name if lead is not None else f"{name} not recorded"
            yield words(x + 1, middle - self.row_mm / 2 + 4, label, "lead")
            if lead is not None:
                begin = self.settings.start_seconds + number * part
                scale = (speed, self.settings.gain_of(name))
                yield trace(self.recording, lead, (begin, begin + part), (x, middle), scale)

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
        if begin := settings.part_begins_at_seconds + settings.start_seconds:
            parts.append(f"from {begin:g} s ({clock_of(begin)})" if begin >= 60 else f"from {begin:g} s")
        return "   ".join(parts)
