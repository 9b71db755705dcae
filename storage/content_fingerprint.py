"""Whether two files hold one instance in two encodings: all elements but pixels and what compressing changes.

Read only when another data set comes under a held UID. The walk is the archive's bounded one; every value at
every depth counts, in one byte order and without padding, however the sequences around it are written.
"""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from storage.byte_source import ByteSource
from storage.container import Container
from storage.data_set_walk import DataSetWalk
from storage.element_header import (
    DEFLATED,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    ElementHeader,
    Encoding,
    vr_of,
)
from storage.element_values import integer_of, is_text
from storage.header_reader import opened_source
from storage.instance_header import PIXEL_DATA

_PIECE: Final = 64 * 1024
_WORD_LENGTHS: Final = {
    **dict.fromkeys(("AT", "OW", "SS", "US"), 2),
    **dict.fromkeys(("FL", "OF", "OL", "SL", "UL"), 4),
    **dict.fromkeys(("FD", "OD", "OV", "SV", "UV"), 8),
}
NUMBER_OF_FRAMES: Final = 0x00280008
_CHANGED_BY_COMPRESSING: Final = frozenset(
    {
        0x00280004,  # Photometric Interpretation
        0x00280006,  # Planar Configuration
        NUMBER_OF_FRAMES,  # compared as a number, since 1 may be left out
        0x00282110,  # Lossy Image Compression
        0x00282112,  # Lossy Image Compression Ratio
        0x00282114,  # Lossy Image Compression Method
        0x7FE00001,  # Extended Offset Table
        0x7FE00002,  # Extended Offset Table Lengths
        PIXEL_DATA,
        0xFFFCFFFC,  # Data Set Trailing Padding
    }
)
_NATIVE: Final = {IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, *DEFLATED}


class Fingerprint(NamedTuple):
    """What two representations of one instance share. `pixels` only where they are native, little endian."""

    elements: str
    number_of_frames: int
    pixels: str | None


def fingerprint(
    stream: BinaryIO, *, transfer_syntax_uid: str, data_set_offset: int, size: int
) -> Fingerprint:
    """Read a data set that the archive has taken.

    Raises:
        InvalidInstance, TooLarge: it cannot be read.
        StorageUnavailable: the file cannot be read.
    """
    source, start, encoding, _ = opened_source(
        stream, transfer_syntax_uid=transfer_syntax_uid, start=data_set_offset, end=size, partial=False
    )
    walk = _FingerprintWalk(source, start, encoding, partial=False)
    walk.run()
    is_native = transfer_syntax_uid in _NATIVE and walk.found.pixel_data_length is not None
    return Fingerprint(
        elements=walk.digest.hexdigest(),
        number_of_frames=walk.number_of_frames,
        pixels=walk.pixels.hexdigest() if is_native else None,
    )


def are_one_instance(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two data sets say the same of the same number of frames, in the same pixels if that shows."""
    same_pixels = None in {one.pixels, other.pixels} or one.pixels == other.pixels
    return one[:2] == other[:2] and same_pixels


class _FingerprintWalk(DataSetWalk):
    """The archive's walk, hashing what it passes."""

    def __init__(self, source: ByteSource, start: int, encoding: Encoding, *, partial: bool) -> None:
        super().__init__(source, start, encoding, partial=partial)
        self.digest = hashlib.sha256()
        self.pixels = hashlib.sha256()
        self.number_of_frames = 1
        self._in_pixel_data = False

    def _element(self, container: Container, header: ElementHeader) -> None:
        position, depth = self._position + header.size, len(self._stack)
        super()._element(container, header)
        self._in_pixel_data = header.tag == PIXEL_DATA and depth == 1
        if header.tag & 0xFFFF == 0 or (header.tag in _CHANGED_BY_COMPRESSING and depth == 1):
            if header.tag == NUMBER_OF_FRAMES:
                text = b"".join(self._pieces(position, min(self._position, position + 16)))
                self.number_of_frames = integer_of(text.decode("latin_1").strip("\0 ")) or 1
            elif self._in_pixel_data and len(self._stack) == depth:
                for piece in self._pieces(position, self._position):
                    self.pixels.update(piece)
            return
        self._note("element", depth, f"{header.tag:08X}")
        if len(self._stack) == depth:
            self._note_value(container, header, position)

    def _item(self, container: Container, header: ElementHeader) -> None:
        depth = len(self._stack)
        super()._item(container, header)
        if len(self._stack) > depth:
            self._note("item", depth, "")

    def _note(self, what: str, depth: int, name: str) -> None:
        self.digest.update(f"{what}|{depth}|{name}\n".encode())

    def _fragment(self, container: Container, header: ElementHeader) -> None:
        position = self._position + header.size
        super()._fragment(container, header)
        if not self._in_pixel_data:
            self._note_value(container, header, position)

    def _note_value(self, container: Container, header: ElementHeader, position: int) -> None:
        """Hash a value without its padding, as its VR has it; what is private may be without a VR."""
        value = hashlib.sha256()
        vr = vr_of(header.tag) if header.vr == "UN" else header.vr
        word = _WORD_LENGTHS.get(vr, 1) if container.encoding.big_endian else 1
        is_padded = self._position - position <= _PIECE and (bool(header.tag & 0x10000) or is_text(vr))
        for piece in self._pieces(position, self._position):
            turned = piece if word == 1 else _turned(piece, word)
            value.update(turned.rstrip(b"\0 ") if is_padded else turned)
        self._note("value", 0, value.hexdigest())

    def _pieces(self, start: int, end: int) -> Iterator[bytes]:
        while start < end and (piece := self._source.read_at(start, min(_PIECE, end - start))):
            yield piece
            start += len(piece)


def _turned(piece: bytes, word: int) -> bytes:
    """Return big endian words as little endian ones."""
    turned = bytearray(piece)
    for offset in range(word):
        turned[offset::word] = piece[word - 1 - offset :: word]
    return bytes(turned)
