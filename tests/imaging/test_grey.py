"""Grey values case by case: tables, windows, inversion, padding, bits (PS3.3 C.11.1, C.11.2, C.7.6.3.1)."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from core.errors import InvalidRequest, UnsupportedTransferSyntax
from imaging.decoding import Decoded
from imaging.functional_groups import apply_functional_groups
from imaging.grey import grey
from imaging.picture import shown
from imaging.rendering import Rendering
from imaging.samples import stored_values
from imaging.window import Window, WindowFunction
from tests.imaging.rule import picture_by_the_rule

SIGNED = np.arange(-(2**15), 2**15, 7, dtype=np.int16).reshape(-1, 1)


def image_with(**values: Any) -> Dataset:
    """Return the attributes of a signed 16-bit image."""
    image = Dataset()
    image.set_original_encoding(is_implicit_vr=False, is_little_endian=True)
    attributes = {
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "PixelRepresentation": 1,
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
    } | values
    for keyword, value in attributes.items():
        if value is not None:
            setattr(image, keyword, value)
    return image


def table(descriptor: list[int], entries: Any) -> list[Dataset]:
    """Return a sequence of one lookup table."""
    item = Dataset()
    item.LUTDescriptor = descriptor
    item.add_new("LUTData", "OW", np.asarray(entries, "u1" if descriptor[2] == 8 else "<u2").tobytes())
    return [item]


@pytest.mark.parametrize(
    "values",
    [
        {"WindowCenter": 40, "WindowWidth": 400},
        {"WindowCenter": [40, -600], "WindowWidth": [400, 1500]},
        {"WindowCenter": 40.5, "WindowWidth": 1.5, "VOILUTFunction": "LINEAR_EXACT"},
        {"WindowCenter": 40, "WindowWidth": 400, "VOILUTFunction": "SIGMOID"},
        {"WindowCenter": 40, "WindowWidth": 511},
        {"WindowCenter": 40, "WindowWidth": 1},
        {"WindowCenter": 40, "WindowWidth": 0},
        {"WindowCenter": -3000, "WindowWidth": 10},
        {},
        {"RescaleSlope": None, "RescaleIntercept": None},
        {"PixelPaddingValue": -32768},
        {"PhotometricInterpretation": "MONOCHROME1", "WindowCenter": 0, "WindowWidth": 77},
        {"RescaleSlope": "-0.37", "WindowCenter": 1, "WindowWidth": 333},
        {"RescaleSlope": "0.5", "VOILUTSequence": table([256, 0, 16], np.arange(256) * 257)},
        {"VOILUTSequence": table([64, -1024, 12], np.arange(64) * 65)},
        {"WindowCenter": 9, "WindowWidth": 9, "VOILUTSequence": table([64, 0, 10], np.arange(64) * 16)},
        {
            "ModalityLUTSequence": table([1024, 0, 16], np.arange(1024) * 60),
            "WindowCenter": 9000,
            "WindowWidth": 5000,
        },
        {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"},
        {"PhotometricInterpretation": "MONOCHROME2", "PresentationLUTShape": "INVERSE"},
        {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "IDENTITY"},
    ],
    ids=str,
)
def test_every_way_to_show_grey_is_the_rule(values: dict[str, Any]) -> None:
    image = image_with(**values)
    assert np.array_equal(grey(SIGNED, image), picture_by_the_rule(SIGNED, image_with(**values)))


@pytest.mark.parametrize(
    ("bits", "entries", "greys"), [(10, [0, 512, 1023], [0, 128, 255]), (12, [0, 4095], [0, 255])]
)
def test_a_modality_table_of_any_depth_is_looked_up(bits: int, entries: list[int], greys: list[int]) -> None:
    image = image_with(ModalityLUTSequence=table([len(entries), 5, bits], entries))
    pixels = np.arange(4, 6 + len(entries), dtype=np.int16).reshape(1, -1)
    # What lies before or behind the table has the entry of its end.
    assert grey(pixels, image).tolist() == [[greys[0], *greys, greys[-1]]]


def test_a_first_value_below_zero_is_read_where_it_was_written_without_its_sign() -> None:
    entries = np.arange(64) * 65
    written, meant = (image_with(VOILUTSequence=table([64, first, 12], entries)) for first in (64512, -1024))
    assert np.array_equal(grey(SIGNED, written), grey(SIGNED, meant))


def test_a_table_of_bytes_keeps_its_end_for_all_that_lies_behind() -> None:
    image = image_with(RescaleIntercept=0, VOILUTSequence=table([64, 0, 8], np.arange(64) * 4))
    # The library counts such places in eight bits, and begins the table again behind 255.
    assert grey(np.array([[-1, 0, 63, 64, 300, 30000]], np.int16), image).tolist() == [[0, 0] + [252] * 4]


def test_an_empty_function_is_linear() -> None:
    empty, none = (image_with(WindowCenter=4, WindowWidth=99, VOILUTFunction=name) for name in ("", None))
    assert np.array_equal(grey(SIGNED, empty), grey(SIGNED, none))


def test_a_table_of_bytes_and_one_of_numbers_are_read() -> None:
    for data, vr in ((bytes([0, 128, 255, 0]), "OW"), ([0, 128, 255], "US")):
        item = Dataset()
        item.LUTDescriptor = [3, 0, 8]
        item.add_new("LUTData", vr, data)
        pixels = np.arange(3, dtype=np.uint8).reshape(1, 3)
        image = image_with(BitsAllocated=8, BitsStored=8, PixelRepresentation=0, RescaleIntercept=0)
        image.VOILUTSequence = [item]
        assert grey(pixels, image).tolist() == [[0, 128, 255]]


@pytest.mark.parametrize(
    "values",
    [
        {"VOILUTSequence": table([9, 0, 16], [1, 2])},
        {"VOILUTSequence": table([1, 0, 17], [1])},
        {"ModalityLUTSequence": [Dataset()]},
        {"WindowCenter": 1, "WindowWidth": 9, "VOILUTFunction": "COSINE"},
        {"PhotometricInterpretation": "SOMETHING"},
    ],
    ids=str,
)
def test_what_does_not_say_how_to_show_it_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedTransferSyntax):
        shown(Decoded(pixels=SIGNED, image=image_with(**values)))


def test_a_window_that_is_asked_for_stands_in_place_of_the_images_own() -> None:
    own = {"WindowCenter": 1, "WindowWidth": 2, "VOILUTSequence": table([2, 0, 16], [0, 65535])}
    for function in WindowFunction:
        window = Window(center=300, width=900, function=function)
        wanted = image_with(WindowCenter=300, WindowWidth=900, VOILUTFunction=function.value)
        made = shown(Decoded(pixels=SIGNED, image=image_with(**own)), Rendering(window=window))
        assert np.array_equal(made, picture_by_the_rule(SIGNED, wanted))


@pytest.mark.parametrize(
    ("width", "function"),
    [(0, "LINEAR"), (0.5, "LINEAR"), (0, "SIGMOID"), (-1, "LINEAR_EXACT"), (float("nan"), "LINEAR")],
)
def test_a_window_without_width_is_none(width: float, function: str) -> None:
    with pytest.raises(InvalidRequest):
        Window(center=0, width=width, function=WindowFunction(function))


def test_eight_bits_without_a_window_are_shades_as_they_are() -> None:
    plain = {"RescaleSlope": None, "RescaleIntercept": None, "BitsAllocated": 8}
    unsigned = image_with(**plain, BitsStored=8, PixelRepresentation=0)
    assert grey(np.array([[7, 200]], np.uint8), unsigned).tolist() == [[7, 200]]
    signed = image_with(**plain, BitsStored=8)
    assert grey(np.array([[-128, 127]], np.int8), signed).tolist() == [[0, 255]]
    bits = image_with(**plain | {"BitsAllocated": 1}, BitsStored=1, PixelRepresentation=0)
    assert grey(np.array([[0, 1]], np.uint8), bits).tolist() == [[0, 255]]


def test_padding_decides_nothing_of_what_is_black_and_white() -> None:
    unsigned = {"PixelRepresentation": 0, "RescaleIntercept": 0}
    pixels = np.array([[63536, 100, 300]], np.uint16)
    image = image_with(**unsigned, PixelPaddingValue=63536)
    assert grey(pixels, image).tolist() == [[255, 0, 255]]
    ranged = image_with(**unsigned, PixelPaddingValue=60000, PixelPaddingRangeLimit=65535)
    assert grey(pixels, ranged).tolist() == [[255, 0, 255]]
    assert grey(np.full((1, 2), 63536, np.uint16), image).tolist() == [[0, 0]]


def test_values_of_32_bits_are_shown_too() -> None:
    pixels = np.array([[0, 2**30, 2**31]], np.uint32)
    image = image_with(BitsAllocated=32, BitsStored=32, PixelRepresentation=0, RescaleIntercept=0)
    assert grey(pixels, image).tolist() == [[0, 128, 255]]


@pytest.mark.parametrize(
    ("stored", "high", "signed", "raw", "values"),
    [
        (12, 11, False, [0xF123, 0x0FFF], [0x123, 0xFFF]),
        (12, 11, True, [0xF7FF, 0x0800], [0x7FF, -0x800]),
        (12, 15, False, [0x123F, 0xFFF0], [0x123, 0xFFF]),
        (12, 15, True, [0x7FFA, 0x8001], [0x7FF, -0x800]),
        (10, 12, False, [0xE000 | (0x155 << 3) | 7], [0x155]),
        (16, 15, True, [0x8000], [-0x8000]),
        (12, None, False, [0xF123], [0x123]),
    ],
)
def test_only_stored_bits_are_the_value(
    stored: int, high: int | None, signed: bool, raw: list[int], values: list[int]
) -> None:
    image = image_with(BitsStored=stored, HighBit=high)
    allocated = np.array(raw, np.uint16).view(np.int16 if signed else np.uint16)
    assert stored_values(allocated, image).tolist() == values


@pytest.mark.parametrize(("stored", "high"), [(0, 0), (17, 16), (12, 10), (12, 16)])
def test_bits_that_are_not_there_are_refused(stored: int, high: int) -> None:
    with pytest.raises(ValueError, match="Bits Stored"):
        stored_values(np.zeros(4, np.uint16), image_with(BitsStored=stored, HighBit=high))


def group(**values: Any) -> Dataset:
    """Return a functional group with a window and a rescale."""
    voi, transformation = Dataset(), Dataset()
    for keyword, value in values.items():
        setattr(transformation if keyword.startswith("Rescale") else voi, keyword, value)
    functional_group = Dataset()
    functional_group.FrameVOILUTSequence = [voi] if len(voi) else []
    functional_group.PixelValueTransformationSequence = [transformation] if len(transformation) else []
    return functional_group


def test_a_frame_is_shown_as_its_functional_groups_say() -> None:
    shared = group(RescaleSlope=2, RescaleIntercept=-10)
    per_frame = group(WindowCenter=100, WindowWidth=50, VOILUTFunction="LINEAR_EXACT")
    image = image_with(WindowCenter=1, WindowWidth=2, VOILUTSequence=table([2, 0, 16], [0, 65535]))
    apply_functional_groups(image, [shared, per_frame])
    wanted = image_with(
        RescaleSlope=2, RescaleIntercept=-10, WindowCenter=100, WindowWidth=50, VOILUTFunction="LINEAR_EXACT"
    )
    assert np.array_equal(grey(SIGNED, image), picture_by_the_rule(SIGNED, wanted))


def test_an_empty_functional_group_changes_nothing() -> None:
    image = image_with(WindowCenter=1, WindowWidth=200)
    apply_functional_groups(image, [Dataset(), group()])
    assert np.array_equal(
        grey(SIGNED, image), picture_by_the_rule(SIGNED, image_with(WindowCenter=1, WindowWidth=200))
    )


def drawn(pixels: NDArray[Any], image: Dataset, number: int = 1, **values: Any) -> list[list[int]]:
    """Return the picture of a frame with what is drawn over it."""
    made = shown(Decoded(pixels=pixels, image=image, number=number, **values))
    return [[int(each) for each in row] for row in made]


def overlay(image: Dataset, bits: list[int], *, rows: int = 2, columns: int = 2, **values: Any) -> None:
    """Lay a plane over an image."""
    elements = {0x10: ("US", rows), 0x11: ("US", columns), 0x40: ("CS", values.get("kind", "G"))}
    elements |= {0x50: ("SS", values.get("origin", [1, 1])), 0x100: ("US", 1)}
    elements |= {0x3000: ("OW", np.packbits(bits, bitorder="little").tobytes())} if bits else {}
    elements |= (
        {0x15: ("IS", values["frames"]), 0x51: ("US", values.get("first", 1))} if "frames" in values else {}
    )
    elements |= {0x102: ("US", values["position"])} if "position" in values else {}
    for element, (vr, value) in elements.items():
        image.add_new((values.get("group", 0x6000) << 16) | element, vr, value)


BLACK = np.zeros((2, 3), np.uint8)
BYTES = {
    "BitsAllocated": 8,
    "BitsStored": 8,
    "PixelRepresentation": 0,
    "RescaleSlope": None,
    "RescaleIntercept": None,
}


@pytest.mark.parametrize(
    ("values", "bits", "picture"),
    [
        ({}, [1, 0, 0, 1], [[255, 0, 0], [0, 255, 0]]),
        ({"origin": [1, 2]}, [1, 0, 0, 1], [[0, 255, 0], [0, 0, 255]]),
        ({"origin": [0, 0]}, [0, 0, 0, 1], [[255, 0, 0], [0, 0, 0]]),
        ({"origin": [2, 3]}, [1, 1, 1, 1], [[0, 0, 0], [0, 0, 255]]),
        ({"origin": [9, 9]}, [1, 1, 1, 1], [[0, 0, 0], [0, 0, 0]]),
        ({"kind": "R"}, [1, 1, 1, 1], [[0, 0, 0], [0, 0, 0]]),
        ({"group": 0x601E}, [0, 1, 0, 0], [[0, 255, 0], [0, 0, 0]]),
        ({"frames": 2}, [1, 0, 0, 0, 0, 0, 0, 1], [[255, 0, 0], [0, 0, 0]]),
        ({"frames": 1, "first": 2}, [1, 1, 1, 1], [[0, 0, 0], [0, 0, 0]]),
    ],
    ids=str,
)
def test_graphics_are_drawn_white_where_they_lie(
    values: dict[str, Any], bits: list[int], picture: list[list[int]]
) -> None:
    image = image_with(**BYTES)
    overlay(image, bits, **values)
    assert drawn(BLACK, image) == picture


def test_each_frame_has_its_own_graphics_and_colours_have_them_too() -> None:
    image = image_with(**BYTES | {"PhotometricInterpretation": "RGB"})
    overlay(image, [1, 0, 0, 0, 0, 0, 0, 1], frames=2)
    made = shown(Decoded(pixels=np.zeros((2, 2, 3), np.uint8), image=image, number=2))
    assert made.tolist() == [[[0] * 3, [0] * 3], [[0] * 3, [255] * 3]]


def test_graphics_in_the_bits_of_the_pixels_are_drawn_and_are_not_the_value() -> None:
    image = image_with(BitsStored=12, HighBit=11, PixelRepresentation=0, WindowCenter=2048, WindowWidth=4096)
    overlay(image, [], rows=1, columns=2, position=15)
    allocated = np.array([[0x8000, 0x0000]], np.uint16)
    assert drawn(stored_values(allocated, image), image, allocated=allocated) == [[255, 0]]


def test_graphics_that_are_too_short_are_refused() -> None:
    image = image_with(**BYTES)
    overlay(image, [1, 1, 1, 1], rows=4, columns=4)
    with pytest.raises(UnsupportedTransferSyntax):
        drawn(BLACK, image)
