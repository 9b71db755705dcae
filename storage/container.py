"""What a walk is inside of: data set, sequence, item, or the fragments of encapsulated data. Pure."""

from dataclasses import dataclass, replace
from typing import Final, Self

from core.errors import TooLarge
from core.limits import NESTING_DEPTH
from storage.element_header import EXPLICIT, IMPLICIT, Encoding, starts_explicit, starts_implicit

_SEQUENCE_STARTS: Final = {
    b"\xfe\xff\x00\xe0": False,
    b"\xfe\xff\xdd\xe0": False,
    b"\xff\xfe\xe0\x00": True,
    b"\xff\xfe\xe0\xdd": True,
}
"""The first bytes of a sequence, an item or its end at once, and whether they are big endian."""


def begins_like_a_sequence(value: bytes) -> bool:
    """Whether a value begins with an item, or with the end of a sequence."""
    return value[:4] in _SEQUENCE_STARTS


@dataclass(slots=True, kw_only=True)
class Container:
    """Something that holds elements, items or fragments, up to `end`.

    One of undefined length has the end of what it lies in. `depth` counts the sequences around. The items of
    a `mixed` sequence may each be explicit or implicit (PS3.5 6.2.2 note 2, and devices that go beyond it).
    `guessed` is the value of unknown VR, at or above, that was taken for a sequence as it begins like one.
    `tag` is that of the sequence which it is or lies in.
    """

    end: int
    encoding: Encoding
    depth: int = 0
    undefined: bool = False
    sequence: bool = False
    fragments: bool = False
    mixed: bool = False
    guessed: Self | None = None
    tag: int = 0

    def opened_sequence(self, tag: int, end: int | None, value: bytes, *, known: bool) -> "Container":
        """Return the sequence up to `end` (None: of undefined length) that begins with `value`.

        One whose VR is not `known` is implicit, in the byte order of its first item (PS3.5 6.2.2 note 2). It
        is a guess unless its length is undefined, which only a sequence has.

        Raises:
            TooLarge: sequences nest deeper than NESTING_DEPTH.
        """
        if self.depth == NESTING_DEPTH:
            raise TooLarge(f"The data set nests sequences deeper than {NESTING_DEPTH}.")
        encoding = self.encoding
        if not known:
            encoding = Encoding(implicit=True, big_endian=_SEQUENCE_STARTS.get(value[:4], False))
        opened = replace(
            self,
            end=self.end if end is None else end,
            encoding=encoding,
            depth=self.depth + 1,
            undefined=end is None,
            sequence=True,
            tag=tag,
            mixed=self.mixed or not self.encoding.implicit,
        )
        if not known and end is not None and self.guessed is None:
            opened.guessed = opened
        return opened

    def opened_item(self, end: int | None, room: int, head: bytes) -> "Container":
        """Return the item up to `end` (None: of undefined length) whose `room` bytes begin with `head`."""
        encoding = self.encoding
        if self.mixed and not encoding.big_endian:
            if encoding.implicit and starts_explicit(head):
                encoding = EXPLICIT
            elif not encoding.implicit and starts_implicit(head, room):
                encoding = IMPLICIT
        return replace(
            self,
            end=self.end if end is None else end,
            encoding=encoding,
            undefined=end is None,
            sequence=False,
        )

    def opened_fragments(self) -> "Container":
        """Return the fragments that are the value of an element of undefined length (PS3.5 A.4)."""
        return replace(self, undefined=True, fragments=True)
