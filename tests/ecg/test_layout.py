"""Which leads stand where."""

import numpy as np
import pytest

from ecg.layout import Layout, LimbSequence, lead_drawn, rows
from ecg.leads import STANDARD
from ecg.recording import Lead, Recording


def recording(*names: str) -> Recording:
    leads = tuple(Lead(name=name, microvolts=np.array([1.0, -2.0])) for name in names)
    return Recording(label="", sampling_frequency_hz=500, leads=leads)


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        (
            Layout.FOUR_BY_THREE,
            (
                ("aVL", "II", "V1", "V4"),
                ("I", "aVF", "V2", "V5"),
                ("-aVR", "III", "V3", "V6"),
                ("II",),
            ),
        ),
        (
            Layout.SIX_BY_TWO,
            (("aVL", "V1"), ("I", "V2"), ("-aVR", "V3"), ("II", "V4"), ("aVF", "V5"), ("III", "V6")),
        ),
        (
            Layout.TWELVE_BY_ONE,
            tuple((name,) for name in ("aVL", "I", "-aVR", "II", "aVF", "III", *STANDARD[6:])),
        ),
    ],
)
def test_cabrera_goes_round_the_heart(layout: Layout, expected: tuple[tuple[str, ...], ...]) -> None:
    assert rows(recording(*STANDARD), layout, LimbSequence.CABRERA) == expected


def test_three_rhythm_leads_run_below_the_columns() -> None:
    assert rows(recording(*STANDARD), Layout.FOUR_BY_THREE, rhythm_leads=3)[3:] == (("II",), ("V1",), ("V5",))


def test_each_of_a_few_leads_has_a_row_and_five_of_the_twelve_are_a_sheet_with_gaps() -> None:
    assert rows(recording("II", "V1", "V5"), Layout.FOUR_BY_THREE) == (("II",), ("V1",), ("V5",))
    assert rows(recording(*STANDARD[:5]), Layout.FOUR_BY_THREE)[0] == ("I", "aVR", "V1", "V4")


def test_a_lead_is_turned_over_where_only_the_other_side_was_recorded() -> None:
    drawn = lead_drawn(recording("aVR"), "-aVR")
    assert drawn is not None
    assert drawn.name == "-aVR"
    assert drawn.microvolts.tolist() == [-1.0, 2.0]
    assert lead_drawn(recording("-aVR"), "-aVR") is not None
    assert lead_drawn(recording("II"), "-aVR") is None


def test_a_lead_that_is_drawn_turned_over_gets_no_row_of_its_own() -> None:
    assert rows(recording("I", "II", "III", "aVF", "-aVR", "V7"), Layout.SIX_BY_TWO)[6:] == (("V7",),)
