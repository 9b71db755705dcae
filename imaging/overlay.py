"""Overlay planes: what a device drew over an image without changing it (PS3.3 C.9.2, C.9.3). Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

OVERLAY_GROUPS: Final = range(0x6000, 0x6020, 2)
_ROWS, _COLUMNS, _FRAMES, _TYPE = 0x0010, 0x0011, 0x0015, 0x0040
_ORIGIN, _FIRST_FRAME, _POSITION, _DATA = 0x0050, 0x0051, 0x0102, 0x3000
_GRAPHICS: Final = "G"
"""A region of interest, type R, covers what is to be seen, and is not drawn."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class _Plane:
    """One plane as the data set describes it; `top` and `left` count from 0."""

    rows: int
    columns: int
    top: int
    left: int
    bits: NDArray[np.uint8]

    def on(self, mask: Mask) -> None:
        """Draw it where it lies on the image; what lies beside it is left out."""
        plane = self.bits.reshape(self.rows, self.columns).astype(np.bool_)
        top, left = max(0, self.top), max(0, self.left)
        part = plane[top - self.top : mask.shape[0] - self.top, left - self.left : mask.shape[1] - self.left]
        mask[top : top + part.shape[0], left : left + part.shape[1]] |= part


def graphics(
    image: Dataset, shape: tuple[int, int], *, number: int, allocated: NDArray[Any] | None = None
) -> Mask | None:
    """Return where graphics are drawn on frame `number` (from 1) of an image; None where nowhere.

    `allocated` are the frame's pixels with all bits, some of which may be an overlay's (retired in 2004).

    Raises:
        ValueError: a plane is smaller than it says.
    """
    mask: Mask = np.zeros(shape, dtype=np.bool_)
    for plane in _planes(image, number, allocated):
        plane.on(mask)
    return mask if mask.any() else None


def has_embedded_overlay(image: Dataset) -> bool:
    """Whether bits of the pixels that are not stored values are said to be an overlay's."""
    return any(
        (group, _POSITION) in image and (group, _DATA) not in image and image[group, _POSITION].value
        for group in OVERLAY_GROUPS
    )


def _planes(image: Dataset, number: int, allocated: NDArray[Any] | None) -> Iterator[_Plane]:
    for group in OVERLAY_GROUPS:
        if str(_value(image, group, _TYPE) or "").strip() != _GRAPHICS:
            continue
        rows, columns = int(_value(image, group, _ROWS) or 0), int(_value(image, group, _COLUMNS) or 0)
        if (group, _DATA) in image:
            bits = _frame_bits(image, group, number, rows * columns)
        else:
            bits = _embedded_bits(image, group, allocated)
        if bits is not None and rows * columns:
            top, left = _value(image, group, _ORIGIN) or (1, 1)
            yield _Plane(rows=rows, columns=columns, top=int(top) - 1, left=int(left) - 1, bits=bits)


def _frame_bits(image: Dataset, group: int, number: int, count: int) -> NDArray[np.uint8] | None:
    """Return the bits of a frame's plane; one without a number of frames is on all (C.9.3.1.1)."""
    frames = int(_value(image, group, _FRAMES) or 0)
    place = number - int(_value(image, group, _FIRST_FRAME) or 1) if frames else 0
    if frames and not 0 <= place < frames:
        return None
    raw = np.frombuffer(image[group, _DATA].value, dtype=np.uint8)
    first, end = place * count, (place + 1) * count
    if end > 8 * len(raw):
        raise ValueError("an overlay shorter than it says")
    packed = raw[first // 8 : (end + 7) // 8]
    return np.unpackbits(packed, bitorder="little")[first % 8 : first % 8 + count]


def _embedded_bits(image: Dataset, group: int, allocated: NDArray[Any] | None) -> NDArray[np.uint8] | None:
    position = int(_value(image, group, _POSITION) or 0)
    if allocated is None or not 0 < position < 8 * allocated.dtype.itemsize:
        return None
    unsigned = allocated.view(f"u{allocated.dtype.itemsize}")
    return ((unsigned >> position) & 1).astype(np.uint8).ravel()


def _value(image: Dataset, group: int, element: int) -> Any:
    return image[group, element].value if (group, element) in image else None
