"""ECGs beside each other: measured as a ruler would."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from pydicom.dataset import Dataset

from core.errors import InvalidRequest
from ecg.annotations import stated
from ecg.comparison import MOST_COMPARED, Compared, comparison_svg
from ecg.paper import PaperSettings
from ecg.recording import Lead, Recording
from tests.ecg.test_annotations import WHOLE
from tests.ecg.test_paper import recording, traces


def compared(drawn: Recording, *heading: str, dataset: Dataset = WHOLE) -> Compared:
    return Compared(heading=heading, recording=drawn, stated=stated(dataset))


def texts(drawing: str) -> list[tuple[float, str]]:
    elements = ElementTree.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")
    return [(float(each.get("x", "nan")), each.text or "") for each in elements]


def test_both_have_the_same_scale_whatever_their_sampling_rates() -> None:
    drawing = comparison_svg(
        [compared(recording(rate=500.0)), compared(recording(rate=250.0))], PaperSettings()
    )
    today, before = (np.array(points) for points in traces(drawing, "V3"))
    for points, rate in ((today, 500.0), (before, 250.0)):
        seconds = (points[:, 0] - points[0, 0]) / 25
        assert np.abs(seconds - np.arange(len(points)) / rate).max() * 25 < 0.1
        assert np.ptp(points[:, 1]) == pytest.approx(10, abs=0.02)
    assert len(today) == 2001
    assert len(before) == 1001
    # Lead beside lead: the lines of both are equally high on the paper, the newest on the left.
    assert today[0, 1] == before[0, 1]
    assert before[0, 0] - today[0, 0] == pytest.approx(105)


def test_what_each_device_measured_stands_under_its_own_heading() -> None:
    bare = Dataset()
    drawing = comparison_svg(
        [compared(recording(), "this ECG"), compared(recording(), "earlier", dataset=bare)], PaperSettings()
    )
    said = texts(drawing)
    left, right = (x for x, text in said if text in {"this ECG", "earlier"})
    assert [text for x, text in said if x == left][1:6] == [
        "rate 61/min",
        "PR 161 ms",
        "QRS 75 ms",
        "QT 368 ms",
        "QTc 370 ms",
    ]
    assert (right, "the device measured nothing") in said


def test_a_statement_that_somebody_confirmed_is_not_called_unconfirmed() -> None:
    nobody = compared(recording())
    confirmed = replace(nobody, stated=replace(nobody.stated, confirmed_by="Dr. Wang"))
    said = [text for _, text in texts(comparison_svg([nobody, confirmed], PaperSettings(speed_mm_per_s=50)))]
    assert [text for text in said if "RHYTHM" in text] == [
        "device, unconfirmed: SINUS RHYTHM; NORMAL ECG",
        "device, confirmed by Dr. Wang: SINUS RHYTHM; NORMAL ECG",
    ]


def test_a_lead_that_only_one_has_is_shown_and_missing_in_the_other() -> None:
    drawing = comparison_svg(
        [compared(recording(("I", "II", "V7"))), compared(recording(("II",)))], PaperSettings()
    )
    assert {text for _, text in texts(drawing)} >= {"V7", "V7 not recorded", "I", "I not recorded"}
    assert not any(text.startswith("V1") for _, text in texts(drawing))


def test_an_ecg_shorter_than_the_column_or_than_the_begin_leaves_its_place_empty() -> None:
    short = Recording(label="", sampling_frequency_hz=500, leads=(Lead(name="II", microvolts=np.zeros(100)),))
    pair = [replace(compared(each), begin_seconds=1) for each in (recording(("II",)), short)]
    drawing = comparison_svg(pair, PaperSettings(start_seconds=1))
    assert len(traces(drawing, "II")) == 1


@pytest.mark.parametrize("number", [0, MOST_COMPARED + 1])
def test_no_more_is_compared_than_fits(number: int) -> None:
    with pytest.raises(InvalidRequest):
        comparison_svg([compared(recording())] * number, PaperSettings())
