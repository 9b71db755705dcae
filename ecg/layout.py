"""Which lead is drawn where: rows of the sheet, each with its leads side by side."""

from enum import StrEnum
from typing import Final

from ecg.leads import STANDARD
from ecg.recording import Recording

Row = tuple[str, ...]
"""The leads of one row, each for an equal part of the time, one after the other."""

MOST_ROWS: Final = 64


class Layout(StrEnum):
    """Columns by rows of the twelve leads."""

    FOUR_BY_THREE = "4x3"
    SIX_BY_TWO = "6x2"
    TWELVE_BY_ONE = "12x1"


_ROWS: Final[dict[Layout, tuple[Row, ...]]] = {
    Layout.FOUR_BY_THREE: (
        ("I", "aVR", "V1", "V4"),
        ("II", "aVL", "V2", "V5"),
        ("III", "aVF", "V3", "V6"),
        ("II",),
    ),
    Layout.SIX_BY_TWO: (
        ("I", "V1"),
        ("II", "V2"),
        ("III", "V3"),
        ("aVR", "V4"),
        ("aVL", "V5"),
        ("aVF", "V6"),
    ),
    Layout.TWELVE_BY_ONE: tuple((name,) for name in STANDARD),
}
_ROW_MM: Final = {Layout.FOUR_BY_THREE: 36.0, Layout.SIX_BY_TWO: 26.0, Layout.TWELVE_BY_ONE: 16.0}


def rows(recording: Recording, layout: Layout) -> tuple[Row, ...]:
    """Return the rows for what was recorded: leads of no standard follow in rows of their own.

    A lead of the twelve that was not recorded keeps its place, empty: what is missing should be seen.
    """
    names = [lead.name for lead in recording.leads]
    further = tuple((name,) for name in names if name not in STANDARD)
    if not any(name in STANDARD for name in names):
        return further[:MOST_ROWS]
    return (_ROWS[layout] + further)[:MOST_ROWS]


def row_mm(layout: Layout, gain_mm_per_mv: float) -> float:
    """Return the distance of two rows; a larger gain needs more room."""
    return _ROW_MM[layout] * max(1.0, gain_mm_per_mv / 10)
