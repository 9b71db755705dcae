"""Which lead is drawn where: rows of the sheet, each with its leads side by side."""

from dataclasses import replace
from enum import StrEnum
from typing import Final

from ecg.leads import STANDARD
from ecg.recording import Lead, Recording

Row = tuple[str, ...]
"""The leads of one row, each for an equal part of the time, one after the other."""

MOST_ROWS: Final = 64
_FEW: Final = 5
"""Holter recorders and handhelds have one to four leads; whatever has more is meant as a sheet of twelve."""


class Layout(StrEnum):
    """Columns by rows of the twelve leads."""

    FOUR_BY_THREE = "4x3"
    SIX_BY_TWO = "6x2"
    TWELVE_BY_ONE = "12x1"


class LimbSequence(StrEnum):
    """In which order the limb leads stand."""

    STANDARD = "standard"
    CABRERA = "cabrera"
    """Round the heart, from aVL to III, with aVR turned over (-aVR)."""


_LIMBS: Final = {
    LimbSequence.STANDARD: STANDARD[:6],
    LimbSequence.CABRERA: ("aVL", "I", "-aVR", "II", "aVF", "III"),
}
_CHEST: Final = STANDARD[6:]
_RHYTHM: Final = ("II", "V1", "V5")
RHYTHM_LEADS: Final = (1, 3)
"""How many leads run along below the four columns of three."""
_TURNED_OVER: Final = {"-aVR": "aVR", "aVR": "-aVR"}
_ROW_MM: Final = {Layout.FOUR_BY_THREE: 36.0, Layout.SIX_BY_TWO: 26.0, Layout.TWELVE_BY_ONE: 16.0}


def rows(
    recording: Recording,
    layout: Layout,
    limb_sequence: LimbSequence = LimbSequence.STANDARD,
    rhythm_leads: int = 1,
) -> tuple[Row, ...]:
    """Return the rows for what was recorded: leads of no standard follow in rows of their own.

    A lead of the twelve that was not recorded keeps its place, empty: what is missing should be seen. Where
    only a few of them were meant to be recorded, each lead has a row.
    """
    names = [lead.name for lead in recording.leads]
    standard = twelve(limb_sequence)
    drawn = {_TURNED_OVER.get(name, name) for name in standard}.union(standard)
    further = tuple((name,) for name in names if name not in drawn)
    if sum(name in drawn for name in names) < _FEW:
        return tuple((name,) for name in names)[:MOST_ROWS]
    return (_rows_of_twelve(layout, standard, rhythm_leads) + further)[:MOST_ROWS]


def twelve(limb_sequence: LimbSequence) -> Row:
    """Return the twelve leads in their sequence."""
    return _LIMBS[limb_sequence] + _CHEST


def lead_drawn(recording: Recording, name: str) -> Lead | None:
    """Return the lead to draw under a name: as recorded, or turned over; None where there is neither."""
    if (recorded := recording.lead(name)) is not None or name not in _TURNED_OVER:
        return recorded
    other = recording.lead(_TURNED_OVER[name])
    return None if other is None else replace(other, name=name, microvolts=-other.microvolts)


def is_chest_lead(name: str) -> bool:
    """Whether a lead is one of the chest: V1 to V9, V3R and on."""
    return name.startswith("V") and name[1:2].isdigit()


def row_mm(layout: Layout, gain_mm_per_mv: float) -> float:
    """Return the distance of two rows; a larger gain needs more room."""
    return _ROW_MM[layout] * max(1.0, gain_mm_per_mv / 10)


def _rows_of_twelve(layout: Layout, standard: Row, rhythm_leads: int) -> tuple[Row, ...]:
    """Columns from the top down, one after the other."""
    if layout is Layout.TWELVE_BY_ONE:
        return tuple((name,) for name in standard)
    if layout is Layout.SIX_BY_TWO:
        return tuple(zip(standard[:6], standard[6:], strict=True))
    columns = (standard[start : start + 3] for start in range(0, 12, 3))
    return tuple(zip(*columns, strict=True)) + tuple((name,) for name in _RHYTHM[:rhythm_leads])
