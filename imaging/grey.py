"""Grey values in eight bits, by the one written rule (docs/pictures.md; PS3.3 C.11.1, C.11.2). Pure."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from imaging.lookup_table import LookupTable, lookup_table
from imaging.window import Window, first_window

_TIE: Final = 2.0**-20
"""What is so near to a half counts as one, so that no order of the same arithmetic shows another grey."""
_TABLE_BYTES: Final = 2
"""Values of up to 16 bits are looked up in a table of all of them."""
_PIECE: Final = 16_384


def grey(pixels: NDArray[Any], image: Dataset, window: Window | None = None) -> NDArray[np.uint8]:
    """Return stored values in eight bits, through Modality LUT, VOI LUT or window, and inversion.

    `window` stands in place of what the image names.

    Raises:
        ValueError, AttributeError, TypeError: the attributes do not say how to show it.
    """
    pipeline = _Pipeline(image, window)
    if pixels.dtype.kind not in "iu" or pixels.dtype.itemsize > _TABLE_BYTES:
        return pipeline.shown(pixels, pixels)
    unsigned = np.dtype(f"u{pixels.dtype.itemsize}")
    every = np.arange(2 ** (8 * unsigned.itemsize), dtype=unsigned)
    places = pixels.view(unsigned)
    occurring = every
    if pipeline.depends_on_what_occurs:
        seen = np.zeros(len(every), dtype=np.bool_)
        seen[places] = True
        occurring = every[seen]
    table = pipeline.shown(every.view(pixels.dtype), occurring.view(pixels.dtype))
    return _looked_up(table, places)


def _looked_up(table: NDArray[np.uint8], places: NDArray[Any]) -> NDArray[np.uint8]:
    """Return what the table has at these places, a piece at a time.

    numpy makes indices of eight bytes of them first: those of a piece stay in the cache, and are never a
    hundred megabytes.
    """
    shades = np.empty(places.shape, dtype=np.uint8)
    flat, found = places.reshape(-1), shades.reshape(-1)
    for begin in range(0, flat.size, _PIECE):
        # Every place is in the table: "clip" only spares the look whether that is so.
        np.take(table, flat[begin : begin + _PIECE], out=found[begin : begin + _PIECE], mode="clip")
    return shades


class _Pipeline:
    """What happens to a stored value of one image."""

    def __init__(self, image: Dataset, window: Window | None) -> None:
        self._image = image
        self._modality = _modality_lut(image)
        self._slope, self._intercept = _rescale(image)
        self._window = window
        self._voi: LookupTable | None = None
        if window is None and image.get("VOILUTSequence"):
            self._voi = lookup_table(image.VOILUTSequence[0], signed=self._reaches_below_zero())
        elif window is None:
            self._window = first_window(image)

    @property
    def depends_on_what_occurs(self) -> bool:
        """Whether neither a window nor the depth of the values says what is black and white."""
        return self._window is None and self._voi is None and not self._is_plain_byte()

    def shown(self, values: NDArray[Any], occurring: NDArray[Any]) -> NDArray[np.uint8]:
        """Return values in eight bits, `occurring` being all that the frame has."""
        fractions = self._fractions(self._modality_output(values), occurring)
        eight: NDArray[np.uint8] = np.floor(255 * fractions + (0.5 + _TIE)).astype(np.uint8)
        return np.subtract(255, eight, dtype=np.uint8) if is_inverse(self._image) else eight

    def _fractions(self, output: NDArray[Any], occurring: NDArray[Any]) -> NDArray[np.float64]:
        if self._window is not None:
            return self._window.fractions(output)
        if self._voi is not None:
            looked_up = self._voi.looked_up(output).astype(np.float64)
            return np.asarray(np.clip(looked_up / (2**self._voi.bits - 1), 0.0, 1.0))
        low, high = self._extent(occurring)
        if high <= low:
            return np.zeros(output.shape)
        return np.asarray(np.clip((output - low) / (high - low), 0.0, 1.0))

    def _modality_output(self, values: NDArray[Any]) -> NDArray[np.float64]:
        if self._modality is not None:
            return self._modality.looked_up(values).astype(np.float64)
        output: NDArray[np.float64] = values.astype(np.float64) * self._slope + self._intercept
        return output

    def _extent(self, occurring: NDArray[Any]) -> tuple[float, float]:
        """Return what is black and what is white where neither a window nor a table says it."""
        if self._is_plain_byte():
            depth = int(self._image.BitsStored)
            low = -(2 ** (depth - 1)) if self._image.get("PixelRepresentation") == 1 else 0
            return float(low), float(low + 2**depth - 1)
        occurring = _without_padding(occurring, self._image)
        if occurring.size == 0:
            return 0.0, 0.0
        output = self._modality_output(occurring)
        return float(output.min()), float(output.max())

    def _is_plain_byte(self) -> bool:
        """Whether the values are shades already: eight bits or fewer, and nothing that changes them."""
        is_unchanged = self._modality is None and (self._slope, self._intercept) == (1.0, 0.0)
        return bool(is_unchanged and 1 <= int(self._image.get("BitsStored") or 16) <= 8)

    def _reaches_below_zero(self) -> bool:
        if self._modality is not None:
            return False
        depth = int(self._image.get("BitsStored") or 16)
        lowest = -(2 ** (depth - 1)) if self._image.get("PixelRepresentation") == 1 else 0
        ends = (lowest * self._slope, (lowest + 2**depth - 1) * self._slope)
        return bool(min(ends) + self._intercept < 0)


def is_inverse(image: Dataset) -> bool:
    """Whether the lowest value is shown white (C.7.6.3.1.2); a Presentation LUT Shape says it best.

    MONOCHROME1 with INVERSE, as digital radiographs have it (C.8.11.3.1.2), is inverted once.
    """
    shape = str(image.get("PresentationLUTShape") or "").strip()
    if shape in {"IDENTITY", "INVERSE"}:
        return shape == "INVERSE"
    return bool(image.PhotometricInterpretation == "MONOCHROME1")


def _modality_lut(image: Dataset) -> LookupTable | None:
    if not image.get("ModalityLUTSequence"):
        return None
    return lookup_table(image.ModalityLUTSequence[0], signed=image.get("PixelRepresentation") == 1)


def _rescale(image: Dataset) -> tuple[float, float]:
    """Return slope and intercept (C.11.1.1.2); both or neither count, and a slope of 0 says nothing."""
    slope, intercept = image.get("RescaleSlope"), image.get("RescaleIntercept")
    if slope in (None, "") or intercept in (None, "") or float(slope) == 0:
        return 1.0, 0.0
    return float(slope), float(intercept)


def _without_padding(values: NDArray[Any], image: Dataset) -> NDArray[Any]:
    """Leave out what only fills the frame (C.7.5.1.1.2): it says nothing of what is in it."""
    ends = [image.get("PixelPaddingValue"), image.get("PixelPaddingRangeLimit")]
    known = [int(end) for end in ends if isinstance(end, int)]
    if not known or ends[0] is None:
        return values
    if image.get("PixelRepresentation") != 1:
        known = [end % 2**16 for end in known]
    kept: NDArray[Any] = values[(values < min(known)) | (values > max(known))]
    return kept
