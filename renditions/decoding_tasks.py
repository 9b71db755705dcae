"""What is done with a decoded frame: in a limited child, never where requests are answered. Pure."""

import json

from imaging.jpeg_ls import jpeg_ls
from imaging.picture import picture
from imaging.rendering import AS_THE_IMAGE_SAYS, Rendering
from renditions.frame_image import FrameImage


def octets_of(image: FrameImage) -> list[bytes]:
    """Return a frame decoded, as it would lie in Explicit VR Little Endian, colour by pixel."""
    pixels = image.decoded().pixels
    return [pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()]


def native_frame_of(image: FrameImage) -> list[bytes]:
    """Return a frame decoded, colour by pixel, and what its attributes are now, as JSON."""
    decoded = image.decoded(as_coded=True)
    pixels = decoded.pixels
    said = {
        "photometric_interpretation": str(decoded.image.PhotometricInterpretation),
        "samples_per_pixel": 1 if pixels.ndim == 2 else pixels.shape[2],
        "bits_allocated": 8 * pixels.dtype.itemsize,
    }
    octets = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()
    return [octets, json.dumps(said, sort_keys=True).encode("ascii")]


def jpeg_ls_of(image: FrameImage) -> list[bytes]:
    """Return a frame in JPEG-LS without loss."""
    return [jpeg_ls(image.decoded(as_coded=True))]


def picture_of(image: FrameImage, media_type: str, rendering: Rendering = AS_THE_IMAGE_SAYS) -> list[bytes]:
    """Return a frame as a picture."""
    return [picture(image.decoded(), media_type, rendering)]
