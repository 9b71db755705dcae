"""A page of a long recording."""

import numpy as np
import pytest

from core.errors import InvalidRequest
from ecg.disclosure import ROWS, disclosure_svg
from tests.ecg.test_paper import recording, traces


def test_a_row_is_a_minute_at_its_own_scale() -> None:
    drawing = disclosure_svg(recording(("II",), seconds=150, rate=100), "II", 10, 3600)
    rows = [np.array(points) for points in traces(drawing, "II")]
    assert len(rows) == 3
    assert np.ptp(rows[0][:, 0]) == pytest.approx(240, abs=0.1)
    assert np.ptp(rows[0][:, 1]) == pytest.approx(5, abs=0.05)
    assert np.ptp(rows[2][:, 0]) == pytest.approx(120, abs=0.1)
    assert all(f">1:0{minute}:00<" in drawing for minute in range(3))


def test_a_page_has_an_end() -> None:
    drawing = disclosure_svg(recording(("II",), seconds=60 * ROWS + 30, rate=20), "II", 10)
    assert len(traces(drawing, "II")) == ROWS


@pytest.mark.parametrize(("lead", "gain"), [("V9", 10.0), ("II", 7.0)])
def test_what_cannot_be_drawn_is_said(lead: str, gain: float) -> None:
    with pytest.raises(InvalidRequest):
        disclosure_svg(recording(("II",)), lead, gain)
