"""The written rule of docs/pictures.md, computed over the library's own floats by nothing of ours."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut

FAR = 2.0**40
"""Further from any window than a pixel can be."""


def picture_by_the_rule(pixels: NDArray[Any], image: Dataset) -> NDArray[np.uint8]:
    """Return the picture of grey pixels: the rule for each value that occurs, put where it occurs."""
    values, places = _occurring(pixels)
    output = apply_modality_lut(values, image)
    fractions = _fractions(values, output, image)
    eight = np.floor(255 * np.clip(fractions, 0, 1) + 0.5 + 2.0**-20).astype(np.uint8)
    if _is_inverse(image):
        eight = (255 - eight).astype(np.uint8)
    picture = np.asarray(eight[places].reshape(pixels.shape))
    for group in range(0x6000, 0x6020, 2):
        if (group, 0x3000) in image and image[group, 0x0040].value == "G":
            drawn = image.overlay_array(group).astype(bool)
            top, left = (int(each) - 1 for each in image[group, 0x0050].value)
            part = picture[top : top + drawn.shape[0], left : left + drawn.shape[1]]
            part[drawn[: part.shape[0], : part.shape[1]]] = 255
    return picture


def _occurring(pixels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the values that occur and for each pixel the place of its value among them."""
    if pixels.dtype.itemsize > 2:
        return np.unique(pixels, return_inverse=True)
    lowest = int(pixels.min())
    shifted = pixels.astype(np.int32) - lowest
    seen = np.zeros(int(shifted.max()) + 1, dtype=bool)
    seen[shifted] = True
    return (np.flatnonzero(seen) + lowest).astype(pixels.dtype), (np.cumsum(seen) - 1)[shifted]


def _fractions(values: NDArray[Any], output: NDArray[Any], image: Dataset) -> NDArray[np.float64]:
    if image.get("VOILUTSequence"):
        depth = int(image.VOILUTSequence[0].LUTDescriptor[2])
        looked_up = apply_voi_lut(np.floor(output + 0.5).astype(np.int64), image)
        return np.asarray(looked_up / (2.0**depth - 1))
    if _has_window(image):
        with np.errstate(over="ignore"):
            low, high = map(float, apply_voi_lut(np.array([-FAR, FAR]), image))
            return np.asarray((apply_voi_lut(output, image) - low) / (high - low))
    if image.BitsStored <= 8 and np.array_equal(output, values):
        low = -(2.0 ** (image.BitsStored - 1)) if image.PixelRepresentation else 0.0
        return np.asarray((output - low) / (2.0**image.BitsStored - 1))
    padding = image.get("PixelPaddingValue")
    counted = output[values != padding] if padding is not None else output
    low, high = float(counted.min()), float(counted.max())
    return np.asarray((output - low) / (high - low)) if high > low else np.zeros(output.shape)


def _has_window(image: Dataset) -> bool:
    width = image.get("WindowWidth")
    first = width[0] if hasattr(width, "__len__") and not isinstance(width, str) else width
    return first not in (None, "") and float(first) >= 1 and image.get("WindowCenter") not in (None, "")


def _is_inverse(image: Dataset) -> bool:
    shape = image.get("PresentationLUTShape")
    inverse = {"INVERSE": True, "IDENTITY": False}
    return inverse.get(shape, image.PhotometricInterpretation == "MONOCHROME1")
