"""The frames of a stored image: as they lie there, or decoded one by one."""

import struct
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import UID, ExplicitVRLittleEndian

from core.errors import NotFound
from core.limits import FRAME_PIXELS, MIB
from imaging.decoding import DECODER_ERRORS, Decoded, decode, undecodable
from storage.element_data_set import data_set_of
from storage.element_tree import Element, Tree
from storage.element_values import integer_of, little_endian
from storage.instance import Instance
from storage.instance_content import Content

PIXEL_DATA: Final = 0x7FE00010
_EXTENDED_OFFSETS: Final = (0x7FE00001, 0x7FE00002)
_IMAGE_GROUP: Final = 0x0028
_LONGEST_TABLE: Final = MIB
"""No lookup table of the standard is longer."""


class PixelData:
    """An instance's Pixel Data, read frame by frame.

    Raises:
        NotFound: the instance has none.
    """

    def __init__(self, content: Content, instance: Instance) -> None:
        self._content = content
        self._element = _pixel_data_of(content.tree)
        self.transfer_syntax_uid = instance.transfer_syntax_uid

    @property
    def is_encapsulated(self) -> bool:
        """Whether frames are compressed, or wrapped as if they were (PS3.5 A.4)."""
        return self._element.fragmented

    @cached_property
    def frame_count(self) -> int:
        """Number of Frames, 1 where nothing is said."""
        return max(1, self._number(0x00280008) or 1)

    def require_frames(self, numbers: Sequence[int]) -> None:
        """Raise NotFound unless every frame exists; they count from 1."""
        if not all(0 < number <= self.frame_count for number in numbers):
            raise NotFound(f"The frames are numbered 1 to {self.frame_count}.")

    def stored(self, number: int) -> bytes:
        """Return a frame as it lies in the instance; native pixels always in little endian.

        Raises:
            UnsupportedTransferSyntax: the pixel data cannot be parted into frames.
        """
        if not self.is_encapsulated:
            return self._native(number)
        stream = self._content.stream
        stream.seek(self._element.offset)
        try:
            return get_frame(
                stream,
                number - 1,
                extended_offsets=self._extended_offsets(),
                number_of_frames=self.frame_count,
            )
        except DECODER_ERRORS as error:
            raise undecodable("cannot be parted into frames") from error

    def decoded(self, number: int) -> Decoded:
        """Return a frame as numbers.

        Raises:
            UnsupportedTransferSyntax: too large to decode, broken, or compressed in a way not known here.
        """
        rows, columns = self._number(0x00280010) or 0, self._number(0x00280011) or 0
        if rows * columns > FRAME_PIXELS:
            raise undecodable(f"has more than {FRAME_PIXELS} pixels a frame")
        frame = self.stored(number)
        return decode(self._image(frame), frame, most_pixels=FRAME_PIXELS)

    def decoded_octets(self, number: int) -> bytes:
        """Return a frame decoded, as it would lie in Explicit VR Little Endian, colour by pixel."""
        pixels = self.decoded(number).pixels
        return pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()

    def fragments(self) -> Iterator[bytes]:
        """Yield the encapsulated octets without their items: a video as it is."""
        position, end = self._element.offset, self._element.offset + self._element.length
        is_offset_table = True
        while end - position >= 8:
            group, element, length = struct.unpack("<HHL", self._content.bytes_at(position, 8))
            if (group, element) != (0xFFFE, 0xE000):
                return
            position += 8
            if not is_offset_table:
                yield from self._content.chunks(position, length)
            is_offset_table = False
            position += length

    def _native(self, number: int) -> bytes:
        bits = self._frame_bits()
        first, last = (number - 1) * bits, number * bits
        if first % 8 or (last % 8 and self.frame_count > 1):
            raise undecodable("has frames that do not begin at a byte")
        start, end = first // 8, (last + 7) // 8
        if bits == 0 or end > self._element.length:
            raise undecodable("is shorter than its attributes say")
        if not self._element.encoding.big_endian:
            return self._content.bytes_at(self._element.offset + start, end - start)
        word = max((self._number(0x00280100) or 8) // 8, 2 if self._element.vr == "OW" else 1)
        aligned = start - start % word
        swapped = self._content.bytes_at(self._element.offset + aligned, end - aligned + (-end) % word)
        frame = little_endian(swapped, {2: "OW", 4: "OL", 8: "OV"}.get(word, "OB"))
        return frame[start - aligned : end - aligned]

    def _frame_bits(self) -> int:
        """Return the bits of one native frame (PS3.5 8.1.1); 4:2:2 has two samples for three (8.2.4)."""
        bits = 1
        for tag in (0x00280010, 0x00280011, 0x00280100):
            bits *= self._number(tag) or 0
        bits *= self._number(0x00280002) or 1
        return bits * 2 // 3 if self._text(0x00280004) == "YBR_FULL_422" else bits

    def _image(self, frame: bytes) -> Dataset:
        """Return a data set of this one frame, with all that says how to read and show it."""
        is_native = not self.is_encapsulated
        image = data_set_of(self._content, group=_IMAGE_GROUP, longest_value=_LONGEST_TABLE)
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = (
            ExplicitVRLittleEndian if is_native else UID(self.transfer_syntax_uid)
        )
        image.NumberOfFrames = 1
        payload = frame + b"\0" * (len(frame) % 2) if is_native else encapsulate([frame])
        image.add_new(PIXEL_DATA, "OW" if (self._number(0x00280100) or 8) > 8 else "OB", payload)
        image["PixelData"].is_undefined_length = not is_native
        return image

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


def _pixel_data_of(tree: Tree) -> Element:
    element = tree.get(PIXEL_DATA)
    if element is None or element.length == 0:
        raise NotFound("The instance has no pixel data.")
    return element
