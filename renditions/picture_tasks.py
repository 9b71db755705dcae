"""The pictures that are kept ready, made of decoded frames in a limited child. Pure."""

import io
from collections.abc import Sequence
from typing import Final

from PIL import Image

from imaging.picture import shown
from renditions.frame_image import FrameImage

_JPEG_QUALITY: Final = 85


def scaled_of(image: FrameImage, sides: Sequence[int]) -> list[bytes]:
    """Return a frame as JPEG for each of these longest sides in pixels; a smaller frame stays as it is."""
    shades = Image.fromarray(shown(image.decoded()))
    return [_jpeg(_scaled(shades, side)) for side in sides]


def _scaled(shades: Image.Image, side: int) -> Image.Image:
    """Bilinear over all pixels that fall into one: no edge gets a halo that is not in the image."""
    longest = max(shades.size)
    if longest <= side:
        return shades
    width, height = (max(1, round(each * side / longest)) for each in shades.size)
    return shades.resize((width, height), Image.Resampling.BILINEAR)


def _jpeg(shades: Image.Image) -> bytes:
    buffer = io.BytesIO()
    shades.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()
