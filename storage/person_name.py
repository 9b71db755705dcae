"""Whether two written names may be one person's (PS3.5 6.2.1). Pure.

A name has up to three component groups: alphabetic, ideographic, phonetic. Devices put Chinese characters
into any of them, and part the components as they like: a group is told by what it is written in, and compared
by its letters alone.
"""

import unicodedata
from enum import Enum
from typing import Final

from storage.character_sets import REPLACEMENT

_GROUPS: Final = 3
_NAMING_COMPONENTS: Final = 3
"""Family, given and middle name; prefix and suffix (Dr, 先生) come and go."""
_IDEOGRAPHS: Final = ("CJK UNIFIED", "CJK COMPATIBILITY", "IDEOGRAPHIC")


class Script(Enum):
    """What a group is written in; only groups of one script can be compared."""

    IDEOGRAPHIC = "ideographic"
    ALPHABETIC = "alphabetic"


def are_other_names(one: str, other: str) -> bool:
    """Whether two names are those of different people.

    They are one person's if they agree in the ideographic or in the alphabetic group. Where no script is in
    both, or one is empty or unreadable, nothing can be told: that is no difference.
    """
    ours, theirs = _by_script(one), _by_script(other)
    shared = ours.keys() & theirs.keys()
    return bool(shared) and all(ours[script].isdisjoint(theirs[script]) for script in shared)


def are_one_name(one: str, other: str) -> bool:
    """Whether two names agree in a script that both are written in, and differ in none."""
    ours, theirs = _by_script(one), _by_script(other)
    shared = ours.keys() & theirs.keys()
    return bool(shared) and all(not ours[script].isdisjoint(theirs[script]) for script in shared)


def _by_script(name: str) -> dict[Script, set[str]]:
    found: dict[Script, set[str]] = {}
    for group in name.replace("＝", "=").split("=")[:_GROUPS]:
        letters = _letters(group)
        if letters and REPLACEMENT not in group:
            found.setdefault(_script_of(letters), set()).add(letters)
    return found


def _letters(group: str) -> str:
    """Return a group's naming components as bare letters: no case, width, accent, space or mark."""
    naming = "".join(group.replace("＾", "^").split("^")[:_NAMING_COMPONENTS])
    plain = unicodedata.normalize("NFKD", naming).casefold()
    return "".join(character for character in plain if character.isalnum())


def _script_of(letters: str) -> Script:
    is_ideographic = any(unicodedata.name(character, "").startswith(_IDEOGRAPHS) for character in letters)
    return Script.IDEOGRAPHIC if is_ideographic else Script.ALPHABETIC
