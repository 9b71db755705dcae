"""Pictures in eight bits: the written rule, held against the library's own lookup tables value by value.

The rule: y is what the modality LUT and the first VOI LUT or window make of a stored value, in 64-bit floats.
The picture holds floor(255 * (y - low) / (high - low) + 0.5), where low and high are the ends of the window's
output, of the table's entries, or without either of what occurs; MONOCHROME1 is subtracted from 255.
"""

import os
import warnings
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.data import get_testdata_files
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut, pixel_array

from imaging.decoding import Decoded
from imaging.picture import PNG, picture
from tests.viewer_api.stored import DATA

UNSHOWABLE = {"badVR.dcm", "MR_truncated.dcm", "leadtools-flowers-16-mono2-rle.dcm"}
"""Damaged: their attributes do not say how to show them."""
FAR = 2.0**40


def shipped() -> Iterator[Path]:
    """Yield the files that come with the library, and with its data package."""
    yield from sorted({Path(name) for name in get_testdata_files()})
    yield from sorted(DATA.glob("*.dcm"))


def small(paths: Iterable[Path]) -> Iterator[Path]:
    """Leave out what takes long: nothing is said of large images that small ones do not say."""
    return (path for path in paths if path.stat().st_size < 300_000)


def grey(path: Path) -> Dataset | None:
    """Return an image of grey values, None for what is none or cannot be decoded by the library."""
    try:
        dataset = pydicom.dcmread(path, force=True)
        if not str(dataset.get("PhotometricInterpretation", "")).startswith("MONOCHROME"):
            return None
        if "PixelData" not in dataset or dataset.get("SamplesPerPixel", 1) != 1:
            return None
        pixel_array(dataset, index=0)
    except Exception:  # noqa: BLE001 - whatever the library cannot read is no witness
        return None
    return dataset


def expected(pixels: NDArray[Any], image: Dataset) -> NDArray[np.uint8]:
    """Return the rule's picture, computed over the whole image and not by a table of ours."""
    output = apply_modality_lut(pixels, image)
    width = image.get("WindowWidth")
    first = width[0] if isinstance(width, pydicom.multival.MultiValue) else width
    if image.get("VOILUTSequence"):
        low, high = 0.0, 2.0 ** int(image.VOILUTSequence[0].LUTDescriptor[2]) - 1
        output = apply_voi_lut(output.astype(np.int64), image)
    elif first is not None and float(first) >= 1 and image.get("WindowCenter") is not None:
        with np.errstate(over="ignore"):
            low, high = map(float, apply_voi_lut(np.array([-FAR, FAR]), image))
            output = apply_voi_lut(output, image)
    else:
        low, high = float(output.min()), float(output.max())
    if high == low:
        eight = np.zeros(pixels.shape)
    else:
        eight = np.clip(np.floor(255 * (output.astype(np.float64) - low) / (high - low) + 0.5), 0, 255)
    if image.PhotometricInterpretation == "MONOCHROME1":
        return np.asarray((255 - eight).astype(np.uint8))
    return np.asarray(eight.astype(np.uint8))


def require_rule(paths: Iterator[Path]) -> int:
    """Hold the picture of each grey image against the rule and return how many there were."""
    count = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in paths:
            dataset = grey(path)
            if dataset is None or path.name in UNSHOWABLE:
                continue
            pixels = pixel_array(dataset, index=0)
            wanted = expected(pixels, dataset)
            made = Image.open(BytesIO(picture(Decoded(pixels=pixels, image=dataset), PNG)))
            assert np.array_equal(np.asarray(made), wanted), path.name
            count += 1
    return count


def test_every_grey_image_of_the_library_is_shown_by_the_rule() -> None:
    assert require_rule(small(shipped())) > 50


def test_every_grey_sample_is_shown_by_the_rule(sample_data: Path) -> None:
    files = (Path(folder) / name for folder, _, names in os.walk(sample_data) for name in names)
    assert require_rule(small(files)) > 20


def windowed(**values: Any) -> Dataset:
    """Return the attributes of a signed 16-bit image."""
    image = Dataset()
    attributes = {
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "PixelRepresentation": 1,
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
    } | values
    for keyword, value in attributes.items():
        setattr(image, keyword, value)
    return image


@pytest.mark.parametrize(
    "window",
    [
        {"WindowCenter": 40, "WindowWidth": 400},
        {"WindowCenter": [40, -600], "WindowWidth": [400, 1500]},
        {"WindowCenter": 40.5, "WindowWidth": 1.5, "VOILUTFunction": "LINEAR_EXACT"},
        {"WindowCenter": 40, "WindowWidth": 400, "VOILUTFunction": "SIGMOID"},
        {"WindowCenter": 40, "WindowWidth": 0},
        {"WindowCenter": -3000, "WindowWidth": 10},
        {},
        {"PhotometricInterpretation": "MONOCHROME1", "WindowCenter": 0, "WindowWidth": 77},
        {"RescaleSlope": "-0.37", "WindowCenter": 1, "WindowWidth": 333},
    ],
    ids=str,
)
def test_every_window_is_shown_by_the_rule(window: dict[str, Any]) -> None:
    pixels = np.arange(-(2**15), 2**15, 7, dtype=np.int16).reshape(-1, 1)
    image = windowed(**window)
    wanted = expected(pixels, image)
    made = Image.open(BytesIO(picture(Decoded(pixels=pixels, image=image), PNG)))
    assert np.array_equal(np.asarray(made), wanted)
