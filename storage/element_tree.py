"""A stored data set as a tree of elements, its long values left where they are.

The bounded reader has been through every instance before it was admitted, so depth and number of elements are
known to be sane. What cannot be followed ends its sequence or the tree: a reader is better served with what
was read than with nothing.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import BinaryIO, Final

from pydicom.datadict import dictionary_has_tag, dictionary_VR

from core.limits import HEADER_VALUE_LIMIT, MIB
from storage.element_header import (
    EXPLICIT,
    IMPLICIT,
    ITEM,
    ITEM_DELIMITATION,
    LOOK_AHEAD,
    SEQUENCE_DELIMITATION,
    SHORTEST,
    UNDEFINED_LENGTH,
    ElementHeader,
    Encoding,
    parse_element,
    starts_explicit,
    starts_implicit,
    vr_of,
)

KEPT_LIMIT: Final = 16 * MIB
"""All values held together; later ones are left where they are, as long ones."""
_BYTE_VRS: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW"})
_ITEM_HEADERS: Final = frozenset({b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00"})
_PIXEL_REPRESENTATION: Final = 0x00280103
_PIXEL_DATA: Final = 0x7FE00010


@dataclass(slots=True, kw_only=True)
class Element:
    """One element: its value lies at `offset`, and is also in `value` where it is short.

    A sequence has `items`; encapsulated data is `fragmented`, beginning with its first item.
    """

    tag: int
    vr: str
    offset: int
    length: int
    encoding: Encoding
    value: bytes | None = None
    items: "list[Tree] | None" = None
    fragmented: bool = False


Tree = dict[int, Element]


@dataclass(slots=True, kw_only=True)
class _Level:
    """A data set or sequence being read, at most up to `end`; one of undefined length has a delimiter."""

    end: int
    encoding: Encoding
    tree: Tree = field(default_factory=dict)
    items: "list[Tree] | None" = None
    undefined: bool = False


def read_tree(stream: BinaryIO, *, start: int, end: int, encoding: Encoding) -> Tree:
    """Read the data set that lies from `start` to `end` in the stream."""
    reader = _TreeReader(stream, start, end, encoding)
    reader.run()
    return reader.tree


@cache
def _choice_of(tag: int) -> str:
    """Return the VRs that the data dictionary leaves to choose from, "US or SS"; "" where it leaves none."""
    vr = dictionary_VR(tag) if dictionary_has_tag(tag) else ""
    return vr if " or " in vr else ""


class _TreeReader:
    """A loop over a stack of levels; the position only ever moves on."""

    def __init__(self, stream: BinaryIO, start: int, end: int, encoding: Encoding) -> None:
        root = _Level(end=end, encoding=encoding)
        self.tree = root.tree
        self._stream = stream
        self._position = start
        self._levels = [root]
        self._kept = 0
        self._is_signed = False

    def run(self) -> None:
        while self._levels:
            level = self._levels[-1]
            room = level.end - self._position
            window = self._peek(LOOK_AHEAD)
            if min(room, len(window)) < SHORTEST:
                self._leave(level)
                continue
            header = parse_element(window, 0, level.encoding, room)
            if header.size > room:
                self._leave(level)
            elif level.items is not None:
                self._item(level, header)
            elif header.tag == ITEM_DELIMITATION:
                self._position += header.size
                self._levels.pop()
            elif header.tag in {ITEM, SEQUENCE_DELIMITATION}:
                self._leave(level)
            else:
                self._element(level, header)

    def _element(self, level: _Level, header: ElementHeader) -> None:
        tag, vr, length, size, _ = header
        self._position += size
        undefined = length == UNDEFINED_LENGTH
        end = level.end if undefined else min(self._position + length, level.end)
        # PS3.5 6.2.2 note 2: a value of unknown VR is implicit little endian.
        encoding = IMPLICIT if vr == "UN" else level.encoding
        element = Element(
            tag=tag,
            vr=self._vr(tag, vr, encoding),
            offset=self._position,
            length=end - self._position,
            encoding=encoding,
        )
        level.tree[tag] = element
        if undefined and (tag == _PIXEL_DATA or vr in _BYTE_VRS):
            element.fragmented = True
            self._position = self._end_of_fragments(end, level.encoding)
            element.length = self._position - element.offset
        elif vr in {"SQ", "UN"} and (undefined or self._peek(4) in _ITEM_HEADERS):
            element.vr, element.items = "SQ", []
            self._levels.append(_Level(end=end, encoding=encoding, items=element.items, undefined=undefined))
        else:
            if element.length <= HEADER_VALUE_LIMIT and self._kept + element.length <= KEPT_LIMIT:
                element.value = self._peek(element.length)
                self._kept += element.length
                if tag == _PIXEL_REPRESENTATION:
                    self._is_signed = element.value.strip(b"\0") == b"\1"
            self._position = end

    def _vr(self, tag: int, written: str, encoding: Encoding) -> str:
        """Return the VR; where none was written, as PS3.5 A.1 chooses among those of the data dictionary."""
        if not encoding.implicit:
            return written
        choice = _choice_of(tag)
        if "OW" in choice:
            return "OW"
        if "SS" in choice:
            return "SS" if self._is_signed else "US"
        is_private_creator = tag & 0x10000 and 0x10 <= tag & 0xFFFF <= 0xFF
        return "LO" if is_private_creator else vr_of(tag)

    def _item(self, level: _Level, header: ElementHeader) -> None:
        self._position += header.size
        if header.tag == SEQUENCE_DELIMITATION:
            self._levels.pop()
        elif header.tag == ITEM and level.items is not None:
            undefined = header.length == UNDEFINED_LENGTH
            end = level.end if undefined else min(self._position + header.length, level.end)
            item = _Level(end=end, encoding=self._item_encoding(level, end), undefined=undefined)
            level.items.append(item.tree)
            self._levels.append(item)
        else:
            self._leave(level)

    def _item_encoding(self, level: _Level, end: int) -> Encoding:
        """Return how an item is written: some devices change between explicit and implicit."""
        head = self._peek(SHORTEST)
        if level.encoding.big_endian or len(head) < SHORTEST:
            return level.encoding
        if level.encoding.implicit:
            return EXPLICIT if starts_explicit(head) else level.encoding
        return IMPLICIT if starts_implicit(head, end - self._position) else level.encoding

    def _leave(self, level: _Level) -> None:
        """Go on behind a level that has ended, or that cannot be followed any further."""
        self._levels.pop()
        self._position = level.end

    def _end_of_fragments(self, end: int, encoding: Encoding) -> int:
        """Return where encapsulated data ends: behind its delimiter."""
        position = self._position
        while end - position >= SHORTEST:
            self._stream.seek(position)
            tag, _, length, size, _ = parse_element(self._stream.read(SHORTEST), 0, encoding, end - position)
            position += size
            if tag != ITEM or length == UNDEFINED_LENGTH:
                return position
            position = min(position + length, end)
        return end

    def _peek(self, length: int) -> bytes:
        self._stream.seek(self._position)
        return self._stream.read(length)
