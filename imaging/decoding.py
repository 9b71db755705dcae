"""One frame as numbers: whatever its compression, and never more than was allowed."""

import struct
import zlib
from dataclasses import dataclass
from typing import Any, Final

from numpy.typing import NDArray
from pydicom import Dataset, config
from pydicom.errors import BytesLengthException
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, ExplicitVRLittleEndian, RLELossless

from core.errors import UnsupportedTransferSyntax
from imaging.codecs import JPEG_XL, add_decoders, decode_jpeg_xl
from imaging.codestream import claimed_pixels
from imaging.colour import rgb
from imaging.native import ENCAPSULATED_NATIVE, as_native
from imaging.overlay import has_embedded_overlay
from imaging.samples import stored_values
from imaging.transfer_syntaxes import NATIVE, named

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
    zlib.error,
)


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """One decoded frame, with the attributes that say how to show it. Colour is pixel by pixel.

    `allocated` are the same pixels with all their bits, where some of them are an overlay's.
    """

    pixels: NDArray[Any]
    image: Dataset
    number: int = 1
    """Which frame of its instance it is, from 1: overlays lie on some frames only."""
    allocated: NDArray[Any] | None = None


def decode(
    image: Dataset, frame: bytes, *, most_pixels: int, number: int = 1, as_coded: bool = False
) -> Decoded:
    """Return the one frame that `image` holds as its Pixel Data; `frame` is the same, not encapsulated.

    Colour becomes RGB; `as_coded` leaves luminance and chrominance as they are, if the image is coded so.

    Raises:
        UnsupportedTransferSyntax: too large to decode, broken, or compressed in a way not known here.
    """
    transfer_syntax_uid = str(image.file_meta.TransferSyntaxUID)
    if (claimed_pixels(frame) or 0) > most_pixels:
        raise undecodable(f"has more than {most_pixels} pixels a frame")
    try:
        if transfer_syntax_uid in ENCAPSULATED_NATIVE:
            as_native(image, frame)
            transfer_syntax_uid = ExplicitVRLittleEndian
        if transfer_syntax_uid in JPEG_XL:
            return _decoded_jpeg_xl(image, frame, number)
        return _decoded(image, transfer_syntax_uid, number, as_coded=as_coded)
    except NotImplementedError as error:
        raise undecodable(
            f"is compressed as {named(transfer_syntax_uid)}, which is not decoded here"
        ) from error
    except DECODER_ERRORS as error:
        raise undecodable(
            f"cannot be decoded: it is not {named(transfer_syntax_uid)} as it should be"
        ) from error


def undecodable(why: str) -> UnsupportedTransferSyntax:
    """Return the refusal of pixel data, in words."""
    return UnsupportedTransferSyntax(f"The pixel data {why}; the instance can be had as it was received.")


def _decoded(image: Dataset, transfer_syntax_uid: str, number: int, *, as_coded: bool) -> Decoded:
    add_decoders()
    # In these two, every bit that is allocated is there; what is none of the value is taken out by our own
    # rule, since the library holds High Bit to be Bits Stored less one.
    with_all_bits = transfer_syntax_uid in NATIVE or transfer_syntax_uid == RLELossless
    is_partial = str(image.PhotometricInterpretation) == "YBR_PARTIAL_422" and transfer_syntax_uid in NATIVE
    if is_partial:
        # The same four samples for two pixels as YBR_FULL_422 (C.7.6.3.1.2), in another range.
        image.PhotometricInterpretation = "YBR_FULL_422"
    decoder = get_decoder(UID(transfer_syntax_uid))
    allocated, shown_as = decoder.as_array(
        image,
        index=0,
        raw=True,
        correct_unused_bits=not with_all_bits,  # type: ignore[arg-type] # the library's note for **kwargs is wrong
    )
    interpretation = "YBR_PARTIAL_422" if is_partial else str(shown_as["photometric_interpretation"])
    pixels = stored_values(allocated, image) if with_all_bits else allocated
    if pixels.ndim == 3 and not as_coded:
        pixels, interpretation = rgb(pixels, interpretation), "RGB"
    image.PhotometricInterpretation = interpretation
    keeps_bits = with_all_bits and has_embedded_overlay(image)
    return Decoded(pixels=pixels, image=image, number=number, allocated=allocated if keeps_bits else None)


def _decoded_jpeg_xl(image: Dataset, frame: bytes, number: int) -> Decoded:
    pixels = decode_jpeg_xl(frame)
    image.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else str(image.PhotometricInterpretation)
    return Decoded(pixels=pixels, image=image, number=number)
