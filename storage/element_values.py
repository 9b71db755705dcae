"""Dates, times, numbers and clean text out of values (PS3.5 6.2). Ill-formed ones give None or nothing."""

import re
from datetime import date
from struct import Struct, calcsize
from typing import Final

from core.limits import HEADER_TEXT_LIMIT
from storage.character_sets import REPLACEMENT, UNSEEN

TEXT_IN_CHARACTER_SET: Final = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""VRs that Specific Character Set applies to (PS3.5 6.1.2.3)."""

_ONE_VALUE: Final = frozenset({"LT", "ST", "UR", "UT"})
_LEADING_SPACE_MEANS_SOMETHING: Final = frozenset({"LT", "PN", "ST", "UC", "UI", "UR", "UT"})
_BINARY: Final = {"US": "H", "UL": "L", "UV": "Q", "SS": "h", "SL": "l", "SV": "q"}
_OTHER_BINARY: Final = frozenset({"AT", "FD", "FL", "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UN"})
_WORD: Final = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
_INTEGER = re.compile(r"([+-]?[0-9]{1,12})(?:\.0*)?", re.ASCII)
_DATE = re.compile(r"([0-9]{4})(\.?)([0-9]{2})\2([0-9]{2})", re.ASCII)
_TIME = re.compile(
    r"([01][0-9]|2[0-3])(:?)(?:[0-5][0-9](?:\2(?:[0-5][0-9]|60)(?:\.[0-9]{1,6})?)?)?", re.ASCII
)
_INTEGER_BOUND: Final = 2**31


def clean_text(text: str, vr: str) -> str:
    """Return one decoded value without padding and NUL, at most HEADER_TEXT_LIMIT characters (… if cut).

    Other control characters show as U+FFFD, those too that turn the order of reading, and so does a NUL
    inside a UID: it must not become another UID.
    """
    text = text.rstrip("\0 ") if vr in _LEADING_SPACE_MEANS_SOMETHING else text.strip("\0 ")
    if vr == "PN":
        text = text.rstrip("=")
    if not text.isprintable():
        text = text.replace("\0", REPLACEMENT if vr == "UI" else "")
        text = UNSEEN.sub(REPLACEMENT, text)
    return text if len(text) <= HEADER_TEXT_LIMIT else text[: HEADER_TEXT_LIMIT - 1] + "…"


def split_values(text: str, vr: str) -> tuple[str, ...]:
    """Split decoded text into its values, each cleaned; none of nothing (PS3.5 6.4)."""
    parts = [text] if vr in _ONE_VALUE else text.split("\\")
    values = tuple(clean_text(part, vr) for part in parts)
    return values if any(values) else ()


def is_text(vr: str) -> bool:
    """Whether values of this VR are characters."""
    return vr not in _BINARY and vr not in _OTHER_BINARY


def date_of(text: str) -> date | None:
    """Return the date of a DA value, also in the older form with dots; None where there is no such day."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[3]), int(match[4]))
    except ValueError:
        return None


def time_of(text: str) -> str:
    """Return a TM value as HHMMSS.FFFFFF, as far as it goes; nothing where there is no such time of day."""
    return text.replace(":", "") if _TIME.fullmatch(text) else ""


def integer_of(text: str) -> int | None:
    """Return an IS or DS value if it is whole and fits into 32 bits (PS3.5 6.2, IS)."""
    match = _INTEGER.fullmatch(text)
    return _bounded(int(match[1])) if match else None


def binary_integer(value: bytes, vr: str, *, big_endian: bool) -> int | None:
    """Return the first number of a binary value, or None where there is none."""
    code = _BINARY.get(vr)
    if code is None:
        return None
    form = (">" if big_endian else "<") + code
    if len(value) < calcsize(form):
        return None
    number: int = Struct(form).unpack_from(value)[0]
    return _bounded(number)


def little_endian(value: bytes, vr: str) -> bytes:
    """Return a big-endian value in little endian (PS3.18 8.7.3.2: octets are given that way)."""
    word = _WORD.get(vr, 1)
    usable = len(value) - len(value) % word
    swapped = bytearray(value)
    for offset in range(word):
        swapped[offset:usable:word] = value[word - 1 - offset : usable : word]
    return bytes(swapped)


def _bounded(number: int) -> int | None:
    return number if -_INTEGER_BOUND <= number < _INTEGER_BOUND else None
