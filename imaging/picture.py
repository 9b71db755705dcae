"""Frames as pictures for a screen: eight bits, overlays, viewport, file (PS3.3 C.11, C.7.6.3, C.9.2). Pure.

This is for looking a study over; diagnosis uses the stored pixels.
"""

import io
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import InvalidRequest, UnsupportedTransferSyntax
from imaging.decoding import DECODER_ERRORS, Decoded
from imaging.grey import grey
from imaging.overlay import graphics
from imaging.palette import colours
from imaging.rendering import AS_THE_IMAGE_SAYS, Rendering, Viewport

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
GIF: Final = "image/gif"
WEBP: Final = "image/webp"
_DRAWN: Final = 255
"""Overlays are white, on every image."""
_WEBP_SIDE: Final = 16_383
_WEBP_EFFORT: Final = 2
_UNSHOWABLE: Final = "The image's attributes do not say how to show it; it can be had as it was received."


def picture(decoded: Decoded, media_type: str, rendering: Rendering = AS_THE_IMAGE_SAYS) -> bytes:
    """Return a frame as JPEG, PNG, GIF or WebP.

    Raises:
        InvalidRequest: a window is asked for, of colours; or a part that is not within the image.
        UnsupportedTransferSyntax: its attributes do not say how to show it.
    """
    shades = Image.fromarray(shown(decoded, rendering))
    if rendering.viewport is not None:
        shades = _in_viewport(shades, rendering.viewport)
    return _encoded(shades, media_type, rendering.quality)


def shown(decoded: Decoded, rendering: Rendering = AS_THE_IMAGE_SAYS) -> NDArray[np.uint8]:
    """Return a frame in eight bits, grey or RGB, with what is drawn over it.

    Raises:
        InvalidRequest: a window is asked for, of colours.
        UnsupportedTransferSyntax: its attributes do not say how to show it.
    """
    try:
        pixels = _eight_bits(decoded, rendering)
        if rendering.with_overlays:
            return _drawn_over(pixels, decoded)
    except DECODER_ERRORS as error:
        raise UnsupportedTransferSyntax(_UNSHOWABLE) from error
    return pixels


def _eight_bits(decoded: Decoded, rendering: Rendering) -> NDArray[np.uint8]:
    image, pixels = decoded.image, decoded.pixels
    is_palette = image.PhotometricInterpretation == "PALETTE COLOR"
    if rendering.window is not None and (is_palette or pixels.ndim == 3):
        raise InvalidRequest("A window is for images of grey values; this one is in colour.")
    if is_palette:
        return colours(pixels, image)
    if pixels.ndim == 3:
        return _colour(pixels, int(image.BitsStored))
    if image.PhotometricInterpretation not in {"MONOCHROME1", "MONOCHROME2"}:
        raise ValueError("one sample for each pixel that is neither grey nor of a palette")
    return grey(pixels, image, rendering.window)


def _colour(pixels: NDArray[Any], bits_stored: int) -> NDArray[np.uint8]:
    """Return colours of any depth in eight bits, rounding half up."""
    if pixels.dtype == np.uint8 and bits_stored == 8:
        return pixels
    fractions = pixels.astype(np.float64) / (2**bits_stored - 1)
    return np.asarray(np.floor(255 * np.clip(fractions, 0, 1) + 0.5).astype(np.uint8))


def _drawn_over(pixels: NDArray[np.uint8], decoded: Decoded) -> NDArray[np.uint8]:
    rows, columns = pixels.shape[:2]
    mask = graphics(decoded.image, (rows, columns), number=decoded.number, allocated=decoded.allocated)
    if mask is None:
        return pixels
    drawn = pixels.copy()
    drawn[mask] = _DRAWN
    return drawn


def _in_viewport(shades: Image.Image, viewport: Viewport) -> Image.Image:
    """Return the part that is asked for, as large as the viewport holds."""
    box = viewport.box(*shades.size)
    size = viewport.size_of(box)
    # A whole part at its own size stays as it is: nothing is computed that could change a value.
    if size != shades.size or box != (0, 0, *shades.size):
        # Bilinear over all pixels that fall into one: no edge gets a halo that is not in the image.
        shades = shades.resize(size, Image.Resampling.BILINEAR, box=box)
    left_to_right, top_to_bottom = viewport.flips
    if left_to_right:
        shades = shades.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return shades.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if top_to_bottom else shades


def _encoded(shades: Image.Image, media_type: str, quality: int) -> bytes:
    buffer = io.BytesIO()
    if media_type == PNG:
        shades.save(buffer, "PNG", compress_level=1)
    elif media_type == GIF:
        # Of greys all 256 are kept; colours are brought down to 256.
        (shades if shades.mode == "L" else shades.quantize(256)).save(buffer, "GIF")
    elif media_type == WEBP:
        if max(shades.size) > _WEBP_SIDE:
            raise InvalidRequest(f"A WebP has at most {_WEBP_SIDE} pixels a side: ask for a viewport.")
        shades.save(buffer, "WEBP", quality=quality, method=_WEBP_EFFORT)
    else:
        shades.save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()
