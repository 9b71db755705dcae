"""Text on its way to paper: lines, names and labels in characters that the font has."""

from dataclasses import asdict

import pytest

from reporting.fonts import breakable, printable, printable_lines
from reporting.paper import words
from reporting.paper.sheet import printed_name
from reporting.paper.words import Words
from reporting.terms import GENERAL_REPORT, REPORT_KINDS


def test_a_report_of_line_breaks_stays_small() -> None:
    assert len(printable_lines("a\n" * 100_000)) == 2_001
    assert printable_lines("a\n" * 2_003)[-1] == "a / a / a"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("\n \n", []),
        ("a\r\nb\rc\u2028d", ["a", "b", "c", "d"]),
        ("\n\na \n\n\n\n b\n", ["a", "", " b"]),
        ("a\tb", ["a    b"]),
    ],
)
def test_lines_are_kept_and_blank_ones_thinned_out(text: str, lines: list[str]) -> None:
    assert printable_lines(text) == lines


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("", ""),
        ("王小明^^^", "王小明"),
        ("王^小明", "王小明"),
        ("Wang^XiaoMing=王^小明", "王小明 (Wang XiaoMing)"),
        ("=王^小明", "王小明"),
        ("Wang^XiaoMing==wang", "Wang XiaoMing"),
        ("Smith^John^^Dr^", "Smith John Dr"),
        ("李建国", "李建国"),
    ],
)
def test_names_are_printed_as_people_write_them(name: str, printed: str) -> None:
    assert printed_name(name) == printed


def test_every_word_of_the_form_is_in_the_font() -> None:
    labels = [value for value in vars(words).values() if isinstance(value, Words)]
    for table in (words.STATUS, words.STATUS_NOTE, words.SEXES, words.MODALITIES):
        labels.extend(table.values())
    texts = [text for label in labels for text in asdict(label).values()]
    texts += [kind.bilingual_title for kind in (*REPORT_KINDS.values(), GENERAL_REPORT)]
    for text in texts:
        assert printable(text) == text


def test_only_words_too_long_are_given_places_to_break() -> None:
    assert breakable("胆囊 1.2.840", 10) == "胆囊 1.2.840"
    assert breakable("x" * 10, 10) == "x" * 10
    assert breakable("x" * 11, 10) == "xxxxxxxx\u200bxxx"
