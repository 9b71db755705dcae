"""What bytes say about the encoding that they are in, whatever the label beside them says. Pure.

Devices of Chinese clinics write GBK or UTF-8 under ISO_IR 100, under `GB2312`, or under no label at all. A
label is overruled only by evidence: the bytes are strictly decodable, the text is one that people write, and
as the label has it they are not. Real European names stay what they are; where both readings are possible
the label stands, and the doubt is told.
"""

import codecs
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Final


class Encoding(StrEnum):
    """What text can turn out to be in; the words are the defined terms of PS3.3 C.12.1.1.2."""

    GB18030 = "GB18030"
    UTF_8 = "ISO_IR 192"


CODECS: Final = {Encoding.GB18030: "gb18030", Encoding.UTF_8: "utf-8"}
NEEDED: Final = {Encoding.GB18030: 2, Encoding.UTF_8: 1}
"""Characters that have to speak for an encoding. Any two bytes above A0 may be a character of GBK; a sequence
of three that is right in UTF-8 hardly comes about by chance."""

_LATIN: Final = frozenset({"ascii", "iso8859-1", "iso8859-2", "iso8859-3", "iso8859-4", "iso8859-9"})
"""Decoders of labels that devices leave as they came; `ascii` stands for an unknown one."""
_HANZI = re.compile("[〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_HIGH_RUN = re.compile(r"[^\x00-\x7f]+")
_WORD = re.compile(r"[^\W\d_]+")
_C1_OR_UNREADABLE = re.compile("[\x80-\x9f\ufffd]")
_SIGNS: Final = frozenset("\xa0°²³´·ªµº±")
_HANZI_IN_A_WORD = re.compile(f"[A-Za-z]{_HANZI.pattern}[A-Za-z]")
"""A single character between Latin letters, as in GRÖßE read as GBK: nobody writes so."""
_CUT_FROM: Final = 15
"""Bytes of a value from which it may have been cut at the limit of its VR (16, 64), within a character."""
_COMMON_ROWS: Final = range(0xB0, 0xD8)
"""GB 2312 level 1: the 3755 characters that nearly all text is made of."""
_SIGN_ROWS: Final = frozenset({0xA1, 0xA2, 0xA3, 0xA6})
"""Rows of GB 2312 with punctuation, numerals, full-width and Greek letters."""


class European(Enum):
    """Whether text reads as European: certainly, possibly, or not at all."""

    SURELY = "surely"
    POSSIBLY = "possibly"
    NOT = "not"


class Leaning(Enum):
    """What one value speaks for: nothing, its label, either of two readings, or another encoding."""

    NOTHING = "nothing"
    LABEL = "label"
    DOUBT = "doubt"
    GB18030 = Encoding.GB18030
    UTF_8 = Encoding.UTF_8

    @property
    def encoding(self) -> Encoding | None:
        """The encoding that the value speaks for against its label."""
        return self.value if isinstance(self.value, Encoding) else None

    @property
    def is_open(self) -> bool:
        """Whether the value alone does not tell."""
        return self in {Leaning.NOTHING, Leaning.DOUBT}


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the values of an instance say together: `encoding` only if they are enough and agree.

    `texts` and `characters` count the values and the characters that speak for another encoding.
    """

    encoding: Encoding | None = None
    is_doubtful: bool = False
    texts: int = 0
    characters: int = 0


def weigh(values: Iterable[bytes], codec: str) -> Evidence:
    """Weigh the values of one instance, which stand under a label whose initial decoder is `codec`."""
    characters: Counter[Encoding] = Counter()
    texts: Counter[Encoding] = Counter()
    leanings = set()
    for raw in values:
        leaning = lean(raw, codec)
        leanings.add(leaning)
        if leaning.encoding is not None:
            texts[leaning.encoding] += 1
            characters[leaning.encoding] += _weight(raw, leaning.encoding)
    agreed = len(texts) == 1 and Leaning.LABEL not in leanings
    for encoding in texts if agreed else ():
        if characters[encoding] >= NEEDED[encoding]:
            return Evidence(encoding=encoding, texts=texts[encoding], characters=characters[encoding])
    return Evidence(
        is_doubtful=bool(texts) or Leaning.DOUBT in leanings,
        texts=texts.total(),
        characters=characters.total(),
    )


@lru_cache(maxsize=1024)
def lean(raw: bytes, codec: str) -> Leaning:
    """Return what one value speaks for. A label that names a script of its own is believed."""
    raw = raw.rstrip(b"\0 ")
    if raw.isascii() or b"\x1b" in raw:
        return Leaning.NOTHING
    if codec == CODECS[Encoding.UTF_8]:
        return _under_utf_8(raw)
    if codec == CODECS[Encoding.GB18030]:
        return _under_gb18030(raw)
    return _under_latin(raw, codec) if codec in _LATIN else Leaning.NOTHING


def readable(raw: bytes, encoding: Encoding) -> str | None:
    """Return the text if the bytes are strictly decodable; of a long value the last character may be cut."""
    raw = raw.rstrip(b"\0 ")
    decoder = codecs.getincrementaldecoder(CODECS[encoding])("strict")
    try:
        return decoder.decode(raw, final=len(raw) < _CUT_FROM)
    except UnicodeDecodeError:
        return None


def europeanness(text: str) -> European:
    """Tell European text by its accented letters, which stand one by one among plain ones, in their case."""
    if _C1_OR_UNREADABLE.search(text):
        return European.NOT
    longest = 0
    for run in _HIGH_RUN.findall(text):
        longest = max(longest, len(run))
        if not all(_is_letter(character) for character in run) and not (len(run) == 1 and run in _SIGNS):
            return European.NOT
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    if longest > 2 or not all(_has_accents(word) for word in words):
        return European.NOT
    plain = sum(character.isascii() and character.isalpha() for character in text)
    return European.SURELY if longest == 1 and plain >= 2 else European.POSSIBLY


def _under_utf_8(raw: bytes) -> Leaning:
    if readable(raw, Encoding.UTF_8) is not None:
        return Leaning.LABEL
    return Leaning.GB18030 if _is_chinese(readable(raw, Encoding.GB18030)) else Leaning.NOTHING


def _under_gb18030(raw: bytes) -> Leaning:
    as_utf_8, as_gb = readable(raw, Encoding.UTF_8), readable(raw, Encoding.GB18030)
    if as_utf_8 and _HANZI.search(as_utf_8) and _share(as_utf_8) > _share(as_gb):
        return Leaning.UTF_8
    if as_utf_8 and europeanness(as_utf_8) is European.SURELY and not _is_chinese(as_gb):
        return Leaning.UTF_8
    return Leaning.LABEL if as_gb is not None else Leaning.NOTHING


def _under_latin(raw: bytes, codec: str) -> Leaning:
    as_utf_8, as_gb = readable(raw, Encoding.UTF_8), readable(raw, Encoding.GB18030)
    is_chinese = _is_chinese(as_gb)
    if as_utf_8 is not None and not as_utf_8.isascii():
        if _HANZI.search(as_utf_8):
            return Leaning.UTF_8 if _share(as_utf_8) >= _share(as_gb) else Leaning.DOUBT
        return Leaning.UTF_8 if europeanness(as_utf_8) is European.SURELY else Leaning.DOUBT
    european = europeanness(raw.decode(codec, "replace"))
    if european is European.SURELY:
        return Leaning.LABEL
    if not is_chinese:
        return Leaning.NOTHING
    return Leaning.GB18030 if european is European.NOT else Leaning.DOUBT


def _is_chinese(text: str | None) -> bool:
    """Whether text is of Chinese characters, at least half of them common, and signs that go with them."""
    if text is None or _HANZI_IN_A_WORD.search(text):
        return False
    rest = _HANZI.sub("", text)
    return _share(text) >= 0.5 and all(
        character.isascii() or _row(character) in _SIGN_ROWS for character in rest
    )


def _share(text: str | None) -> float:
    """Return how much of the Chinese in a text is common characters, 0 where there is none."""
    hanzi = _HANZI.findall(text or "")
    return sum(_row(character) in _COMMON_ROWS for character in hanzi) / len(hanzi) if hanzi else 0.0


def _row(character: str) -> int:
    """Return the first byte of a character in GB 2312, 0 where it is not in it."""
    try:
        written = character.encode("gbk")
    except UnicodeEncodeError:
        return 0
    return written[0] if written[-1] > 0xA0 else 0


def _weight(raw: bytes, encoding: Encoding) -> int:
    text = readable(raw, encoding) or ""
    return len(_HANZI.findall(text)) or len(_HIGH_RUN.findall(text))


def _is_letter(character: str) -> bool:
    return character.isalpha() and character not in _SIGNS


def _has_accents(word: str) -> bool:
    """Whether a word is one letter, or has as many plain letters as others, capitals where they belong."""
    if len(word) == 1:
        return True
    high = [character for character in word if not character.isascii()]
    in_case = word.isupper() or not any(
        character.isupper() for character in word[1:] if not character.isascii()
    )
    return in_case and len(high) * 2 <= len(word)
