"""Frames as pictures for a screen: lookup tables, window, colour, eight bits (PS3.3 C.11, C.7.6.3). Pure.

This is for looking a study over; diagnosis uses the stored pixels.
"""

import io
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.multival import MultiValue
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut

from core.errors import UnsupportedTransferSyntax
from imaging.decoding import DECODER_ERRORS, Decoded

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
_JPEG_QUALITY: Final = 90
_BEYOND: Final = 2.0**40
"""Further from any window than a pixel can be."""
_LARGEST_TABLE: Final = 2**17


def picture(decoded: Decoded, media_type: str) -> bytes:
    """Return a frame as JPEG or PNG.

    Raises:
        UnsupportedTransferSyntax: its attributes do not say how to show it.
    """
    try:
        pixels = shown(decoded)
    except DECODER_ERRORS as error:
        raise UnsupportedTransferSyntax(
            "The image's attributes do not say how to show it; it can be had as it was received."
        ) from error
    buffer = io.BytesIO()
    if media_type == PNG:
        Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    else:
        Image.fromarray(pixels).save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()


def shown(decoded: Decoded) -> NDArray[np.uint8]:
    """Return a frame in eight bits, grey or RGB."""
    image, pixels = decoded.image, decoded.pixels
    if image.PhotometricInterpretation == "PALETTE COLOR":
        entries = apply_color_lut(pixels, image)[..., :3]
        return _scaled(entries, 0, np.iinfo(entries.dtype).max)
    if pixels.ndim == 3:
        return _scaled(pixels, 0, 2 ** int(image.BitsStored) - 1)
    return _grey(pixels, image)


def _grey(pixels: NDArray[Any], image: Dataset) -> NDArray[np.uint8]:
    """Look each stored value up in a table that is made once for all values the frame has."""
    lowest, highest = int(pixels.min()), int(pixels.max())
    _drop_impossible_window(image)
    if highest - lowest < _LARGEST_TABLE:
        table = _windowed(np.arange(lowest, highest + 1, dtype=np.int64), image)
        grey = table[pixels.astype(np.int64) - lowest]
    else:
        grey = _windowed(pixels, image)
    return (
        np.subtract(255, grey, dtype=np.uint8) if image.PhotometricInterpretation == "MONOCHROME1" else grey
    )


def _windowed(values: NDArray[Any], image: Dataset) -> NDArray[np.uint8]:
    """Apply modality LUT and the first VOI LUT or window; without any, what there is fills the range."""
    output = apply_modality_lut(values, image)
    if image.get("VOILUTSequence"):
        depth = int(image.VOILUTSequence[0].LUTDescriptor[2])
        return _scaled(apply_voi_lut(output.astype(np.int64), image), 0, 2**depth - 1)
    if "WindowWidth" in image and "WindowCenter" in image:
        # The sigmoid's exponential overflows far from the window, and is right there: it ends at 0 and 1.
        with np.errstate(over="ignore"):
            low, high = apply_voi_lut(np.array([-_BEYOND, _BEYOND]), image)
            return _scaled(apply_voi_lut(output, image), float(low), float(high))
    return _scaled(output, float(output.min()), float(output.max()))


def _scaled(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Map low to 0 and high to 255, rounding half up."""
    if high == low:
        return np.zeros(values.shape, dtype=np.uint8)
    if values.dtype == np.uint8 and (low, high) == (0, 255):
        return values
    scaled = 255.0 * (values.astype(np.float64) - low) / (high - low)
    rounded: NDArray[np.uint8] = np.clip(np.floor(scaled + 0.5), 0, 255).astype(np.uint8)
    return rounded


def _drop_impossible_window(image: Dataset) -> None:
    """Leave out a window that C.11.2.1.2 forbids: some devices write a width of 0 for none."""
    widths = image.get("WindowWidth")
    first = widths[0] if isinstance(widths, MultiValue) else widths
    if first is None or float(first) < 1 or image.get("WindowCenter") is None:
        for keyword in ("WindowWidth", "WindowCenter"):
            if keyword in image:
                delattr(image, keyword)
