"""Text under Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 6.1), decoded without ever failing.

pydicom's tables of terms and escape sequences are used, not its decoder: that one warns through a
process-wide filter, looks unknown terms up among all of Python's codecs, and leaves the escapes of
ISO 2022 IR 58 in the text.
"""

import codecs
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from pydicom.charset import CODES_TO_ENCODINGS, python_encoding

from storage.text_evidence import Encoding, lean, readable

AS_DECLARED: Final = "as-declared"
READABLE_AS: Final = (
    AS_DECLARED,
    *Encoding,
    *(f"ISO_IR {number}" for number in (100, 101, 109, 110, 126, 127, 138, 144, 148, 13, 166)),
)
"""What a person can have a device's text read as, instead of its label."""
UNKNOWN: Final = "unknown-character-set"
MISLABELLED: Final = "mislabelled-character-set"
UNDECLARED: Final = "undeclared-character-set"
UNDECODABLE: Final = "undecodable-text"
DOUBTFUL: Final = "doubtful-character-set"
REPAIRED: Final = "repaired-character-set"
TEXT_FINDINGS: Final = (UNDECODABLE, UNKNOWN, DOUBTFUL, REPAIRED, MISLABELLED, UNDECLARED)
"""What can be wrong with the text of an instance, the worst first."""
REPLACEMENT: Final = "�"
LONGEST_LABEL: Final = 64

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
UNSEEN: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""Controls that no text has, and those that turn the order of what is read (as in a faked name)."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How the text of one source is read where its label is wrong: `encoding` is one of READABLE_AS.

    What a person set holds for every value. What the hub found holds where a value does not say otherwise.
    """

    encoding: str
    is_set_by_person: bool = False


@dataclass(frozen=True, kw_only=True)
class CharacterSets:
    """The declared character sets: the initial decoder, whether escapes switch it, and what was wrong."""

    initial: str
    extensible: bool
    declared: bool
    anomaly: str | None
    reading: Reading | None = None

    def read_as(self, reading: Reading | None) -> "CharacterSets":
        """Return these with what was decided about the source that declares them."""
        return replace(self, reading=reading)

    def decode(self, raw: bytes, *, name: bool = False) -> str:
        """Return the text; what cannot be decoded shows as U+FFFD. `name` says that ^ and = reset escapes.

        The whole value is decoded before anything is split: in GB18030, GBK and ISO 2022 IR 87 the byte of a
        backslash is also half of a character (PS3.5 6.1.2.3).
        """
        if not self.extensible or b"\x1b" not in raw:
            return raw.decode(self._decoder(raw), "replace")
        return "".join(self._switched(raw, _RESET_IN_NAME if name else _RESET))

    def _decoder(self, raw: bytes) -> str:
        """Return what decodes a value without escapes: its label, or what was decided in its place."""
        if self.reading is None or raw.isascii():
            return self.initial
        encoding: str | None = self.reading.encoding
        if not self.reading.is_set_by_person:
            leaning = lean(raw, self.initial)
            encoding = leaning.encoding
            if leaning.is_open and readable(raw, Encoding(self.reading.encoding)) is not None:
                encoding = self.reading.encoding
        return self.initial if encoding in {None, AS_DECLARED} else decoder_of(str(encoding))

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
        if UNSEEN.search(text.rstrip("\0")):
            return UNDECODABLE
        if raw.isascii() and b"\x1b" not in raw:
            return None
        is_extended = self.extensible and b"\x1b" in raw
        if self.reading is not None and not is_extended and self._decoder(raw) != self.initial:
            return UNDECODABLE if REPLACEMENT in text else REPAIRED
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


def label_of(specific_character_set: str) -> str:
    """Return a value of (0008,0005) as decisions about it are kept under: short, and good in any column."""
    return UNSEEN.sub(REPLACEMENT, specific_character_set.strip("\0 "))[:LONGEST_LABEL]


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
    return "ascii" if terms[0] is None else decoder_of(terms[0])


def decoder_of(term: str) -> str:
    """Return the decoder of a defined term, under its one name."""
    encoding = python_encoding[term]
    return codecs.lookup(_DECODERS.get(encoding, encoding)).name


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
