"""What a reader drew into the images: measures, arrows and key images. Pure.

A mark lies on one frame of one instance. Its points are columns and rows of that frame in pixels, from its
upper left corner; what was measured comes with its unit, as the reader saw it.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from core.errors import InvalidRequest
from core.limits import KEY_IMAGES, MARKS
from core.text import can_be_kept

LONGEST_MARK_TEXT: Final = 200
MOST_VALUES: Final = 8
LONGEST_VALUE_WORD: Final = 20
FURTHEST_POINT: Final = 100_000.0
LARGEST_VALUE: Final = 1e12
_MARK_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)


class MarkKind(StrEnum):
    """What a mark is; each has so many points."""

    LENGTH = "length"
    ANGLE = "angle"
    COBB = "cobb"
    RATIO = "cardiothoracic-ratio"
    ELLIPSE = "ellipse"
    ARROW = "arrow"
    KEY_IMAGE = "key-image"


POINTS: Final = {
    MarkKind.LENGTH: 2,
    MarkKind.ANGLE: 3,
    MarkKind.COBB: 4,
    MarkKind.RATIO: 4,
    # Corners of the rectangle around it.
    MarkKind.ELLIPSE: 2,
    # Its tip first.
    MarkKind.ARROW: 2,
    MarkKind.KEY_IMAGE: 0,
}


@dataclass(frozen=True, kw_only=True)
class MarkValue:
    """What was measured, as in length 12.5 mm."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One mark. `window_*` is how a key image was looked at, None where as the instance says."""

    mark_id: str
    kind: MarkKind
    sop_instance_uid: str
    frame: int
    points: tuple[tuple[float, float], ...] = ()
    text: str = ""
    values: tuple[MarkValue, ...] = ()
    window_center: float | None = None
    window_width: float | None = None


def require_marks(marks: Sequence[Mark], present: Iterable[str]) -> None:
    """Raise InvalidRequest unless these can be the marks of a study that has these instances."""
    if len(marks) > MARKS:
        raise InvalidRequest(f"A study has at most {MARKS} marks.")
    if sum(mark.kind is MarkKind.KEY_IMAGE for mark in marks) > KEY_IMAGES:
        raise InvalidRequest(f"A study has at most {KEY_IMAGES} key images.")
    if len({mark.mark_id for mark in marks}) < len(marks):
        raise InvalidRequest("Two marks have the same mark_id.")
    held = set(present)
    for mark in marks:
        _require_mark(mark)
        if mark.sop_instance_uid not in held:
            raise InvalidRequest("A mark lies on an instance that the study does not have.")


def _require_mark(mark: Mark) -> None:
    if not _MARK_ID.fullmatch(mark.mark_id):
        raise InvalidRequest("A mark_id has 1 to 40 characters of A-Z, a-z, 0-9, _ and -.")
    if len(mark.points) != POINTS[mark.kind]:
        raise InvalidRequest(f"A mark of kind {mark.kind} has {POINTS[mark.kind]} points.")
    if mark.frame < 1:
        raise InvalidRequest("Frames are counted from 1.")
    if any(not abs(number) <= FURTHEST_POINT for point in mark.points for number in point):
        raise InvalidRequest("A point lies on the image.")
    if len(mark.text) > LONGEST_MARK_TEXT or not can_be_kept(mark.text):
        raise InvalidRequest(f"The text of a mark has at most {LONGEST_MARK_TEXT} characters.")
    numbers = [value.value for value in mark.values]
    numbers += [number for number in (mark.window_center, mark.window_width) if number is not None]
    if len(mark.values) > MOST_VALUES or any(not abs(number) <= LARGEST_VALUE for number in numbers):
        raise InvalidRequest(f"A mark has at most {MOST_VALUES} values, and each is a number.")
    if any(_is_no_word(value.name) or _is_no_word(value.unit) for value in mark.values):
        raise InvalidRequest(f"The name and unit of a value have at most {LONGEST_VALUE_WORD} characters.")
    if (mark.window_center is None) is not (mark.window_width is None):
        raise InvalidRequest("A window has a center and a width.")
    if mark.window_width is not None and not mark.window_width > 0:
        raise InvalidRequest("A window is wider than nothing.")


def _is_no_word(text: str) -> bool:
    return len(text) > LONGEST_VALUE_WORD or not text.isprintable()


def marks_as_json(marks: Sequence[Mark]) -> list[dict[str, Any]]:
    """Return marks as they are kept."""
    return [asdict(mark) for mark in marks]


def marks_from(kept: Sequence[dict[str, Any]]) -> tuple[Mark, ...]:
    """Return marks that were kept."""
    return tuple(
        Mark(
            **mark
            | {
                "kind": MarkKind(mark["kind"]),
                "points": tuple((float(column), float(row)) for column, row in mark["points"]),
                "values": tuple(MarkValue(**value) for value in mark["values"]),
            }
        )
        for mark in kept
    )


def digest_of_marks(marks_of_studies: dict[str, tuple[Mark, ...]]) -> str:
    """Return the SHA-256 of the marks of some studies, "" where there are none."""
    drawn = {study: marks_as_json(marks) for study, marks in marks_of_studies.items() if marks}
    if not drawn:
        return ""
    spelled = json.dumps(drawn, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(spelled.encode()).hexdigest()
