"""The one font that reports are printed in, and what it cannot print.

A PDF/A may not refer to a glyph that is missing, and no character in a name may stop a report: what the font
lacks is printed as its code point, for example 〖U+20BB7〗.
"""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final

import pylopdf_fonts_zh_cn
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # the package carries no types

FONT_PATH: Final[Path] = pylopdf_fonts_zh_cn.sans_path()
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
"""Controls, formats (they can turn the order of reading round), private use, surrogates, unassigned."""
_TAB: Final = "    "
_BREAK_OPPORTUNITY: Final = "\N{ZERO WIDTH SPACE}"
_PIECE: Final = 8
_LINES_APART: Final = 2_000


@lru_cache(maxsize=1)
def covered() -> frozenset[str]:
    """Return the characters that the font draws."""
    with TTFont(FONT_PATH, lazy=True) as font:
        characters = (chr(code_point) for code_point in font.getBestCmap())
        return frozenset(
            character for character in characters if unicodedata.category(character) not in _INVISIBLE
        )


def printable(text: str) -> str:
    """Return `text` in characters that the font has; any other one as its code point."""
    drawn = covered()
    return "".join(
        character if character in drawn else f"〖U+{ord(character):04X}〗"
        for character in text.replace("\t", _TAB)
    )


def printable_lines(text: str) -> list[str]:
    """Return the lines of `text`, printable, without blank lines at either end or two in a row.

    After some forty pages of lines the rest runs on, so that a report of line breaks prints in seconds.
    """
    lines: list[str] = []
    for line in text.splitlines():
        stripped = line.rstrip()
        if stripped or (lines and lines[-1]):
            lines.append(printable(stripped))
    if lines and not lines[-1]:
        lines.pop()
    apart, run_on = lines[:_LINES_APART], lines[_LINES_APART:]
    return [*apart, " / ".join(line for line in run_on if line)] if run_on else apart


def breakable(text: str, longest_word: int) -> str:
    """Let a word of more than `longest_word` characters break, so that it cannot run off the paper."""
    return re.sub(rf"[!-\u2e7f]{{{longest_word + 1},}}", _with_break_opportunities, text)


def _with_break_opportunities(word: re.Match[str]) -> str:
    return _BREAK_OPPORTUNITY.join(re.findall(rf".{{1,{_PIECE}}}", word[0]))
