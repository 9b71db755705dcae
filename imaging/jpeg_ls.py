"""Grey frames in JPEG-LS without loss (PS3.5 A.4.3), and the proof that nothing was lost. Pure."""

from typing import Final

import imagecodecs
import numpy as np
from jpeg_ls import encode_pixel_data  # type: ignore[import-untyped] # it ships no types

from imaging.decoding import DECODER_ERRORS, Decoded, undecodable

JPEG_LS_LOSSLESS: Final = "1.2.840.10008.1.2.4.80"
_BITS: Final = range(2, 17)


def jpeg_ls(decoded: Decoded) -> bytes:
    """Return a frame of unsigned grey or palette values in JPEG-LS, decoded again and compared.

    Raises:
        UnsupportedTransferSyntax: something would be lost: a sign, colour, bits beside the value.
    """
    image, pixels = decoded.image, decoded.pixels
    try:
        bits_stored, bits_allocated = int(image.BitsStored), int(image.BitsAllocated)
        is_plain = image.get("HighBit") in {None, bits_stored - 1} and decoded.allocated is None
        is_sized = bits_stored in _BITS and (bits_stored <= 8) == (bits_allocated == 8)
        if pixels.ndim != 2 or pixels.dtype.kind != "u" or not is_plain or not is_sized:
            raise undecodable("cannot be given in JPEG-LS without loss")
        rows, columns = pixels.shape
        encoded = bytes(
            encode_pixel_data(
                pixels.astype("<u1" if bits_stored <= 8 else "<u2").tobytes(),
                rows=rows,
                columns=columns,
                samples_per_pixel=1,
                bits_stored=bits_stored,
            )
        )
        is_same = np.array_equal(imagecodecs.jpegls_decode(encoded), pixels)
    except DECODER_ERRORS as error:
        raise undecodable("cannot be given in JPEG-LS") from error
    if not is_same:
        raise undecodable("cannot be given in JPEG-LS without loss")
    return encoded
