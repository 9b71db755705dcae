"""Frames that are encapsulated but hold plain pixels: as they are (PS3.5 A.4.11), or deflated (A.4.13)."""

import zlib
from typing import Final

from pydicom import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian

UNCOMPRESSED_FRAMES: Final = "1.2.840.10008.1.2.1.98"
DEFLATED_FRAMES: Final = "1.2.840.10008.1.2.8.1"
ENCAPSULATED_NATIVE: Final = frozenset({UNCOMPRESSED_FRAMES, DEFLATED_FRAMES})


def as_native(image: Dataset, frame: bytes) -> None:
    """Make the one frame of an image native, never longer than its attributes say.

    Raises:
        zlib.error, ValueError: the frame does not hold what it should.
    """
    samples = int(image.Rows) * int(image.Columns) * int(image.get("SamplesPerPixel") or 1)
    length = (samples * int(image.BitsAllocated) + 7) // 8
    if image.file_meta.TransferSyntaxUID == DEFLATED_FRAMES:
        frame = zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(frame, length)
    if len(frame) < length:
        raise ValueError("a frame shorter than its attributes say")
    image.file_meta.TransferSyntaxUID = UID(ExplicitVRLittleEndian)
    image.PixelData = frame[:length] + b"\0" * (length % 2)
    image["PixelData"].VR = "OW" if int(image.BitsAllocated) > 8 else "OB"
    image["PixelData"].is_undefined_length = False
