"""A reader's marks as lines and words over the picture of a frame: on paper and on the report's page. Pure.

Everything is measured in the image's pixels: columns to the right and rows down, from its upper left corner.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import atan2, cos, sin
from typing import Final
from unicodedata import east_asian_width
from xml.sax.saxutils import escape

from reporting.fonts import printable
from reporting.marks import Mark, MarkKind, MarkValue

LINE: Final = "#ffd54a"
"""The colour of marks, as the viewer draws them; a dark edge beside it shows it on white as well."""
_EDGE: Final = "#000000"
_LINES_IN_SIDE: Final = 250
_LETTERS_IN_SIDE: Final = 28
_BARBS_IN_SIDE: Final = 30
_BARB_TURN: Final = 0.45
"""Half of the angle at an arrow's tip, in radians."""

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Label:
    """Words beside a mark; `ends_here` where they stand left of the place."""

    text: str
    column: float
    row: float
    ends_here: bool


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """All that was drawn into one frame. `outline` is the data of an SVG path."""

    columns: int
    rows: int
    outline: str
    labels: tuple[Label, ...]

    @property
    def thickness(self) -> float:
        """Width of a line, in pixels of the image."""
        return round(max(self.columns, self.rows) / _LINES_IN_SIDE, 3)

    @property
    def letter_height(self) -> float:
        """Size of the words, in pixels of the image."""
        return round(max(self.columns, self.rows) / _LETTERS_IN_SIDE, 3)


def drawing(marks: Sequence[Mark], columns: int, rows: int, caption: str) -> Drawing | None:
    """Return the marks of one frame as lines, None where there are none.

    Beside a measure stand the words that its key image's caption has for it, as its reader saw them.
    """
    drawn = [mark for mark in marks if mark.points]
    if not drawn:
        return None
    side = max(columns, rows)
    placed = [_label(mark, _words(mark, caption), columns, side / _LETTERS_IN_SIDE) for mark in drawn]
    return Drawing(
        columns=columns,
        rows=rows,
        outline="".join(_outline(mark, side / _BARBS_IN_SIDE) for mark in drawn),
        labels=tuple(label for label in placed if label.text),
    )


def as_svg(drawn: Drawing, width: int, height: int) -> str:
    """Return the lines for a picture of this size, to stand in a drawing; in characters that paper has."""
    thick, size = drawn.thickness, drawn.letter_height
    path = f'<path d="{drawn.outline}" fill="none" stroke-linecap="round"'
    words = "".join(_text(label, size) for label in drawn.labels)
    return (
        f'<g transform="scale({width / drawn.columns:.6f} {height / drawn.rows:.6f})">'
        f'{path} stroke="{_EDGE}" stroke-opacity="0.6" stroke-width="{2.5 * thick:.3f}"/>'
        f'{path} stroke="{LINE}" stroke-width="{thick}"/>{words}</g>'
    )


def _text(label: Label, size: float) -> str:
    anchor = "end" if label.ends_here else "start"
    place = f'x="{label.column:.2f}" y="{label.row:.2f}" text-anchor="{anchor}"'
    body = f'font-family="Noto Sans SC" font-size="{size}">{escape(printable(label.text))}</text>'
    edge = f'fill="{_EDGE}" stroke="{_EDGE}" stroke-width="{size / 5:.3f}" stroke-linejoin="round"'
    return f'<text {place} {edge} {body}<text {place} fill="{LINE}" {body}'


def _outline(mark: Mark, barb: float) -> str:
    points = mark.points
    if mark.kind is MarkKind.ELLIPSE:
        return _ellipse(points[0], points[1])
    if mark.kind is MarkKind.ARROW:
        return _arrow(points[0], points[1], barb)
    if mark.kind is MarkKind.ANGLE:
        return _line(points)
    return "".join(_line(points[place : place + 2]) for place in range(0, len(points) - 1, 2))


def _line(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{column:.2f} {row:.2f}" for column, row in points)


def _ellipse(corner: Point, opposite: Point) -> str:
    across, down = abs(opposite[0] - corner[0]) / 2, abs(opposite[1] - corner[1]) / 2
    left, middle = min(corner[0], opposite[0]), (corner[1] + opposite[1]) / 2
    half = f"a{across:.2f} {down:.2f} 0 1 0"
    return f"M{left:.2f} {middle:.2f}{half} {2 * across:.2f} 0{half} {-2 * across:.2f} 0"


def _arrow(tip: Point, tail: Point, barb: float) -> str:
    """Return an arrow; what is meant is where it begins."""
    angle = atan2(tail[1] - tip[1], tail[0] - tip[0])
    one, other = (
        (tip[0] + barb * cos(angle + turn), tip[1] + barb * sin(angle + turn))
        for turn in (_BARB_TURN, -_BARB_TURN)
    )
    return _line((tip, tail)) + _line((one, tip, other))


def _label(mark: Mark, text: str, columns: int, size: float) -> Label:
    """Words go where there is more room for them, and stay on the picture."""
    leftmost = min(mark.points)
    rightmost = max(mark.points)
    ends_here = leftmost[0] > columns - rightmost[0]
    column, row = leftmost if ends_here else rightmost
    away = size / 2
    wide = min(_width(text, size), columns)
    # An "at detector" that is cut off would leave a number that says more than was measured.
    column = max(column - away, wide) if ends_here else min(column + away, columns - wide)
    return Label(text=text, column=column, row=max(row - size / 3, size), ends_here=ends_here)


def _width(text: str, size: float) -> float:
    """Return about how wide words are: those of Latin letters a little narrower than this says."""
    return size * sum(1.0 if east_asian_width(letter) in "WF" else 0.6 for letter in text)


def _words(mark: Mark, caption: str) -> str:
    """Return a mark's own words, or the part of the caption that tells all of its values."""
    if mark.text or not mark.values:
        return mark.text
    told = [re.compile(rf"(?<![\d.]){re.escape(shown_value(value))}") for value in mark.values]
    return next((part for part in caption.split("; ") if all(each.search(part) for each in told)), "")


def shown_value(value: MarkValue) -> str:
    """Return a number as the viewer shows it: no more digits than a hand on a screen can mean."""
    digits = 2 if value.name == "ratio" or value.unit == "s" else 0 if value.unit.startswith("px") else 1
    number = Decimal(value.value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{number}{value.unit}" if value.unit in {"°", ""} else f"{number} {value.unit}"
