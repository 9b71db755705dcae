"""The frames of a stored image: as they lie there, or decoded one by one."""

import struct
from collections.abc import Iterator
from functools import cached_property
from typing import Final

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from core.errors import NotFound, UnsupportedTransferSyntax
from core.limits import FRAME_BYTES, MIB
from imaging.decoding import undecodable
from imaging.frames import FrameRange, encapsulated_frames, frame_of, native_frame
from renditions.frame_image import FrameImage, require_size
from renditions.image_attributes import image_attributes
from storage.element_tree import Element, Tree
from storage.element_values import integer_of, little_endian
from storage.instance import Instance
from storage.instance_content import Content

PIXEL_DATA: Final = 0x7FE00010
_SUBSAMPLED: Final = frozenset({"YBR_FULL_422", "YBR_PARTIAL_422"})
_EXTENDED_OFFSETS: Final = (0x7FE00001, 0x7FE00002)
_LONGEST_TABLE: Final = MIB
"""Of an offset table that is believed: 100,000 frames have less."""


class PixelData:
    """An instance's Pixel Data, read frame by frame.

    Of an instance's head, which ends where its pixels begin, only what it says of them can be asked.

    Raises:
        NotFound: the instance has none.
    """

    def __init__(self, content: Content, instance: Instance, *, is_head: bool = False) -> None:
        self._content = content
        self._element = _pixel_data_of(content.tree, is_head=is_head)
        self.transfer_syntax_uid = instance.transfer_syntax_uid

    @property
    def begins_at(self) -> int:
        """Where the pixels begin in the instance: all that says how to show them stands before."""
        return self._element.offset

    @property
    def is_encapsulated(self) -> bool:
        """Whether frames are compressed, or wrapped as if they were (PS3.5 A.4)."""
        return self._element.fragmented

    @cached_property
    def number_of_frames(self) -> int:
        """Number of Frames, 1 where nothing is said."""
        return max(1, self._number(0x00280008) or 1)

    def stored(self, number: int) -> bytes:
        """Return a frame as it lies in the instance; native pixels always in little endian.

        Raises:
            UnsupportedTransferSyntax: the pixel data cannot be parted into frames.
        """
        where = self._where(number)
        require_length(where.length)
        if self._is_turned:
            return self._swapped(where)
        return frame_of(self._content.bytes_at(where.offset, where.length), where)

    def turned(self, words: bytes) -> bytes:
        """Return whole words of native pixels as they lie in the instance in little endian."""
        if not self._is_turned:
            return words
        return little_endian(words, {2: "OW", 4: "OL", 8: "OV"}.get(self._word, "OB"))

    def ranges(self, most: int) -> list[FrameRange]:
        """Return where the frames lie that can be read as they are, at most the first `most`."""
        if self._is_turned and self._frame_bits() % (8 * self._word):
            return []  # a frame that begins within a word is put together when it is asked for
        count = min(self.number_of_frames, most)
        try:
            if self.is_encapsulated:
                return self._encapsulated[:count]
            return [self._native(number) for number in range(1, 1 + self._native_count(count))]
        except UnsupportedTransferSyntax:
            return []

    def image(self, frame: bytes, number: int) -> FrameImage:
        """Return the frame that `stored` gave for a number, with all that says how to read and show it."""
        attributes = self.attributes(number)
        attributes.file_meta = FileMetaDataset()
        attributes.file_meta.TransferSyntaxUID = (
            UID(self.transfer_syntax_uid) if self.is_encapsulated else ExplicitVRLittleEndian
        )
        return FrameImage(
            attributes=attributes,
            frame=frame,
            is_encapsulated=self.is_encapsulated,
            bits_allocated=self._number(0x00280100) or 8,
            number=number,
        )

    def attributes(self, number: int) -> Dataset:
        """Return what is said of a frame: how to read it, how to show it."""
        return image_attributes(self._content, number)

    def require_decodable(self) -> None:
        """Raise UnsupportedTransferSyntax where frames are too large to decode, before any is read."""
        require_size(self._number(0x00280010) or 0, self._number(0x00280011) or 0)

    @cached_property
    def _encapsulated(self) -> list[FrameRange]:
        return encapsulated_frames(
            self._content.stream,
            start=self._element.offset,
            end=self._element.offset + self._element.length,
            number_of_frames=self.number_of_frames,
            extended=self._extended_offsets(),
        )

    def _where(self, number: int) -> FrameRange:
        if not self.is_encapsulated:
            return self._native(number)
        if number > len(self._encapsulated):
            raise undecodable("has fewer frames than it says")
        return self._encapsulated[number - 1]

    def _native(self, number: int) -> FrameRange:
        return native_frame(
            number,
            start=self._element.offset,
            length=self._element.length,
            bits=self._frame_bits(),
            number_of_frames=self.number_of_frames,
        )

    def _native_count(self, most: int) -> int:
        """Return how many native frames are all there: an instance may claim more than it holds."""
        bits = self._frame_bits()
        return min(most, max(1, self._element.length * 8 // bits)) if bits else 0

    def _swapped(self, where: FrameRange) -> bytes:
        """Return a native big-endian frame in little endian: a frame may begin within a word."""
        begin = where.offset - self._element.offset
        end = begin + where.length
        aligned = begin - begin % self._word
        words = self._content.bytes_at(self._element.offset + aligned, end - aligned + (-end) % self._word)
        return self.turned(words)[begin - aligned : end - aligned]

    @property
    def _is_turned(self) -> bool:
        """Whether pixels lie in words of big endian."""
        return self._element.encoding.big_endian and not self.is_encapsulated

    @property
    def _word(self) -> int:
        """Bytes that are turned together: a sample, or the words that OW is made of."""
        return max((self._number(0x00280100) or 8) // 8, 2 if self._element.vr == "OW" else 1)

    def _frame_bits(self) -> int:
        """Return the bits of one native frame (PS3.5 8.1.1); 4:2:2 has two samples for three (8.2.4)."""
        bits = 1
        for tag in (0x00280010, 0x00280011, 0x00280100):
            bits *= self._number(tag) or 0
        bits *= self._number(0x00280002) or 1
        return bits * 2 // 3 if self._text(0x00280004) in _SUBSAMPLED else bits

    def _extended_offsets(self) -> tuple[bytes, bytes] | None:
        offsets, lengths = (self._content.tree.get(tag) for tag in _EXTENDED_OFFSETS)
        if offsets is None or lengths is None or max(offsets.length, lengths.length) > _LONGEST_TABLE:
            return None
        return self._content.value(offsets), self._content.value(lengths)

    def _number(self, tag: int) -> int | None:
        element = self._content.tree.get(tag)
        if element is None or element.value is None:
            return None
        if element.vr in {"US", "UL", "SS"}:
            value = element.value[::-1] if element.encoding.big_endian else element.value
            return int.from_bytes(value, "little") if value else None
        return integer_of(element.value.decode("latin_1").strip("\0 "))

    def _text(self, tag: int) -> str:
        element = self._content.tree.get(tag)
        return (element.value or b"").decode("latin_1").strip("\0 ") if element is not None else ""


def fragments_of(content: Content, element: Element) -> Iterator[bytes]:
    """Yield encapsulated octets without their items: a video, or an icon, as it is."""
    position, end = element.offset, element.offset + element.length
    is_offset_table = True
    while end - position >= 8:
        group, number, length = struct.unpack("<HHL", content.bytes_at(position, 8))
        if (group, number) != (0xFFFE, 0xE000):
            return
        position += 8
        if not is_offset_table:
            yield from content.chunks(position, length)
        is_offset_table = False
        position += length


def require_length(length: int) -> None:
    """Raise UnsupportedTransferSyntax where a frame is too long to be held at once, before it is read."""
    if length > FRAME_BYTES:
        raise undecodable(f"has frames of more than {FRAME_BYTES} bytes")


def _pixel_data_of(tree: Tree, *, is_head: bool) -> Element:
    element = tree.get(PIXEL_DATA)
    if element is None or (element.length == 0 and not is_head):
        raise NotFound("The instance has no pixel data.")
    return element
