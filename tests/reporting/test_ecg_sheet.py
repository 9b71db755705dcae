"""The sheet in pixels: a millimetre of it is a millimetre."""

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.errors import InvalidInstance, InvalidRequest
from ecg.paper import PaperSettings, svg
from reporting.ecg_sheet import sheet_png
from tests.ecg.documents import recorded

FLAT = recorded(("II",), count=2000, samples=np.zeros(2000, dtype=np.int16)).drawable()


def drawn(dpi: int, **settings: Any) -> tuple[NDArray[np.uint8], float]:
    """Return pixels, and how many millimetres one has by what the picture itself says."""
    picture = Image.open(io.BytesIO(sheet_png(svg(FLAT, PaperSettings(**settings), ["李明"]), dpi)))
    across, down = picture.info["dpi"]
    assert across == down
    return np.asarray(picture.convert("RGB")), 25.4 / across


@pytest.mark.parametrize(("dpi", "settings"), [(96, {}), (300, {"speed_mm_per_s": 50, "gain_mm_per_mv": 20})])
def test_pulse_grid_and_paper_have_their_millimetres(dpi: int, settings: dict[str, float]) -> None:
    pixels, mm = drawn(dpi, **settings)
    speed, gain = settings.get("speed_mm_per_s", 25), settings.get("gain_mm_per_mv", 10)

    height, width = (each * mm for each in pixels.shape[:2])
    assert width == pytest.approx(5 * round(width / 5), abs=mm)
    ink = (765 - pixels[round(0.5 / mm)].sum(axis=1, dtype=int)) * mm
    places = (np.arange(len(ink)) + 0.5) * mm
    for line in range(1, round(width)):
        near = np.abs(places - line) < 0.45
        assert (ink[near].sum() > 35) == (line % 5 == 0), line
        assert np.average(places[near], weights=ink[near]) == pytest.approx(line, abs=mm)
    # The pulse stands before the trace: 0.2 s wide, a millivolt high, drawn with a line of 0.25 mm.
    rows, columns = np.nonzero(pixels[:, :, 0] < 190) * np.array([[mm], [mm]])
    is_pulse = (columns > 7.5) & (columns < 8.5 + 0.2 * speed) & (rows > 10) & (rows < height - 6)
    rows, columns = rows[is_pulse], columns[is_pulse]
    assert np.ptp(rows) + mm == pytest.approx(gain + 0.25, abs=1.5 * mm)
    assert np.ptp(columns[rows < rows.min() + 1]) + mm == pytest.approx(0.2 * speed + 0.25, abs=1.5 * mm)


def test_too_large_or_no_picture_is_refused() -> None:
    whole = recorded().drawable()
    drawing = svg(whole, PaperSettings())
    for dpi in (95, 301):
        with pytest.raises(InvalidRequest):
            sheet_png(drawing, dpi)
    large = drawing.replace('width="', 'width="99', 1)
    with pytest.raises(InvalidRequest, match=r"at most \d+ pixels"):
        sheet_png(large, 300)
    with pytest.raises(InvalidInstance):
        sheet_png("<p/>", 96)
