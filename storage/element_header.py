"""The few bytes before each value: tag, VR and length, in the three encodings of PS3.5 chapter 7.

Pure. What real devices write instead of a VR is understood where it can be told apart, and named.
"""

from functools import lru_cache
from struct import Struct
from typing import Final, NamedTuple

from pydicom.datadict import dictionary_VR

IMPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2"
EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
EXPLICIT_VR_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
DEFLATED: Final = frozenset({"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"})
"""Deflated Explicit VR Little Endian, and two JPIP syntaxes that deflate all of the data set (PS3.5 A.5)."""

UNDEFINED_LENGTH: Final = 0xFFFFFFFF
ITEM: Final = 0xFFFEE000
ITEM_DELIMITATION: Final = 0xFFFEE00D
SEQUENCE_DELIMITATION: Final = 0xFFFEE0DD
_DELIMITERS: Final = 0xFFFE
"""The group whose elements have no VR in any encoding (PS3.5 7.5)."""
SHORTEST: Final = 8
"""No element, item or delimiter takes fewer bytes."""
LOOK_AHEAD: Final = 16
"""With so many bytes at hand `parse_element` can decide every form."""

_LONG_FORM = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
_SHORT_FORM = (
    *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO"),
    *(b"LT", b"PN", b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"),
)
_KNOWN: dict[bytes, tuple[str, bool]] = {vr: (vr.decode(), True) for vr in _LONG_FORM}
_KNOWN |= {vr: (vr.decode(), False) for vr in _SHORT_FORM}
_BLANK = frozenset({b"  ", b"??", b"--"})
"""Written instead of a VR by some modalities, with a length of 16 bits behind it."""
_LARGEST_STANDARD_GROUP = 0x00FF
"""The first element of a data set is far below it, so a group above is one in the other byte order."""

_EXPLICIT = {False: Struct("<HH2sH"), True: Struct(">HH2sH")}
_IMPLICIT = {False: Struct("<HHL"), True: Struct(">HHL")}
_LENGTH = {False: Struct("<L"), True: Struct(">L")}


class Encoding(NamedTuple):
    """How elements are written: with or without a VR, in which byte order."""

    implicit: bool
    big_endian: bool

    @property
    def word(self) -> str:
        """Name this encoding in an anomaly."""
        return "implicit" if self.implicit else "big-endian" if self.big_endian else "explicit"


class ElementHeader(NamedTuple):
    """What stands before a value: `size` bytes. `oddity` is an anomaly's word, or empty."""

    tag: int
    vr: str
    length: int
    size: int
    oddity: str


IMPLICIT: Final = Encoding(implicit=True, big_endian=False)
EXPLICIT: Final = Encoding(implicit=False, big_endian=False)
BIG_ENDIAN: Final = Encoding(implicit=False, big_endian=True)


def announced_encoding(transfer_syntax_uid: str) -> Encoding:
    """Return the encoding of a transfer syntax; all that are not of the three are explicit (PS3.5 A.4)."""
    if transfer_syntax_uid == IMPLICIT_VR_LITTLE_ENDIAN:
        return IMPLICIT
    return BIG_ENDIAN if transfer_syntax_uid == EXPLICIT_VR_BIG_ENDIAN else EXPLICIT


@lru_cache(maxsize=8192)
def vr_of(tag: int) -> str:
    """Return the VR of the data dictionary (PS3.6): the first of several, UN where it has none."""
    if tag & 0x10000:
        return "UN"
    try:
        return dictionary_VR(tag)[:2]
    except KeyError:
        return "UN"


def sniffed_encoding(head: bytes, room: int) -> Encoding | None:
    """Tell from the first bytes of a data set how it is written, or None where they do not say.

    `room` is the number of bytes that the data set has.
    """
    if len(head) < SHORTEST:
        return None
    vr = head[4:6]
    group, _, length = _IMPLICIT[False].unpack_from(head)
    if vr in _KNOWN:
        return BIG_ENDIAN if group > _LARGEST_STANDARD_GROUP and group & 0xFF == 0 else EXPLICIT
    if _is_upper(vr) or vr in _BLANK or not 0 < group <= _LARGEST_STANDARD_GROUP:
        return None
    return IMPLICIT if length <= room - SHORTEST or length == UNDEFINED_LENGTH else None


def starts_explicit(head: bytes) -> bool:
    """Whether the element at the start of `head` shows a VR of the standard."""
    return head[4:6] in _KNOWN


def starts_implicit(head: bytes, room: int) -> bool:
    """Whether the element at the start of `head` shows no VR, but a length that fits into `room`."""
    vr = head[4:6]
    if vr in _KNOWN or _is_upper(vr) or vr in _BLANK or len(head) < SHORTEST:
        return False
    length: int = _LENGTH[False].unpack_from(head, 4)[0]
    return length <= room - SHORTEST or length == UNDEFINED_LENGTH


def parse_element(window: bytes, offset: int, encoding: Encoding, room: int) -> ElementHeader:
    """Read the header at `offset`, where `room` bytes (at least SHORTEST) are left for header and value.

    `window` holds LOOK_AHEAD bytes from `offset`, or all there are. A header that itself does not fit into
    `room` is answered with a `size` beyond it.
    """
    big_endian = encoding.big_endian
    if encoding.implicit:
        group, element, length = _IMPLICIT[big_endian].unpack_from(window, offset)
        tag = group << 16 | element
        return ElementHeader(tag, vr_of(tag), length, 8, "")
    group, element, vr, short = _EXPLICIT[big_endian].unpack_from(window, offset)
    tag = group << 16 | element
    known = _KNOWN.get(vr) if group != _DELIMITERS else None
    if known is None:
        return _unusual(window, offset, tag, encoding, room)
    name, long_form = known
    if not long_form:
        return ElementHeader(tag, name, short, 8, "")
    if len(window) < offset + 12:
        return ElementHeader(tag, name, 0, 12, "")
    return ElementHeader(tag, name, _LENGTH[big_endian].unpack_from(window, offset + 8)[0], 12, "")


def _unusual(window: bytes, offset: int, tag: int, encoding: Encoding, room: int) -> ElementHeader:
    """Read an element of an explicit data set that shows no VR of the standard."""
    vr = window[offset + 4 : offset + 6]
    short: int = _EXPLICIT[encoding.big_endian].unpack_from(window, offset)[3]
    implicit: int = _LENGTH[encoding.big_endian].unpack_from(window, offset + 4)[0]
    if tag >> 16 == _DELIMITERS:
        return ElementHeader(tag, "", implicit, 8, "")
    if _is_upper(vr):
        long_form = _future_vr_length(window, offset, short, encoding)
        if long_form is not None and long_form <= room - 12:
            return ElementHeader(tag, "UN", long_form, 12, "unknown-vr")
        return ElementHeader(tag, "UN", short, 8, "unknown-vr")
    fits = implicit <= room - SHORTEST or implicit == UNDEFINED_LENGTH
    if vr not in _BLANK and fits:
        return ElementHeader(tag, vr_of(tag), implicit, 8, "implicit-element")
    return ElementHeader(tag, vr_of(tag), short, 8, "unknown-vr")


def _future_vr_length(window: bytes, offset: int, short: int, encoding: Encoding) -> int | None:
    """Return the length behind two reserved bytes, as every future VR has it (PS3.5 7.1.2), or None.

    An empty value in the older form looks the same, but then the next element's VR shows behind it.
    """
    if short or len(window) < offset + 12 or window[offset + 12 : offset + 14] in _KNOWN:
        return None
    length: int = _LENGTH[encoding.big_endian].unpack_from(window, offset + 8)[0]
    return length


def _is_upper(vr: bytes) -> bool:
    return len(vr) == 2 and 0x41 <= vr[0] <= 0x5A and 0x41 <= vr[1] <= 0x5A
