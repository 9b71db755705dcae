"""A page of a long recording: one lead, a minute in each row, small and in full."""

from collections.abc import Iterator, Sequence
from typing import Final

from core.errors import InvalidRequest
from ecg.layout import lead_drawn
from ecg.paper import GAINS
from ecg.recording import Recording
from ecg.strokes import LINE, MARGIN, clock_of, opening, trace, up_to_five, words

ROW_SECONDS: Final = 60.0
ROWS: Final = 20
MM_PER_SECOND: Final = 4.0
_LEFT: Final = 18.0
_ROW_MM: Final = 10.0
_SHRUNK: Final = 0.5
"""Of the sheet's gain: rows lie close to each other."""


def disclosure_svg(
    recording: Recording,
    lead_name: str,
    gain_mm_per_mv: float,
    begins_at_seconds: float = 0.0,
    header: Sequence[str] = (),
) -> str:
    """Draw as many minutes of a lead as a page has rows, from the begin of what is handed in.

    That lies `begins_at_seconds` into the whole.

    Raises:
        InvalidRequest: the lead was not recorded, or the paper has no such gain.
    """
    return "".join(_drawn(recording, lead_name, gain_mm_per_mv, begins_at_seconds, header))


def _drawn(
    recording: Recording,
    lead_name: str,
    gain_mm_per_mv: float,
    begins_at_seconds: float,
    header: Sequence[str],
) -> Iterator[str]:
    lead = lead_drawn(recording, lead_name)
    if lead is None:
        raise InvalidRequest("This lead was not recorded.")
    if gain_mm_per_mv not in GAINS:
        raise InvalidRequest(f"The paper shows {GAINS} mm/mV.")
    gain = gain_mm_per_mv * _SHRUNK
    row_mm = _ROW_MM * max(1.0, gain / 5)
    rows = min(ROWS, int(-(-recording.seconds // ROW_SECONDS)))
    top = MARGIN + LINE * (len(header) + 1)
    width = up_to_five(_LEFT + ROW_SECONDS * MM_PER_SECOND + MARGIN)
    yield opening(width, up_to_five(top + row_mm * rows + LINE + MARGIN), "sans-serif")
    for number, line in enumerate(header):
        yield words(MARGIN, MARGIN + LINE * number, line)
    for number in range(rows):
        begin = number * ROW_SECONDS
        middle = top + row_mm * (number + 0.5)
        end = min(begin + ROW_SECONDS, recording.seconds)
        yield words(2, middle + 1, clock_of(begins_at_seconds + begin))
        yield trace(recording, lead, (begin, end), (_LEFT, middle), (MM_PER_SECOND, gain))
    yield words(MARGIN, top + row_mm * rows + LINE, f"{lead_name}   {MM_PER_SECOND:g} mm/s   {gain:g} mm/mV")
    yield "</svg>"
