"""What a measurement says of itself: the middle, the spread, and whether an aim is reached."""

import json

import pytest

from bench.figures import (
    MARKS,
    MILLISECONDS,
    PER_SECOND,
    SECONDS,
    Comparison,
    Spread,
    Unit,
    markdown,
    put_between_marks,
    short,
)


def comparison(
    ours: tuple[float, ...], theirs: tuple[float, ...], *, unit: Unit = PER_SECOND, aim: float | None = None
) -> Comparison:
    return Comparison(name="frame", what="one frame", unit=unit, ours=ours, theirs=theirs, aim=aim)


@pytest.mark.parametrize(
    ("unit", "ours", "theirs", "ratios"),
    [
        (PER_SECOND, (100, 300, 200), (10, 10, 10), (20, 10, 30)),
        (MILLISECONDS, (10, 20), (100, 100), (7.5, 5, 10)),
        # A slow moment of the machine weighs on both of its round.
        (PER_SECOND, (100, 50), (10, 5), (10, 10, 10)),
        (PER_SECOND, (5,), (10,), (0.5, 0.5, 0.5)),
    ],
)
def test_a_ratio_is_that_of_neighbouring_rounds(
    unit: Unit, ours: tuple[float, ...], theirs: tuple[float, ...], ratios: tuple[float, ...]
) -> None:
    middle, least, most = ratios
    assert comparison(ours, theirs, unit=unit).ratios == Spread(middle=middle, least=least, most=most)


@pytest.mark.parametrize(
    ("aim", "verdict"), [(None, ""), (20, "reached"), (19.9, "reached"), (30, "missed by a factor of 1.50")]
)
def test_a_missed_aim_says_by_how_much(aim: float | None, verdict: str) -> None:
    assert comparison((200, 200, 200), (10, 10, 10), aim=aim).verdict == verdict


def test_a_limit_of_the_hubs_own_counts_beside_the_ratio() -> None:
    times = Comparison(
        name="list", what="list", unit=SECONDS, ours=(1.5,), theirs=(30,), aim=10, limit=1, peer="OHIF"
    )
    assert (times.wanted, times.verdict) == ("10.0x, at most 1.00 s", "missed by a factor of 1.50")
    rates = Comparison(name="cine", what="cine", unit=PER_SECOND, ours=(28,), theirs=(4,), limit=25)
    assert (rates.wanted, rates.verdict) == ("at least 25.0/s", "reached")
    assert markdown([times], {}).startswith("| what | hub | OHIF |")


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0.1234, "0.12"), (9.99, "9.99"), (12.34, "12.3"), (999.6, "1000"), (5432.1, "5432")],
)
def test_numbers_show_no_more_than_was_measured(number: float, shown: str) -> None:
    assert short(number) == shown


def test_a_page_holds_every_row_and_every_condition() -> None:
    page = markdown([comparison((200, 220), (10, 10), aim=20)], {"Machine": "2 cores"})
    assert page.splitlines()[2] == (
        "| one frame | 210/s (200 to 220) | 10.0/s (10.0 to 10.0) | 21.0x (20.0 to 22.0) | 20.0x | reached |"
    )
    assert page.endswith("\n\n* Machine: 2 cores\n")


def test_a_program_is_given_every_round() -> None:
    given = json.loads(json.dumps(comparison((200, 220), (10, 10), aim=30).as_json()))
    assert (given["hub"], given["orthanc"], given["unit"]) == ([200, 220], [10, 10], "/s")
    assert given["ratio"] == {"middle": 21, "least": 20, "most": 22}


def test_a_new_run_stands_in_place_of_the_last() -> None:
    begin, end = MARKS
    page = f"# Measurements\n\n{begin}\nan old table\n{end}\nWhat limits.\n"
    once = put_between_marks(page, "a table\n")
    assert once == f"# Measurements\n\n{begin}\n\na table\n\n{end}\nWhat limits.\n"
    assert put_between_marks(once, "a table\n") == once
    assert put_between_marks("no marks", "a table\n") == "a table\n"
