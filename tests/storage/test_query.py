"""Reading what is asked: attribute matching of PS3.4 C.2.2.2, one line a case."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidQuery
from storage.query import (
    DATE_KEYWORDS,
    INSTANCE_KEYWORDS,
    NUMBER_KEYWORDS,
    SERIES_KEYWORDS,
    STUDY_KEYWORDS,
    TEXT_KEYWORDS,
    TIME_KEYWORDS,
    UID_KEYWORDS,
    DateRange,
    EmptyValue,
    Match,
    SingleValue,
    TimeRange,
    UIDList,
    Wildcard,
    like_pattern,
    parse_match,
)

DAY, NEXT = date(2026, 11, 20), date(2026, 11, 21)


@pytest.mark.parametrize(
    ("keyword", "text", "match"),
    [
        # C.2.2.2.3 universal matching
        *(
            (keyword, "", None)
            for keyword in ("PatientName", "StudyInstanceUID", "StudyDate", "Rows", "StudyTime")
        ),
        ("PatientName", "*", None),
        ("PatientName", "  ", None),
        ("PatientName", " * ", None),
        ("PatientName", "\0", None),
        ("StudyInstanceUID", "*", None),
        ("StudyDate", "*", None),
        # C.2.2.2.1 single value matching
        ("PatientID", "0001", SingleValue("0001")),
        ("PatientID", " 0001 ", SingleValue("0001")),
        ("PatientID", "0001\0", SingleValue("0001")),
        ("PatientID", "00 01", SingleValue("00 01")),
        ("PatientID", "20260101-20260102", SingleValue("20260101-20260102")),
        ("PatientID", "A\\B", SingleValue("A\\B")),
        ("PatientID", "100%", SingleValue("100%")),
        ("PatientID", "O'Brien; --", SingleValue("O'Brien; --")),
        ("PatientName", "张^三", SingleValue("张^三")),
        ("PatientName", '""', SingleValue('""')),
        ("Modality", "US", SingleValue("US")),
        ("SeriesNumber", "1", SingleValue("1")),
        ("SeriesNumber", " +1 ", SingleValue("+1")),
        ("InstanceNumber", "-2147483648", SingleValue("-2147483648")),
        # C.2.2.2.2 list of UID matching
        ("StudyInstanceUID", "1.2.3", UIDList(("1.2.3",))),
        ("StudyInstanceUID", "1.2.3\\1.2.4", UIDList(("1.2.3", "1.2.4"))),
        ("StudyInstanceUID", "1.2.3,1.2.4", UIDList(("1.2.3", "1.2.4"))),
        ("StudyInstanceUID", " 1.2.3 , 1.2.4 ", UIDList(("1.2.3", "1.2.4"))),
        ("SOPInstanceUID", "..", UIDList(("..",))),
        ("SOPClassUID", "1.2.3\0", UIDList(("1.2.3",))),
        # C.2.2.2.4 wild card matching
        ("PatientName", "Zhang*", Wildcard("Zhang*")),
        ("PatientName", "Zh?ng^San", Wildcard("Zh?ng^San")),
        ("PatientName", "?", Wildcard("?")),
        ("PatientName", "**", Wildcard("**")),
        ("AccessionNumber", "A_1%*", Wildcard("A_1%*")),
        ("ModalitiesInStudy", "U*", Wildcard("U*")),
        # C.2.2.2.5.1 range matching of dates
        ("StudyDate", "20261120", DateRange(DAY, DAY)),
        ("StudyDate", "20261120-20261121", DateRange(DAY, NEXT)),
        ("StudyDate", "20261120-", DateRange(DAY, None)),
        ("StudyDate", "-20261121", DateRange(None, NEXT)),
        ("StudyDate", "20261120 - 20261121", DateRange(DAY, NEXT)),
        ("StudyDate", "20261121-20261120", DateRange(NEXT, DAY)),
        ("PatientBirthDate", "20240229", DateRange(date(2024, 2, 29), date(2024, 2, 29))),
        ("StudyDate", "00010101-99991231", DateRange(date.min, date.max)),
        # C.2.2.2.5.2 range matching of times; an omitted part leaves the rest open
        ("StudyTime", "101500", TimeRange("1015", "101500.999999")),
        ("StudyTime", "101500.5", TimeRange("101500.5", "101500.599999")),
        ("StudyTime", "100000.000", TimeRange("10", "100000.000999")),
        ("StudyTime", "1015", TimeRange("1015", "101599.999999")),
        ("StudyTime", "10", TimeRange("10", "109999.999999")),
        ("StudyTime", "1000-1200", TimeRange("10", "120099.999999")),
        ("StudyTime", "000000-235959", TimeRange("00", "235959.999999")),
        ("StudyTime", "10:15:30-", TimeRange("101530", "")),
        ("StudyTime", "-1200", TimeRange("", "120099.999999")),
        ("StudyTime", "1000 - 1200", TimeRange("10", "120099.999999")),
    ],
)
def test_a_key_is_read_as_the_matching_it_asks_for(keyword: str, text: str, match: Match | None) -> None:
    assert parse_match(keyword, text) == match


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        *(
            ("StudyInstanceUID", text)
            for text in (
                "1.2.*",
                "1.2.?",
                "1.2.3,",
                ",",
                "\\",
                "1.2.3\\\\1.2.4",
                "1.2.x",
                "x",
                "9" * 65,
                "1.2.3;1.2.4",
                "' OR 1=1",
            )
        ),
        ("StudyInstanceUID", ",".join(["1.2.3"] * 1001)),
        *(
            ("StudyDate", text)
            for text in (
                "2026",
                "202611",
                "2026-11-20",
                "20261320",
                "20260230",
                "20261120-2026112",
                "-",
                "--",
                " - ",
                "20261120-20261121-",
                "00000101",
                "today",
                "2026112*",
                "２０２６１１２０",
                "20261120,20261121",
                "20261120\\20261121",
            )
        ),
        *(
            ("StudyTime", text)
            for text in (
                "1",
                "101",
                "25",
                "2400",
                "1060",
                "101561",
                "1015.5",
                "101500.",
                "101500.1234567",
                "-",
                "10-12-14",
                "noon",
                "１０",
            )
        ),
        *(
            ("Rows", text)
            for text in (
                "x",
                "1.5",
                "1e3",
                "1*",
                "?",
                "1-2",
                "0x10",
                "12345678901",
                "--1",
                "+",
                "１",
                "1,2",
                "1 2",
            )
        ),
        ("PatientName", "x" * 1025),
        ("PatientName", "*" * 1025),
    ],
)
def test_what_cannot_be_understood_is_refused_without_repeating_it(keyword: str, text: str) -> None:
    with pytest.raises(InvalidQuery) as refusal:
        parse_match(keyword, text)
    assert keyword in str(refusal.value)
    assert len(text) < 6 or text not in str(refusal.value)


@pytest.mark.parametrize("keyword", ["PatientName", "StudyInstanceUID", "StudyDate", "StudyTime", "Rows"])
def test_two_quotation_marks_ask_for_no_value_only_where_that_is_agreed(keyword: str) -> None:
    assert parse_match(keyword, ' "" ', empty_values=True) == EmptyValue()
    assert parse_match("PatientID", '""') == SingleValue('""')


@pytest.mark.parametrize(
    ("times", "days", "continues"),
    [
        ("1000-1200", "20261120-20261121", True),
        ("1000-", "20261120-", True),
        ("-1200", "-20261121", True),
        ("1000-1200", "20261120-", False),
        ("1000-", "-20261121", False),
        ("1000", "20261120-20261121", False),
    ],
)
def test_ranges_of_one_form_can_be_one_range_of_moments(times: str, days: str, *, continues: bool) -> None:
    asked_times, asked_days = parse_match("StudyTime", times), parse_match("StudyDate", days)
    assert isinstance(asked_times, TimeRange)
    assert isinstance(asked_days, DateRange)
    assert asked_times.continues(asked_days) is continues


@pytest.mark.parametrize("keyword", sorted(STUDY_KEYWORDS | SERIES_KEYWORDS | INSTANCE_KEYWORDS))
@given(text=st.text(max_size=80))
def test_any_text_is_understood_or_refused(keyword: str, text: str) -> None:
    try:
        match = parse_match(keyword, text)
    except InvalidQuery:
        return
    assert match is None or isinstance(match, Match)


def test_every_keyword_has_one_level_and_one_way_to_be_matched() -> None:
    levels = [STUDY_KEYWORDS, SERIES_KEYWORDS, INSTANCE_KEYWORDS]
    ways = [UID_KEYWORDS, DATE_KEYWORDS, TIME_KEYWORDS, NUMBER_KEYWORDS, TEXT_KEYWORDS]
    assert sum(map(len, levels)) == len(frozenset().union(*levels))
    assert sum(map(len, ways)) == len(frozenset().union(*ways))
    assert frozenset().union(*levels) == frozenset().union(*ways)


@pytest.mark.parametrize(
    ("pattern", "like"),
    [
        ("Zhang*", "Zhang%"),
        ("Zh?ng", "Zh_ng"),
        ("100%*", "100!%%"),
        ("A_1", "A!_1"),
        ("!", "!!"),
        ("!%_*?", "!!!%!_%_"),
        ("\\*'\"", "\\%'\""),
        ("", ""),
    ],
)
def test_wildcards_become_those_of_sql_and_nothing_else_does(pattern: str, like: str) -> None:
    assert like_pattern(pattern) == like
