"""Text under Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 6.1), decoded without ever failing.

pydicom's tables of terms and escape sequences are used, not its decoder: that one warns through a
process-wide filter, looks unknown terms up among all of Python's codecs, and leaves the escapes of
ISO 2022 IR 58 in the text.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pydicom.charset import CODES_TO_ENCODINGS, python_encoding

UNKNOWN: Final = "unknown-character-set"
MISLABELLED: Final = "mislabelled-character-set"
UNDECLARED: Final = "undeclared-character-set"
UNDECODABLE: Final = "undecodable-text"
REPLACEMENT: Final = "�"

_DEFAULT: Final = "latin_1"
_CHINESE: Final = "gb18030"
"""A superset of GBK and GB 2312, so it also reads what devices put under the smaller labels."""
_BY_ITSELF: Final = frozenset({"GB18030", "GBK", "ISO 2022 GBK", "ISO_IR 192"})
"""Terms without code extension: an escape byte under them is no escape (PS3.5 6.1.2.3)."""
_WRONG_LABELS: Final = {
    "GB2312": "GB18030",
    "GB 2312": "GB18030",
    "GB_2312": "GB18030",
    "GB18030-2000": "GB18030",
    "CP936": "GBK",
    "UTF-8": "ISO_IR 192",
    "UTF8": "ISO_IR 192",
    "ISO_IR 58": "ISO 2022 IR 58",
    "ASCII": "ISO_IR 6",
}
_DEFAULT_TERMS: Final = frozenset({"", "ISO_IR 6", "ISO 2022 IR 6"})
_DECODERS: Final = {"iso_ir_58": _CHINESE, "GB2312": _CHINESE, "GBK": _CHINESE, "iso8859": _DEFAULT}
_TWO_BYTES_IN_G0: Final = frozenset({b"\x1b$B", b"\x1b$(D"})
_ASCII_IN_G0: Final = frozenset({b"\x1b(B", b"\x1b(J"})
_ESCAPE = re.compile(rb"\x1b(?:\$[()]?[@-Z]|[()*+./-][@-Z])")
_RESET = re.compile(rb"[\t\n\f\r\\]")
_RESET_IN_NAME = re.compile(rb"[\t\n\f\r\\^=]")
_CONTROL = re.compile(rb"[\t\n\f\r]")


@dataclass(frozen=True, kw_only=True)
class CharacterSets:
    """The declared character sets: the initial decoder, whether escapes switch it, and what was wrong."""

    initial: str
    extensible: bool
    declared: bool
    anomaly: str | None

    def decode(self, raw: bytes, *, name: bool = False) -> str:
        """Return the text; what cannot be decoded shows as U+FFFD. `name` says that ^ and = reset escapes.

        The whole value is decoded before anything is split: in GB18030, GBK and ISO 2022 IR 87 the byte of a
        backslash is also half of a character (PS3.5 6.1.2.3).
        """
        if not self.extensible or b"\x1b" not in raw:
            return raw.decode(self.initial, "replace")
        return "".join(self._switched(raw, _RESET_IN_NAME if name else _RESET))

    def _switched(self, raw: bytes, reset: re.Pattern[bytes]) -> list[str]:
        """Decode text with code extensions: each escape holds until the next, or until a delimiter."""
        pieces: list[str] = []
        upper, lower = self.initial, b""
        position = 0
        while position < len(raw):
            escape = _ESCAPE.match(raw, position)
            if escape is not None:
                position = escape.end()
                upper, lower = _designated(escape.group(), upper, lower)
                continue
            following = _ESCAPE.search(raw, position)
            end = following.start() if following is not None else len(raw)
            delimiter = (_CONTROL if lower else reset).search(raw, position, end)
            if delimiter is not None:
                end = delimiter.end()
            pieces.append(_decoded(raw[position:end], upper, lower))
            if delimiter is not None:
                upper, lower = self.initial, b""  # PS3.5 6.1.2.5.3
            position = end
        return pieces

    def finding(self, raw: bytes, text: str) -> str | None:
        """Return the anomaly that this value shows, or None."""
        if raw.isascii() and b"\x1b" not in raw:
            return None
        if self.anomaly is not None:
            return self.anomaly
        if REPLACEMENT in text:
            return UNDECODABLE
        return UNDECLARED if not self.declared and not raw.isascii() else None


def _designated(escape: bytes, upper: str, lower: bytes) -> tuple[str, bytes]:
    """Return the decoder for the upper half and the escape of a two-byte lower half after an escape."""
    if escape in _TWO_BYTES_IN_G0:
        return upper, escape
    if escape in _ASCII_IN_G0:
        return upper, b""
    encoding = CODES_TO_ENCODINGS.get(escape)
    return (_DECODERS.get(encoding, encoding) if encoding is not None else upper), lower


def _decoded(piece: bytes, upper: str, lower: bytes) -> str:
    if lower:
        return (lower + piece).decode("iso2022_jp_2", "replace")
    return piece.decode(upper, "replace")


@lru_cache(maxsize=256)
def character_sets(specific_character_set: str) -> CharacterSets:
    """Return how text is written under a value of (0008,0005); backslashes part its terms."""
    terms = []
    anomaly = None
    for written in specific_character_set.split("\\"):
        term = _corrected(written.strip())
        if term is None:
            anomaly = UNKNOWN
        elif term != written.strip():
            anomaly = anomaly or MISLABELLED
        terms.append(term)
    return CharacterSets(
        initial=_initial(terms),
        extensible=terms[0] not in _BY_ITSELF,
        declared=any(term not in _DEFAULT_TERMS for term in terms),
        anomaly=anomaly,
    )


def _initial(terms: list[str | None]) -> str:
    """Return the decoder of the first term; of the next one, if the first is the default without upper half.

    Then bytes above 127 without an escape can only be the next one's: some devices forget the escape.
    """
    while len(terms) > 1 and terms[0] in _DEFAULT_TERMS:
        terms = terms[1:]
    if terms[0] is None:
        return "ascii"
    encoding = python_encoding[terms[0]]
    return _DECODERS.get(encoding, encoding)


def _corrected(term: str) -> str | None:
    """Return the defined term that was meant, or None where nothing says which."""
    if term in python_encoding:
        return term
    upper = term.upper()
    corrected = _WRONG_LABELS.get(upper)
    if corrected is None:
        corrected = re.sub(r"^ISO[ _-]IR[ _-]*", "ISO_IR ", upper)
        corrected = re.sub(r"^ISO[ _-]?2022[ _-]IR[ _-]*", "ISO 2022 IR ", corrected)
    return corrected if corrected in python_encoding else None
