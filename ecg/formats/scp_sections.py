"""The frame of an SCP-ECG file (EN 1064): its sections, found although a cart counted wrongly."""

import struct
from binascii import crc_hqx
from dataclasses import dataclass, field
from typing import Final

from core.errors import InvalidInstance, TooLarge
from core.limits import ECG_OBJECT_LIMIT

HEADER: Final = 16
"""Of a section: CRC, number, length, versions, 6 reserved bytes."""
_RECORD_HEADER: Final = 6
_POINTER: Final = 10
_LAST_SECTION: Final = 1023
_SECTIONS: Final = 64
_RHYTHMS: Final = (6, 12)


@dataclass(kw_only=True)
class Sections:
    """The contents of the sections by number, and what was odd about them."""

    bodies: dict[int, bytes]
    version: int
    """Of the protocol, tenfold: 13, 20, 30."""
    zero_based: bool = False
    """The pointers count from 0, as Healforce's do against the standard."""
    oddities: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class _Place:
    number: int
    start: int
    length: int
    disputed: bool = False
    """The table of sections and the section itself do not say one length."""


def looks_like_scp(head: bytes) -> bool:
    """Whether a file begins as SCP-ECG does: section 0, which points at what follows it."""
    if len(head) < _RECORD_HEADER + HEADER + _POINTER:
        return False
    number, length = struct.unpack_from("<HI", head, _RECORD_HEADER + 2)
    if number or not HEADER + _POINTER <= length <= 4096:
        return False
    first, _, index = struct.unpack_from("<HII", head, _RECORD_HEADER + HEADER)
    named = head[16:22] == b"SCPECG"
    return named or (first in (0, 1) and index - _RECORD_HEADER - length in (0, 1, -length, 1 - length))


def sections_of(content: bytes) -> Sections:
    """Return the sections of a file. Raises InvalidInstance where the file is cut or damaged."""
    if len(content) > ECG_OBJECT_LIMIT:
        raise TooLarge("This SCP-ECG file is longer than an ECG may be.")
    if not looks_like_scp(content):
        raise InvalidInstance("This is no SCP-ECG file: it does not begin with a table of its sections.")
    oddities: list[str] = []
    pointed, zero_based = _pointed(content)
    places = {each.number: each for each in pointed}
    for each in _walked(content):
        if each.number not in places:
            oddities.append(f"Section {each.number} is not where the table of sections says.")
            places[each.number] = each
    rhythm = next((number for number in _RHYTHMS if number in places), None)
    if rhythm is None:
        raise InvalidInstance("This SCP-ECG file has no section with a rhythm, or ends before it.")
    _check_length(content, places, oddities)
    if not zero_based:
        _check_sums(content, places, oddities)
    bodies = {
        each.number: content[each.start + HEADER : each.start + each.length] for each in places.values()
    }
    return Sections(
        bodies=bodies, version=content[places[rhythm].start + 9], zero_based=zero_based, oddities=oddities
    )


def _pointed(content: bytes) -> tuple[list[_Place], bool]:
    """Return the sections at which section 0 points, and whether it counts bytes from 0 instead of 1."""
    table = struct.unpack_from("<I", content, _RECORD_HEADER + 4)[0] - HEADER
    start = _RECORD_HEADER + HEADER
    found: dict[int, list[_Place]] = {0: [], 1: []}
    for position in range(start, min(start + table, len(content) - _POINTER + 1), _POINTER):
        number, length, index = struct.unpack_from("<HII", content, position)
        if not number or number > _LAST_SECTION or length <= HEADER:
            continue
        for base, places in found.items():
            if _number_at(content, index - base) == number and len(places) < _SECTIONS:
                places.append(_placed(content, number, index - base, length))
    return (found[0], True) if len(found[0]) > len(found[1]) else (found[1], False)


def _placed(content: bytes, number: int, start: int, told: int) -> _Place:
    own = struct.unpack_from("<I", content, start + 4)[0]
    usable = [length for length in (own, told) if length > HEADER and start + length <= len(content)]
    whole = [
        length
        for length in usable
        if struct.unpack_from("<H", content, start)[0] == crc_hqx(content[start + 2 : start + length], 0xFFFF)
    ]
    length = (whole or usable or [max(own, told)])[0]
    return _Place(number=number, start=start, length=length, disputed=own != told and not whole)


def _walked(content: bytes) -> list[_Place]:
    """Return the sections as each follows the one before by its own length."""
    places: list[_Place] = []
    start = _RECORD_HEADER
    while len(places) < _SECTIONS and (number := _number_at(content, start)) is not None:
        length = struct.unpack_from("<I", content, start + 4)[0]
        if length < HEADER or number > _LAST_SECTION:
            break
        if number and length > HEADER:
            places.append(_Place(number=number, start=start, length=length))
        start += length
    return places


def _number_at(content: bytes, start: int) -> int | None:
    if start < _RECORD_HEADER or start + HEADER > len(content):
        return None
    return int(struct.unpack_from("<H", content, start + 2)[0])


def _check_length(content: bytes, places: dict[int, _Place], oddities: list[str]) -> None:
    """Tell a cut file, which is refused, from a wrong count of its bytes, which is said."""
    told = struct.unpack_from("<I", content, 2)[0]
    beyond = [each.number for each in places.values() if each.start + each.length > len(content)]
    if beyond and told > len(content):
        raise InvalidInstance(
            f"This SCP-ECG file is cut: it should have {told} bytes, and has {len(content)}."
        )
    if beyond:
        oddities.append(f"Section {beyond[0]} says it is longer than the file.")
    oddities += [f"Section {each.number} is told two lengths." for each in places.values() if each.disputed]
    if told != len(content):
        oddities.append(f"The file says it has {told} bytes, and has {len(content)}.")


def _check_sums(content: bytes, places: dict[int, _Place], oddities: list[str]) -> None:
    """Tell a damaged section, which is refused, from a cart that computes no check sums, or another kind."""
    wrong: list[int] = []
    right: list[int] = []
    for each in (place for place in places.values() if not place.disputed):
        section = content[each.start : each.start + each.length]
        told = struct.unpack_from("<H", section)[0]
        (right if told == crc_hqx(section[2:], 0xFFFF) else wrong).append(each.number)
    if right and wrong:
        raise InvalidInstance(f"This SCP-ECG file is damaged: the check sum of section {wrong[0]} is wrong.")
    if wrong:
        oddities.append("No section has a right check sum; the cart seems to compute none.")
    if struct.unpack_from("<H", content)[0] != crc_hqx(content[2:], 0xFFFF):
        oddities.append("The check sum of the whole file is wrong.")
