"""How Chinese characters are read: for people who type pinyin where a name came in characters only. Pure."""

import os
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Final

READINGS: Final = 3
"""Readings of one character that are taken: 单 is dan, chan and, as a family name, shan."""
LONGEST_NAME: Final = 8
"""Characters that are read; the longest names in Chinese have fewer."""


def spellings(characters: str) -> tuple[str, ...]:
    """Return how a name may be typed, in lower case without tones: 张三 is zhangsan, or zs by its initials.

    Of the characters with several readings one at a time takes another than its usual one. ü is written as
    people type it: lv and lu, as passports do lyu. Nothing where a character has no reading.
    """
    syllables = [_syllables(character) for character in characters[:LONGEST_NAME]]
    if not syllables or not all(syllables):
        return ()
    letters = [tuple(dict.fromkeys(reading[0] for reading in syllable)) for syllable in syllables]
    return tuple(dict.fromkeys((*_one_at_a_time(syllables), *_one_at_a_time(letters))))


def _one_at_a_time(choices: list[tuple[str, ...]]) -> Iterator[str]:
    usual = [choice[0] for choice in choices]
    yield "".join(usual)
    for place, choice in enumerate(choices):
        for other in choice[1:]:
            yield "".join([*usual[:place], other, *usual[place + 1 :]])


@lru_cache(maxsize=8192)
def _syllables(character: str) -> tuple[str, ...]:
    written: dict[str, None] = {}
    for reading in _readings()(character)[:READINGS]:
        for typed in (reading, reading.replace("v", "u"), reading.replace("v", "yu")):
            if typed.isascii() and typed.isalpha():
                written[typed] = None
    return tuple(written)


@cache
def _readings() -> Callable[[str], list[str]]:
    # Without its phrases the library takes 13 MB, not 57, and a tenth of a second; names are no phrases.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")
    from pypinyin import Style, pinyin  # noqa: PLC0415 - reads the environment; most processes need no pinyin

    def readings_of(character: str) -> list[str]:
        found = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore")
        return [reading for readings in found for reading in readings]

    return readings_of
