"""Palettes: entries of 8 and 16 bits, and segmented tables (PS3.3 C.7.6.3.1.5, C.7.9.2)."""

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from imaging.lookup_table import Descriptor
from imaging.palette import colours, expanded


def image_with(descriptor: list[int], data: bytes, **values: Any) -> Dataset:
    """Return a palette of which all three colours are alike."""
    image = Dataset()
    image.PixelRepresentation = values.get("signed", 0)
    for name in ("Red", "Green", "Blue"):
        setattr(image, f"{name}PaletteColorLookupTableDescriptor", descriptor)
        setattr(image, f"{name}PaletteColorLookupTableData", data)
    return image


def shades(pixels: Any, image: Dataset) -> list[int]:
    made = colours(np.asarray(pixels).reshape(1, -1), image)
    assert np.array_equal(made[..., 0], made[..., 1])
    assert np.array_equal(made[..., 0], made[..., 2])
    return [int(each) for each in made[0, :, 0]]


WORDS = np.array([0, 257 * 7, 65535], "<u2").tobytes()


@pytest.mark.parametrize(
    ("descriptor", "data", "pixels", "wanted"),
    [
        ([3, 0, 16], WORDS, np.arange(5, dtype=np.uint8), [0, 7, 255, 255, 255]),
        ([3, 10, 16], WORDS, np.array([0, 10, 11, 300], np.uint16), [0, 0, 7, 255]),
        ([3, 0, 8], bytes([1, 2, 3, 0]), np.array([0, 2, 256, 700], np.uint16), [1, 3, 3, 3]),
        ([3, 0, 8], WORDS, np.array([1, 2], np.uint8), [7, 255]),
        ([3, 0, 16], np.array([1, 2, 255], "<u2").tobytes(), np.array([1, 2], np.uint8), [2, 255]),
    ],
)
def test_a_palette_is_looked_up(descriptor: list[int], data: bytes, pixels: Any, wanted: list[int]) -> None:
    assert shades(pixels, image_with(descriptor, data)) == wanted


def test_a_palette_may_begin_below_zero() -> None:
    image = image_with([3, 65535, 16], WORDS, signed=1)
    assert shades(np.array([-2, -1, 0, 1], np.int16), image) == [0, 0, 7, 255]


def test_a_palette_that_is_too_short_or_missing_is_refused() -> None:
    with pytest.raises(ValueError, match="buffer"):
        colours(np.zeros((1, 1), np.uint8), image_with([9, 0, 16], WORDS[:4]))
    with pytest.raises(AttributeError):
        colours(np.zeros((1, 1), np.uint8), Dataset())


def table(entries: int, bits: int) -> Descriptor:
    return Descriptor(entry_count=entries, first=0, bits=bits)


@pytest.mark.parametrize(
    ("bits", "units", "wanted"),
    [
        (16, [0, 3, 10, 20, 30], [10, 20, 30]),
        (16, [0, 1, 10, 1, 4, 50], [10, 20, 30, 40, 50]),
        (16, [0, 1, 10, 1, 2, 0], [10, 5, 0]),
        # Two segments again from byte 0: the place 5 in words is byte 10.
        (16, [0, 1, 10, 1, 2, 30, 2, 2, 0, 0], [10, 20, 30, 10, 20, 30]),
        (8, [0, 2, 7, 9, 2, 1, 0, 0, 0, 0], [7, 9, 7, 9]),
        (8, [0, 2, 7, 9, 0], [7, 9]),
    ],
)
def test_a_segmented_palette_is_expanded(bits: int, units: list[int], wanted: list[int]) -> None:
    data = np.array(units, "<u2" if bits == 16 else "u1").tobytes()
    assert expanded(data, table(len(wanted), bits)).tolist() == wanted


@pytest.mark.parametrize(
    "units",
    [
        [1, 4, 50],
        [0, 1, 10, 9, 1, 1],
        [0, 1, 10, 2, 1, 6, 0],
        [0, 1, 10, 2, 1, 60000, 60000],
        [0, 1, 10, 2, 2, 0, 0],
        [0, 2, 10, 11],
        [0, 1, 10, 1, 0, 5],
    ],
)
def test_segments_that_lead_nowhere_are_refused(units: list[int]) -> None:
    with pytest.raises(ValueError, match=r"segment|shorter"):
        expanded(np.array(units, "<u2").tobytes(), table(99, 16))


def test_a_segmented_palette_is_never_longer_than_it_says() -> None:
    units = [0, 1, 1, *[1, 65535, 9] * 1000]
    assert len(expanded(np.array(units, "<u2").tobytes(), table(65536, 16))) == 65536
