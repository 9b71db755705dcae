"""The decoders that pydicom lacks without copyleft libraries: JPEG extended, JPEG lossless, JPEG XL.

The first two are plugins of pydicom's own decoders, which know what a data set means by its attributes. JPEG
XL came to the standard after the library's last release, so its frames are decoded beside it.
"""

from functools import cache
from typing import Any, Final

import imagecodecs
from numpy.typing import NDArray
from pydicom.pixels.decoders.base import (
    Decoder,
    DecodeRunner,
    JPEGExtended12BitDecoder,
    JPEGLosslessDecoder,
    JPEGLosslessSV1Decoder,
)
from pydicom.uid import UID, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1

JPEG_XL: Final = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (110, 111, 112))
"""Lossless, JPEG recompressed without loss, and lossy."""
DECODER_DEPENDENCIES: Final = dict.fromkeys(
    (JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1), ("numpy", "imagecodecs")
)
"""What pydicom asks of a plugin."""
_PLUGIN: Final = "imagecodecs"


def is_available(uid: UID) -> bool:
    """Tell pydicom that this plugin decodes a transfer syntax."""
    return uid in DECODER_DEPENDENCIES


def decode_jpeg(source: bytes, runner: DecodeRunner) -> bytes:
    """Decode a frame as pydicom's plugins do: the numbers as they are coded, no colour changed."""
    decoded = imagecodecs.jpeg8_decode(source)
    runner.set_option("bits_allocated", decoded.dtype.itemsize * 8)
    if runner.pixel_representation == 1 and runner.bits_stored < decoded.dtype.itemsize * 8:
        decoded = _with_sign(decoded, runner.bits_stored)
    if runner.samples_per_pixel > 1:
        runner.set_option("planar_configuration", 0)
    return decoded.tobytes()


@cache
def add_decoders() -> None:
    """Make pydicom's decoders complete, once."""
    decoders: tuple[Decoder, ...] = (
        JPEGExtended12BitDecoder,
        JPEGLosslessDecoder,
        JPEGLosslessSV1Decoder,
    )
    for decoder in decoders:
        decoder.add_plugin(_PLUGIN, (__name__, decode_jpeg.__name__))


def decode_jpeg_xl(source: bytes) -> NDArray[Any]:
    """Return rows x columns, or rows x columns x 3 as RGB whatever it was before."""
    decoded: NDArray[Any] = imagecodecs.jpegxl_decode(source)
    return decoded


def _with_sign(decoded: NDArray[Any], bits_stored: int) -> NDArray[Any]:
    """Extend the sign of stored bits to those allocated: the coded numbers know of no sign."""
    shift = decoded.dtype.itemsize * 8 - bits_stored
    return (decoded << shift).view(f"i{decoded.dtype.itemsize}") >> shift
