"""How fast the frames of a cine follow each other, by what the instance says (PS3.3 C.7.6.5). Pure."""

from collections.abc import Callable
from typing import Final

from storage.element_tree import Tree

FRAMES_AT_MOST: Final = 300
"""Of a moving picture to look a study over; the rest is had frame by frame."""
FASTEST_MILLISECONDS: Final = 10
SLOWEST_MILLISECONDS: Final = 1_000
_LONGEST_VALUE: Final = 4_096


def _by_rate(values: list[float]) -> float:
    return 1000 / values[0]


def _by_time(values: list[float]) -> float:
    return sum(values) / len(values)


def _by_vector(values: list[float]) -> float:
    return sum(values[1:]) / len(values[1:])


_BY_TAG: Final[dict[int, Callable[[list[float]], float]]] = {
    0x00082144: _by_rate,
    0x00180040: _by_rate,
    0x00181063: _by_time,
    0x00181065: _by_vector,
}
"""Recommended Display Frame Rate, Cine Rate, Frame Time, and Frame Time Vector, whose first value is 0."""


def milliseconds_of(tree: Tree) -> int | None:
    """Return how long a frame is shown; None where frames are no cine: slices have no time."""
    for tag, rule in _BY_TAG.items():
        element = tree.get(tag)
        raw = b"" if element is None or element.value is None else element.value[:_LONGEST_VALUE]
        try:
            told = rule([float(part) for part in raw.decode("latin_1").strip("\0 ").split("\\")])
        except (ValueError, ZeroDivisionError):
            continue
        if told > 0:
            return round(min(max(told, FASTEST_MILLISECONDS), SLOWEST_MILLISECONDS))
    return None
