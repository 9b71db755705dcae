"""How large an image a compressed frame claims to be, read before any decoder allocates for it. Pure."""

import struct
from typing import Final

_JPEG: Final = b"\xff\xd8"
_JPEG_2000: Final = b"\xff\x4f\xff\x51"
_JP2_BOX: Final = b"\x00\x00\x00\x0cjP  "
_JPEG_XL: Final = b"\xff\x0a"
_JPEG_XL_BOX: Final = b"\x00\x00\x00\x0cJXL "
_FRAME_HEADERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
"""SOF0 to SOF15 without DHT, JPG and DAC, and SOF55 of JPEG-LS."""
_WITHOUT_LENGTH: Final = frozenset({0x01, *range(0xD0, 0xD9)})


def claimed_pixels(frame: bytes) -> int | None:
    """Return columns times rows as a frame's own header has them; None where it has none that we read."""
    if frame.startswith(_JPEG):
        return _jpeg(frame)
    if frame.startswith(_JP2_BOX):
        frame = frame[max(0, frame.find(_JPEG_2000)) :]
    if frame.startswith(_JPEG_2000) and len(frame) >= 24:
        # ISO 15444-1 A.5.1: Xsiz, Ysiz, XOsiz, YOsiz
        right, bottom, left, top = (int.from_bytes(frame[at : at + 4], "big") for at in (8, 12, 16, 20))
        return max(0, right - left) * max(0, bottom - top)
    if frame.startswith(_JPEG_XL_BOX):
        return _jpeg_xl(_boxed_jpeg_xl(frame))
    if frame.startswith(_JPEG_XL):
        return _jpeg_xl(frame)
    return None


def _boxed_jpeg_xl(frame: bytes) -> bytes:
    """Return the code stream inside the boxes, or what begins it (ISO 18181-2 4.2)."""
    position = 0
    while position + 8 <= len(frame):
        length, kind = struct.unpack_from(">L4s", frame, position)
        if kind in {b"jxlc", b"jxlp"}:
            return frame[position + (8 if kind == b"jxlc" else 12) :]
        if length < 8:
            return b""
        position += length
    return b""


def _jpeg_xl(stream: bytes) -> int | None:
    """Read the size header (ISO 18181-1 D.2); its bits count from the lowest."""
    if not stream.startswith(_JPEG_XL) or len(stream) < 12:
        return None
    bits = int.from_bytes(stream[2:12], "little")

    def take(count: int) -> int:
        nonlocal bits
        value, bits = bits & ((1 << count) - 1), bits >> count
        return value

    def size(*, in_eights: bool) -> int:
        return (take(5) + 1) * 8 if in_eights else take((9, 13, 18, 30)[take(2)]) + 1

    in_eights = bool(take(1))
    rows = size(in_eights=in_eights)
    ratio = take(3)
    if ratio == 0:
        return rows * size(in_eights=in_eights)
    across, down = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio - 1]
    return rows * (rows * across // down)


def _jpeg(frame: bytes) -> int | None:
    """Walk the marker segments up to the frame header (ISO 10918-1 B.1.1)."""
    position = 2
    while position + 9 <= len(frame) and frame[position] == 0xFF:
        marker = frame[position + 1]
        if marker == 0xFF or marker in _WITHOUT_LENGTH:
            position += 1 if marker == 0xFF else 2
        elif marker in _FRAME_HEADERS:
            rows = int.from_bytes(frame[position + 5 : position + 7], "big")
            columns = int.from_bytes(frame[position + 7 : position + 9], "big")
            return rows * columns
        else:
            position += 2 + int.from_bytes(frame[position + 2 : position + 4], "big")
    return None
