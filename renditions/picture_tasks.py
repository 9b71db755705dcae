"""The pictures that are kept ready, made of decoded frames in a limited child. Pure."""

import io
from collections.abc import Sequence
from typing import Final

from PIL import Image

from imaging.picture import shown
from renditions.frame_image import FrameImage

_JPEG_QUALITY: Final = 85
_WEBP_QUALITY: Final = 75
_WEBP_EFFORT: Final = 2


def scaled_of(image: FrameImage, sides: Sequence[int]) -> list[bytes]:
    """Return a frame as JPEG for each of these longest sides in pixels; a smaller frame stays as it is."""
    shades = Image.fromarray(shown(image.decoded()))
    return [_jpeg(_scaled(shades, side)) for side in sides]


def cine_of(images: Sequence[FrameImage], side: int, milliseconds: int) -> list[bytes]:
    """Return frames as an animated WebP that repeats, each shown for so long."""
    frames = (_scaled(Image.fromarray(shown(image.decoded())).convert("RGB"), side) for image in images)
    buffer = io.BytesIO()
    next(frames).save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=frames,
        duration=milliseconds,
        loop=0,
        quality=_WEBP_QUALITY,
        method=_WEBP_EFFORT,
    )
    return [buffer.getvalue()]


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
