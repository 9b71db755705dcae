"""Frames in JPEG-LS without loss (PS3.5 8.2.3, A.4.3), and the proof that nothing was lost. Pure."""

from typing import Any, Final

import imagecodecs
import numpy as np
from jpeg_ls import encode_pixel_data  # type: ignore[import-untyped] # it ships no types
from numpy.typing import NDArray
from pydicom import Dataset

from imaging.decoding import DECODER_ERRORS, Decoded, undecodable
from imaging.overlay import has_embedded_overlay
from imaging.samples import stored_values

JPEG_LS_LOSSLESS: Final = "1.2.840.10008.1.2.4.80"
_BITS: Final = range(2, 17)
_BY_PIXEL: Final = 2
_COLOURS: Final = frozenset({"RGB", "YBR_RCT"})
"""What is RGB when it is decoded, without loss."""


def jpeg_ls(decoded: Decoded) -> bytes:
    """Return a frame of grey or palette values, or of RGB, in JPEG-LS, decoded again and compared.

    Raises:
        UnsupportedTransferSyntax: something would be lost: colours that are coded in another way, bits beside
            the value.
    """
    image, pixels = decoded.image, decoded.pixels
    try:
        if not _is_plain(decoded):
            raise undecodable("cannot be given in JPEG-LS without loss")
        encoded = _encoded(pixels, int(image.BitsStored))
        # The stream knows of no sign: its bits are those of the value (PS3.5 8.2.3).
        coded = np.asarray(imagecodecs.jpegls_decode(encoded)).view(pixels.dtype)
        is_same = np.array_equal(stored_values(coded, image), pixels)
    except DECODER_ERRORS as error:
        raise undecodable("cannot be given in JPEG-LS") from error
    if not is_same:
        raise undecodable("cannot be given in JPEG-LS without loss")
    return encoded


def is_for_jpeg_ls(image: Dataset) -> bool:
    """Whether an image whose pixels were not looked at yet says nothing that keeps it out of JPEG-LS."""
    try:
        samples = int(image.get("SamplesPerPixel") or 1)
        has_colours = samples == 3 and image.PhotometricInterpretation in _COLOURS
        return _is_sized(image) and not has_embedded_overlay(image) and (samples == 1 or has_colours)
    except DECODER_ERRORS:
        return False


def _is_plain(decoded: Decoded) -> bool:
    """Whether the values are all that the image has, and its attributes say what the stream will hold."""
    image, pixels = decoded.image, decoded.pixels
    has_colours = pixels.ndim == 3 and image.PhotometricInterpretation == "RGB" and pixels.shape[2] == 3
    is_known = pixels.dtype.kind in "iu" and (pixels.ndim == 2 or has_colours)
    return decoded.allocated is None and _is_sized(image) and is_known


def _is_sized(image: Dataset) -> bool:
    bits_stored, bits_allocated = int(image.BitsStored), int(image.BitsAllocated)
    is_whole = image.get("HighBit") in {None, bits_stored - 1}
    return is_whole and bits_stored in _BITS and bits_allocated == (8 if bits_stored <= 8 else 16)


def _encoded(pixels: NDArray[Any], bits_stored: int) -> bytes:
    rows, columns = pixels.shape[:2]
    bits = pixels.astype("<u1" if bits_stored <= 8 else "<u2") & (2**bits_stored - 1)
    if pixels.dtype.kind == "u" and not np.array_equal(bits, pixels):
        raise ValueError("values beyond the bits that are stored")
    colour = {"interleave_mode": _BY_PIXEL} if pixels.ndim == 3 else {}
    return bytes(
        encode_pixel_data(
            bits.tobytes(),
            rows=rows,
            columns=columns,
            samples_per_pixel=1 if pixels.ndim == 2 else 3,
            bits_stored=bits_stored,
            photometric_interpretation="MONOCHROME2" if pixels.ndim == 2 else "RGB",
            **colour,
        )
    )
