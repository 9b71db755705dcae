"""One frame as numbers: whatever its compression, and never more than was allowed."""

import struct
from dataclasses import dataclass
from typing import Any, Final

from numpy.typing import NDArray
from pydicom import Dataset, config
from pydicom.errors import BytesLengthException
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from core.errors import UnsupportedTransferSyntax
from imaging.codecs import JPEG_XL, add_decoders, decode_jpeg_xl
from imaging.codestream import claimed_pixels

# Devices' values are what they are; a warning about each would quote it.
config.settings.reading_validation_mode = config.IGNORE

# What numpy, pydicom and its decoders are known to raise on pixel data that is not what it should be.
DECODER_ERRORS: Final = (
    ArithmeticError,
    AttributeError,
    BytesLengthException,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """One decoded frame, with the attributes that say how to show it. Colour is RGB, pixel by pixel."""

    pixels: NDArray[Any]
    image: Dataset


def decode(image: Dataset, frame: bytes, *, most_pixels: int) -> Decoded:
    """Return the one frame that `image` holds as its Pixel Data; `frame` is the same, not encapsulated.

    Raises:
        UnsupportedTransferSyntax: too large to decode, broken, or compressed in a way not known here.
    """
    transfer_syntax_uid = UID(image.file_meta.TransferSyntaxUID)
    if (claimed_pixels(frame) or 0) > most_pixels:
        raise undecodable(f"has more than {most_pixels} pixels a frame")
    try:
        if transfer_syntax_uid in JPEG_XL:
            pixels = decode_jpeg_xl(frame)
            interpretation = "RGB" if pixels.ndim == 3 else str(image.PhotometricInterpretation)
        else:
            add_decoders()
            pixels, shown_as = get_decoder(transfer_syntax_uid).as_array(image, index=0)
            interpretation = str(shown_as["photometric_interpretation"])
    except NotImplementedError as error:
        raise undecodable("is compressed in a way that is not decoded here") from error
    except DECODER_ERRORS as error:
        raise undecodable("cannot be decoded") from error
    image.PhotometricInterpretation = interpretation
    return Decoded(pixels=pixels, image=image)


def undecodable(why: str) -> UnsupportedTransferSyntax:
    """Return the refusal of pixel data, in words."""
    return UnsupportedTransferSyntax(f"The pixel data {why}; the instance can be had as it was received.")
