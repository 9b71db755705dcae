"""By what a person's name is found: whole, by component group, and by what people type. Pure.

PS3.4 C.2.2.2.1 and C.2.2.2.4 match the name or one of its groups, in any case. Who looks for a patient
types the beginning of any part of it, in characters or in pinyin, full or as initials.
"""

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from itertools import zip_longest
from typing import Final

from storage.pinyin import spellings

LONGEST_KEY: Final = 256
"""Characters of a key; what is longer than any name of the standard is found by its beginning."""
KEYS: Final = 64
"""What may be typed for one name; more parts than that is no name."""
GROUPS: Final = 3
WORDS: Final = 8
LONGEST_FAMILY_NAME: Final = 2
"""Chinese characters before which a given name may begin, as in 欧阳娜娜."""
_CHINESE = re.compile("[〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_PARTS = re.compile(r"[\s^=＾＝\\·・,，.]+")


class KeyKind(StrEnum):
    """What a key stands for."""

    NAME = "name"
    GROUP = "group"
    TYPED = "typed"


def name_keys(name: str) -> frozenset[tuple[KeyKind, str]]:
    """Return the keys of a person's name."""
    groups = [group for group in name.split("=") if group]
    typed = dict.fromkeys(key[:LONGEST_KEY] for group in groups[:GROUPS] for key in _typed(group) if key)
    return frozenset(
        {(KeyKind.NAME, folded(name))}
        | {(KeyKind.GROUP, folded(group)) for group in groups[:GROUPS]}
        | {(KeyKind.TYPED, key) for key in _without_beginnings(list(typed)[:KEYS])}
    )


def folded(text: str) -> str:
    """Return text as names are compared: without case, as far as a key goes."""
    return text.lower()[:LONGEST_KEY]


def words(text: str) -> tuple[str, ...]:
    """Return what was typed to find a name as beginnings of keys; nothing where no letter is in it."""
    plain = (_letters(part) for part in _PARTS.split(text))
    return tuple(dict.fromkeys(part[:LONGEST_KEY] for part in plain if part))[:WORDS]


def _typed(group: str) -> Iterator[str]:
    """Yield the parts of a group one by one and together, the Chinese in them also as it is read."""
    parts = [part for part in map(_letters, _PARTS.split(group)) if part][:WORDS]
    yield "".join(parts)
    yield "".join(reversed(parts))
    yield from parts
    if all(part.isascii() for part in parts):
        yield "".join(part[0] for part in parts)
    for part in parts:
        yield _without_accents(part)
        yield from spellings(part)
    for chinese in _CHINESE.findall("".join(parts)):
        for begin in range(min(len(chinese), LONGEST_FAMILY_NAME + 1)):
            given = chinese[begin:]
            yield given
            yield from spellings(given)


def _without_beginnings(keys: list[str]) -> Iterator[str]:
    """Leave out what another key begins with: a beginning finds that one too."""
    ordered = sorted(keys)
    for key, following in zip_longest(ordered, ordered[1:], fillvalue=""):
        if not following.startswith(key):
            yield key


def _letters(part: str) -> str:
    return "".join(
        character for character in unicodedata.normalize("NFKC", part).casefold() if character.isalnum()
    )


def _without_accents(part: str) -> str:
    apart = unicodedata.normalize("NFD", part)
    return "".join(character for character in apart if not unicodedata.combining(character))
