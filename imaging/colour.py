"""Colour as it is coded, turned into red, green and blue (PS3.3 C.7.6.3.1.2). Pure."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.processing import convert_color_space

FULL_RANGE: Final = frozenset({"YBR_FULL", "YBR_FULL_422"})
PARTIAL_RANGE: Final = frozenset({"YBR_PARTIAL_420", "YBR_PARTIAL_422"})
KNOWN: Final = frozenset({"RGB", "YBR_ICT", "YBR_RCT"}) | FULL_RANGE | PARTIAL_RANGE
"""Photometric interpretations of three samples; the two of JPEG 2000 are undone by its decoder."""
_STUDIO: Final = np.array(
    [
        [255 / 219, 0, 1.402 * 255 / 224],
        [255 / 219, -0.344136 * 255 / 224, -0.714136 * 255 / 224],
        [255 / 219, 1.772 * 255 / 224, 0],
    ]
)
"""ITU-R BT.601 with luminance of 16 to 235 and chrominance of 16 to 240."""


def rgb(pixels: NDArray[Any], photometric_interpretation: str) -> NDArray[Any]:
    """Return pixels as RGB.

    Raises:
        ValueError: their colours are coded in a way that is not known here.
    """
    if photometric_interpretation not in KNOWN:
        raise ValueError("a photometric interpretation that is not known")
    if photometric_interpretation in FULL_RANGE:
        return convert_color_space(pixels, "YBR_FULL", "RGB")
    if photometric_interpretation in PARTIAL_RANGE and pixels.dtype == np.uint8:
        centred = pixels.astype(np.float64) - (16.0, 128.0, 128.0)
        return np.asarray(np.clip(np.floor(centred @ _STUDIO.T + 0.5), 0, 255).astype(np.uint8))
    return pixels
