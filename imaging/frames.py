"""Where each frame lies in an instance's Pixel Data (PS3.5 8.2 and annex A.4). Pure: it reads, never decodes.

Native frames lie one behind the other. Compressed ones lie in fragments: an Extended or a Basic Offset Table
says which, and where both are missing, or point at no fragment, the fragments themselves have to tell.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO, Final

from imaging.decoding import undecodable

_ITEM: Final = 0xFFFEE000
_DELIMITER: Final = 0xFFFEE0DD
_HEADER: Final = struct.Struct("<HHL")
_END_OF_IMAGE: Final = b"\xff\xd9"
"""EOI of JPEG and JPEG-LS, EOC of JPEG 2000: the last two bytes of a frame, but for padding."""
_LAST_BYTES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRange:
    """The bytes that hold one frame. Of several `fragments` the range begins at the first one's item."""

    offset: int
    length: int
    fragments: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fragment:
    """One item: `item` is where its header begins, `length` that of its value."""

    item: int
    length: int

    @property
    def value(self) -> int:
        return self.item + _HEADER.size

    @property
    def end(self) -> int:
        return self.value + self.length


def native_frame(number: int, *, start: int, length: int, bits: int, number_of_frames: int) -> FrameRange:
    """Return where a native frame of so many bits lies in Pixel Data of `length` bytes.

    Raises:
        UnsupportedTransferSyntax: it does not begin at a byte, or is not all there.
    """
    first, last = (number - 1) * bits, number * bits
    if first % 8 or (last % 8 and number_of_frames > 1):
        raise undecodable("has frames that do not begin at a byte")
    begin, end = first // 8, (last + 7) // 8
    if bits == 0 or end > length:
        raise undecodable("is shorter than its attributes say")
    return FrameRange(offset=start + begin, length=end - begin)


def encapsulated_frames(
    stream: BinaryIO,
    *,
    start: int,
    end: int,
    number_of_frames: int,
    extended: tuple[bytes, bytes] | None = None,
) -> list[FrameRange]:
    """Return where the compressed frames lie, as many as can be told apart, at most `number_of_frames`.

    The Basic Offset Table's item begins at `start`. `extended` are Extended Offset Table and its Lengths.

    Raises:
        UnsupportedTransferSyntax: no encapsulated data, or fewer fragments than frames.
    """
    items = _fragments(stream, start, end)
    if len(items) < 2:
        raise undecodable("has no frames")
    table, fragments = items[0], items[1:]
    frames = _by_extended_table(fragments, extended) if extended is not None else None
    if frames is None:
        frames = _by_basic_table(fragments, _offsets(stream, table))
    if frames is None:
        frames = _without_table(stream, fragments, number_of_frames)
    return frames[:number_of_frames]


def frame_of(piece: bytes, frame: FrameRange) -> bytes:
    """Return the frame that the bytes of its range hold: fragments without their items."""
    if frame.fragments == 1:
        return piece
    values, position = [], 0
    while len(piece) - position >= _HEADER.size:
        length: int = _HEADER.unpack_from(piece, position)[2]
        position += _HEADER.size
        values.append(piece[position : position + length])
        position += length
    return b"".join(values)


def _fragments(stream: BinaryIO, start: int, end: int) -> list[_Fragment]:
    """Return every item up to the delimiter; a last one that was cut is as long as there are bytes."""
    found: list[_Fragment] = []
    position = start
    while end - position >= _HEADER.size:
        stream.seek(position)
        header = stream.read(_HEADER.size)
        if len(header) < _HEADER.size:
            break
        group, element, length = _HEADER.unpack(header)
        tag = group << 16 | element
        if tag == _DELIMITER:
            break
        if tag != _ITEM:
            raise undecodable("cannot be parted into frames")
        found.append(_Fragment(item=position, length=min(length, end - position - _HEADER.size)))
        position = found[-1].end
    return found


def _offsets(stream: BinaryIO, table: _Fragment) -> list[int]:
    """Return the Basic Offset Table (A.4): the first frame's offset is 0."""
    stream.seek(table.value)
    usable = stream.read(table.length - table.length % 4)
    return [offset for (offset,) in struct.iter_unpack("<L", usable)]


def _by_extended_table(
    fragments: Sequence[_Fragment], extended: tuple[bytes, bytes]
) -> list[FrameRange] | None:
    """Follow the table where each frame is one fragment (PS3.3 C.7.6.3.1.8); None where it is not so."""
    offsets, lengths = (
        [value for (value,) in struct.iter_unpack("<Q", table[: len(table) - len(table) % 8])]
        for table in extended
    )
    by_offset = {fragment.item - fragments[0].item: fragment for fragment in fragments}
    if not offsets or len(offsets) != len(lengths) or not by_offset.keys() >= set(offsets):
        return None
    pairs = [(by_offset[offset], length) for offset, length in zip(offsets, lengths, strict=True)]
    if any(length > fragment.length for fragment, length in pairs):
        return None
    return [FrameRange(offset=fragment.value, length=length) for fragment, length in pairs]


def _by_basic_table(fragments: Sequence[_Fragment], offsets: Sequence[int]) -> list[FrameRange] | None:
    """Follow the table where it names fragments in their order; None where there is none, or it is wrong."""
    numbers = {fragment.item - fragments[0].item: number for number, fragment in enumerate(fragments)}
    firsts = [numbers.get(offset) for offset in offsets]
    known = [first for first in firsts if first is not None]
    if not known or known != firsts or known[0] != 0 or any(here >= later for here, later in pairwise(known)):
        return None
    return [_joined(fragments[here:later]) for here, later in pairwise([*known, len(fragments)])]


def _without_table(
    stream: BinaryIO, fragments: Sequence[_Fragment], number_of_frames: int
) -> list[FrameRange]:
    if number_of_frames == 1:
        return [_joined(fragments)]
    if len(fragments) < number_of_frames:
        raise undecodable("has fewer fragments than frames")
    if len(fragments) == number_of_frames:
        return [_joined([fragment]) for fragment in fragments]
    frames: list[FrameRange] = []
    pending: list[_Fragment] = []
    for fragment in fragments:
        pending.append(fragment)
        stream.seek(max(fragment.value, fragment.end - _LAST_BYTES))
        if _END_OF_IMAGE in stream.read(min(_LAST_BYTES, fragment.length)):
            frames.append(_joined(pending))
            pending = []
    return [*frames, _joined(pending)] if pending else frames


def _joined(fragments: Sequence[_Fragment]) -> FrameRange:
    first, last = fragments[0], fragments[-1]
    if len(fragments) == 1:
        return FrameRange(offset=first.value, length=first.length)
    return FrameRange(offset=first.item, length=last.end - first.item, fragments=len(fragments))
