"""A stored data set written anew in Explicit VR Little Endian, a piece at a time (PS3.5 7.1.2, A.2)."""

import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from storage.element_tree import Element, Tree
from storage.element_values import little_endian
from storage.instance_content import Content

_LONG_FORM: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
_PADDED_BY_NUL: Final = frozenset({"UI", "OB", "UN"})
_NUMBERS: Final = {
    **dict.fromkeys(("AT", "SS", "US"), "OW"),
    **dict.fromkeys(("FL", "SL", "UL"), "OL"),
    **dict.fromkeys(("FD", "SV", "UV"), "OV"),
}
_LONGEST_SHORT_FORM: Final = 0xFFFE
_UNDEFINED: Final = 0xFFFFFFFF
_ITEM, _END_OF_ITEM, _END_OF_SEQUENCE = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA: Final = 0x7FE00010
_LEFT_OUT: Final = frozenset({PIXEL_DATA, 0x7FE00001, 0x7FE00002, 0x7FE00003})
"""What says where the frames lie in the encoding that they had."""

Values = Mapping[int, tuple[str, bytes]]
"""By tag a VR and the bytes of a value, in place of what is stored."""


def before_pixels(content: Content, replaced: Values) -> Iterator[bytes]:
    """Yield all elements that stand before Pixel Data, those of `replaced` with the values given."""
    yield from _elements(content, content.tree, replaced, below=PIXEL_DATA)


def behind_pixels(content: Content) -> Iterator[bytes]:
    """Yield all elements that stand behind Pixel Data."""
    tree = {tag: each for tag, each in content.tree.items() if tag > PIXEL_DATA}
    yield from _elements(content, tree, {}, below=_ITEM)


def fragmented_pixels(frames: Iterable[bytes]) -> Iterator[bytes]:
    """Yield compressed frames as Pixel Data, one fragment each, without a Basic Offset Table (PS3.5 A.4)."""
    yield header(PIXEL_DATA, "OB", _UNDEFINED)
    yield _mark(_ITEM)
    for frame in frames:
        padding = b"\0" * (len(frame) % 2)
        yield _mark(_ITEM, len(frame) + len(padding)) + frame + padding
    yield _mark(_END_OF_SEQUENCE)


def element(tag: int, vr: str, value: bytes) -> bytes:
    """Return one element; a value of odd length is padded."""
    value += (b"\0" if vr in _PADDED_BY_NUL else b" ") * (len(value) % 2)
    return header(tag, vr, len(value)) + value


def header(tag: int, vr: str, length: int) -> bytes:
    """Return an element's header; a value too long for its VR is unknown (PS3.5 6.2.2 note 1)."""
    if vr not in _LONG_FORM and length > _LONGEST_SHORT_FORM:
        vr = "UN"
    start = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode("ascii"))
    return start + (struct.pack("<2xL", length) if vr in _LONG_FORM else struct.pack("<H", length))


def _elements(content: Content, tree: Tree, replaced: Values, *, below: int) -> Iterator[bytes]:
    for tag in sorted({*tree, *replaced}):
        if tag >= below:
            return
        if tag & 0xFFFF == 0 or tag >> 16 == 0x0002 or tag in _LEFT_OUT:
            continue
        if tag in replaced:
            yield element(tag, *replaced[tag])
        elif tree[tag].items is not None:
            yield from _sequence(content, tree[tag])
        elif not tree[tag].fragmented:
            yield from _value(content, tree[tag])


def _sequence(content: Content, sequence: Element) -> Iterator[bytes]:
    yield header(sequence.tag, "SQ", _UNDEFINED)
    for item in sequence.items or []:
        yield _mark(_ITEM, _UNDEFINED)
        yield from _elements(content, item, {}, below=_ITEM)
        yield _mark(_END_OF_ITEM)
    yield _mark(_END_OF_SEQUENCE)


def _value(content: Content, stored: Element) -> Iterator[bytes]:
    length = stored.length
    yield header(stored.tag, stored.vr, length + length % 2)
    chunks = [content.value(stored)] if stored.value is not None else content.chunks(stored.offset, length)
    # A number's value is turned as those words are that have its size.
    as_words = _NUMBERS.get(stored.vr, stored.vr)
    for chunk in chunks:
        yield little_endian(chunk, as_words) if stored.encoding.big_endian else chunk
    if length % 2:
        yield b"\0" if stored.vr in _PADDED_BY_NUL else b" "


def _mark(tag: int, length: int = 0) -> bytes:
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, length)
