"""An instance in another transfer syntax than it came in: frame by frame, never whole.

In Explicit VR Little Endian whatever can be decoded; in JPEG-LS, without loss, what came without loss.
"""

import json
import struct
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from core.errors import NotFound, UnsupportedTransferSyntax
from imaging.decoding import undecodable
from imaging.jpeg_ls import JPEG_LS_LOSSLESS, is_for_jpeg_ls
from imaging.transfer_syntaxes import DECODED, is_lossless
from renditions.frame_image import FrameImage
from renditions.stored_frames import StoredFrames
from storage.archive import Archive
from storage.element_header import EXPLICIT_VR_LITTLE_ENDIAN
from storage.element_values import little_endian
from storage.explicit_encoding import (
    PIXEL_DATA,
    Values,
    before_pixels,
    behind_pixels,
    fragmented_pixels,
    header,
)
from storage.instance import Instance
from storage.instance_content import Content, opened
from storage.part10 import part10_header

_LONGEST_VALUE: Final = 2**32 - 2
_PHOTOMETRIC_INTERPRETATION, _PLANAR_CONFIGURATION = 0x00280004, 0x00280006
_BITS_ALLOCATED, _SAMPLES_PER_PIXEL = 0x00280100, 0x00280002
_RGB_BY_PIXEL: Final[Values] = {
    _PHOTOMETRIC_INTERPRETATION: ("CS", b"RGB"),
    _PLANAR_CONFIGURATION: ("US", b"\0\0"),
}

NativeFrame = Callable[[FrameImage], list[bytes]]
"""Decodes a frame, in a child: what `decoding_tasks.native_frame_of` returns."""

CodedFrame = Callable[[StoredFrames, int], bytes]
"""Gives the frame of a number in JPEG-LS. Raises UnsupportedTransferSyntax where something would be lost."""


def is_transcoded(instance: Instance) -> bool:
    """Whether an instance can be given in Explicit VR Little Endian, and came in something else."""
    stored = instance.transfer_syntax_uid
    return stored != EXPLICIT_VR_LITTLE_ENDIAN and stored in DECODED


def may_be_in_jpeg_ls(instance: Instance, frames_of: Callable[[Instance], StoredFrames]) -> bool:
    """Whether an instance came without loss in another transfer syntax, and says that JPEG-LS can hold it.

    Only its head is read: what the pixels themselves are is known when they are decoded.
    """
    if instance.transfer_syntax_uid == JPEG_LS_LOSSLESS or not is_lossless(instance.transfer_syntax_uid):
        return False
    try:
        with frames_of(instance) as frames:
            return is_for_jpeg_ls(frames.attributes())
    except NotFound:
        return False


def in_jpeg_ls(
    archive: Archive,
    instance: Instance,
    frames_of: Callable[[Instance], StoredFrames],
    coded_frame: CodedFrame,
) -> Iterator[bytes]:
    """Yield an instance as a file in JPEG-LS Lossless.

    Raises:
        UnsupportedTransferSyntax: something would be lost; with the first piece if the first frame would.
        StorageUnavailable: its bytes cannot be had.
    """
    with opened(archive, instance) as content, frames_of(instance) as frames:
        first = coded_frame(frames, 1)
        later = (coded_frame(frames, number) for number in range(2, frames.number_of_frames + 1))
        yield _file_meta(instance, JPEG_LS_LOSSLESS)
        is_colour = int(frames.attributes().get("SamplesPerPixel") or 1) > 1
        yield from before_pixels(content, _RGB_BY_PIXEL if is_colour else {})
        yield from fragmented_pixels(chain([first], later))
        yield from behind_pixels(content)


def in_explicit_little_endian(
    archive: Archive,
    instance: Instance,
    frames_of: Callable[[Instance], StoredFrames],
    native_frame: NativeFrame,
) -> Iterator[bytes]:
    """Yield an instance as a file in Explicit VR Little Endian.

    Raises:
        UnsupportedTransferSyntax: its pixels cannot be decoded; with the first piece if the first cannot.
        StorageUnavailable: its bytes cannot be had.
    """
    with opened(archive, instance) as content:
        pixels = content.tree.get(PIXEL_DATA)
        if pixels is None or not pixels.fragmented:
            yield from _native(content, instance)
            return
        with frames_of(instance) as frames:
            yield from _decoded(content, instance, frames, native_frame)


def _file_meta(instance: Instance, transfer_syntax_uid: str = EXPLICIT_VR_LITTLE_ENDIAN) -> bytes:
    return part10_header(instance.sop_class_uid, instance.sop_instance_uid, transfer_syntax_uid)


def _native(content: Content, instance: Instance) -> Iterator[bytes]:
    """Yield an instance whose pixels are not compressed: all values as they are."""
    yield _file_meta(instance)
    yield from before_pixels(content, {})
    pixels = content.tree.get(PIXEL_DATA)
    if pixels is not None:
        # In Implicit VR every pixel is in words (PS3.5 A.1), which says nothing of its depth.
        yield header(PIXEL_DATA, "OW" if pixels.vr == "UN" else pixels.vr, pixels.length + pixels.length % 2)
        for chunk in content.chunks(pixels.offset, pixels.length):
            yield little_endian(chunk, pixels.vr) if pixels.encoding.big_endian else chunk
        yield b"\0" * (pixels.length % 2)
    yield from behind_pixels(content)


def _decoded(
    content: Content, instance: Instance, frames: StoredFrames, native_frame: NativeFrame
) -> Iterator[bytes]:
    first, said = native_frame(frames.image(1))
    length = len(first) * frames.number_of_frames
    if length > _LONGEST_VALUE:
        raise undecodable("is too long to be given uncompressed")
    attributes = json.loads(said)
    yield _file_meta(instance)
    yield from before_pixels(content, _values(attributes))
    yield header(PIXEL_DATA, "OW" if attributes["bits_allocated"] > 8 else "OB", length + length % 2)
    yield first
    for number in range(2, frames.number_of_frames + 1):
        frame, said_too = native_frame(frames.image(number))
        if len(frame) != len(first) or said_too != said:
            raise UnsupportedTransferSyntax("Frames of one instance are not alike.")
        yield frame
    yield b"\0" * (length % 2)
    yield from behind_pixels(content)


def _values(attributes: dict[str, int | str]) -> Values:
    """Return what decoding changes of the attributes (PS3.3 C.7.6.3)."""
    samples = int(attributes["samples_per_pixel"])
    values = {
        _PHOTOMETRIC_INTERPRETATION: ("CS", str(attributes["photometric_interpretation"]).encode("ascii")),
        _SAMPLES_PER_PIXEL: ("US", struct.pack("<H", samples)),
        _BITS_ALLOCATED: ("US", struct.pack("<H", int(attributes["bits_allocated"]))),
    }
    if samples > 1:
        values[_PLANAR_CONFIGURATION] = ("US", struct.pack("<H", 0))
    return values
