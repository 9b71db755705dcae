"""The drawing: measured as a ruler would, in millimetres."""

import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from core.errors import InvalidRequest
from ecg.filters import SheetFilter
from ecg.layout import Layout, LimbSequence
from ecg.leads import STANDARD
from ecg.paper import GAINS, SPEEDS, PaperSettings, svg
from ecg.recording import Lead, Recording

SVG = "{http://www.w3.org/2000/svg}"
RATE = 500.0


def recording(names: tuple[str, ...] = STANDARD, seconds: float = 10.0, rate: float = RATE) -> Recording:
    times = np.arange(round(seconds * rate)) / rate
    return Recording(
        label="RHYTHM",
        sampling_frequency_hz=rate,
        leads=tuple(
            Lead(name=name, microvolts=500 * np.sin(2 * math.pi * (times + number / 10)))
            for number, name in enumerate(names)
        ),
    )


def traces(drawing: str, lead: str) -> list[list[tuple[float, float]]]:
    """Return each drawn trace of a lead as points in mm, one list for each unbroken line."""
    lines = []
    for path in ElementTree.fromstring(drawing).iter(f"{SVG}path"):
        if path.get("data-lead") != lead:
            continue
        assert path.get("transform") == "scale(.01)"
        for start, steps in re.findall(r"M(-?\d+ -?\d+)l([-\d ]*)", path.get("d", "")):
            x, y = map(int, start.split())
            points = [(x / 100, y / 100)]
            moves = list(map(int, steps.split()))
            for dx, dy in zip(moves[::2], moves[1::2], strict=True):
                x, y = x + dx, y + dy
                points.append((x / 100, y / 100))
            lines.append(points)
    return lines


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("gain", GAINS)
def test_a_second_and_a_millivolt_are_as_long_as_the_paper_says(
    layout: Layout, speed: float, gain: float
) -> None:
    drawn = recording()
    sheet = svg(drawn, PaperSettings(speed_mm_per_s=speed, gain_mm_per_mv=gain, layout=layout))
    for number, lead in enumerate(drawn.leads):
        column = {Layout.FOUR_BY_THREE: number // 3, Layout.SIX_BY_TWO: number // 6}.get(layout, 0)
        columns = {Layout.FOUR_BY_THREE: 4, Layout.SIX_BY_TWO: 2}.get(layout, 1)
        part = 10 / columns
        first = round(column * part * RATE)
        points = np.array(traces(sheet, lead.name)[0])
        times = (points[:, 0] - points[0, 0]) / speed
        assert np.abs(times - np.arange(len(points)) / RATE).max() * speed < 0.1
        millivolts = -(points[:, 1] - points[0, 1]) / gain
        expected = (lead.microvolts[first : first + len(points)] - lead.microvolts[first]) / 1000
        assert np.abs(millivolts - expected).max() * gain < 0.1
        assert len(points) >= part * RATE


def test_the_calibration_pulse_is_a_millivolt_of_two_tenths_of_a_second() -> None:
    drawing = svg(recording(), PaperSettings(speed_mm_per_s=50, gain_mm_per_mv=20))
    pulses = [
        path.get("d", "")
        for path in ElementTree.fromstring(drawing).iter(f"{SVG}path")
        if path.get("data-lead") == "pulse"
    ]
    assert len(pulses) == 4
    assert all("v-2000h1000v2000" in pulse for pulse in pulses)


def test_the_picture_is_as_large_as_its_own_millimetres() -> None:
    root = ElementTree.fromstring(svg(recording(), PaperSettings()))
    _, _, width, height = map(float, str(root.get("viewBox")).split())
    assert (root.get("width"), root.get("height")) == (f"{width:g}mm", f"{height:g}mm")
    assert width >= 10 * 25
    assert width % 5 == height % 5 == 0


def test_the_grid_has_a_line_each_millimetre_and_each_fifth_is_bold() -> None:
    drawing = svg(recording(), PaperSettings())
    width, height = map(float, re.findall(r'(?:width|height)="([0-9.]+)mm"', drawing)[:2])
    grid = {
        path.get("class"): path.get("d", "") for path in ElementTree.fromstring(drawing).iter(f"{SVG}path")
    }
    lines = {
        (name, axis): [int(place) for place in re.findall(pattern, grid[name])]
        for name in ("fine", "bold")
        for axis, pattern in (("x", r"M(\d+) 0V"), ("y", r"M0 (\d+)H"))
    }
    for axis, end in (("x", width), ("y", height)):
        assert lines["bold", axis] == list(range(0, int(end) + 1, 5))
        assert sorted(lines["fine", axis] + lines["bold", axis]) == list(range(int(end) + 1))


def test_a_gap_in_the_recording_is_a_gap_on_the_paper() -> None:
    microvolts = np.full(5000, 100.0)
    microvolts[1000:1500] = np.nan
    drawn = Recording(label="", sampling_frequency_hz=500, leads=(Lead(name="II", microvolts=microvolts),))
    before, after = traces(svg(drawn, PaperSettings(layout=Layout.TWELVE_BY_ONE)), "II")
    assert after[0][0] - before[-1][0] == pytest.approx(501 / 500 * 25, abs=0.02)


def test_a_lead_that_was_not_recorded_keeps_its_place_and_one_more_gets_a_row() -> None:
    drawing = svg(recording((*STANDARD[:5], "V4R")), PaperSettings())
    assert "V6 not recorded" in drawing
    [whole] = traces(drawing, "V4R")
    assert whole[-1][0] - whole[0][0] == pytest.approx(4999 / 500 * 25, abs=0.02)


def test_leads_of_no_standard_are_drawn_by_themselves() -> None:
    drawing = svg(recording(("X", "Y", "Z")), PaperSettings())
    assert "not recorded" not in drawing
    assert all(len(traces(drawing, name)) == 1 for name in "XYZ")


def test_a_sheet_may_begin_later_and_ends_with_the_recording() -> None:
    drawn = recording(seconds=25)
    layout = Layout.TWELVE_BY_ONE
    [line] = traces(svg(drawn, PaperSettings(start_seconds=20, layout=layout)), "I")
    assert line[-1][0] - line[0][0] == pytest.approx(5 * 25, abs=0.1)
    [full] = traces(svg(drawn, PaperSettings(start_seconds=5, layout=layout)), "I")
    assert full[-1][0] - full[0][0] == pytest.approx(10 * 25, abs=0.1)
    with pytest.raises(InvalidRequest):
        svg(drawn, PaperSettings(start_seconds=25))


@pytest.mark.parametrize("wrong", [{"speed_mm_per_s": 24.0}, {"gain_mm_per_mv": 0.0}, {"start_seconds": -1}])
def test_only_the_speeds_and_gains_of_the_paper_are_drawn(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidRequest):
        PaperSettings(**wrong)  # type: ignore[arg-type] # all of them are numbers


def test_text_of_a_device_stays_text() -> None:
    drawn = recording(("I", '"><script>alert(1)</script>'))
    root = ElementTree.fromstring(svg(drawn, PaperSettings(), ["<svg onload=x> & 张三\x00\x1b", "]]>"]))
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert "<svg onload=x> & 张三  " in texts
    assert not list(root.iter(f"{SVG}script"))


def test_a_trace_that_leaves_the_paper_is_cut() -> None:
    microvolts = np.array([1e12, -1e12, 0.0] * 500)
    drawn = Recording(label="", sampling_frequency_hz=500, leads=(Lead(name="I", microvolts=microvolts),))
    [line] = traces(svg(drawn, PaperSettings()), "I")
    assert max(abs(y) for _, y in line) <= 350


def test_a_single_sample_between_gaps_is_still_a_path_that_can_be_read() -> None:
    signal = np.full(500, np.nan)
    signal[[100, 102, 103]] = 500
    lonely = Recording(label="", sampling_frequency_hz=500, leads=(Lead(name="II", microvolts=signal),))
    assert [len(line) for line in traces(svg(lonely, PaperSettings(layout=Layout.TWELVE_BY_ONE)), "II")] == [
        2,
        2,
    ]


def test_a_recording_denser_than_any_paper_is_drawn_as_its_outline_to_the_last_spike() -> None:
    rate = 1_000_000.0
    signal = np.zeros(100_000)
    signal[[30_000, 70_001]] = 2000, -1000
    signal[50_000:50_100:2] = np.nan
    dense = Recording(
        label="", sampling_frequency_hz=rate, leads=(Lead(name="II", microvolts=signal),), oddities=()
    )
    drawing = svg(dense, PaperSettings(layout=Layout.TWELVE_BY_ONE))
    points = np.array([point for line in traces(drawing, "II") for point in line])
    assert len(points) < 4 * 2.5 / 0.05 + 10
    left, middle = points[0]
    assert points[:, 1].min() == pytest.approx(middle - 20)
    assert points[:, 1].max() == pytest.approx(middle + 10)
    assert points[points[:, 1].argmin(), 0] - left == pytest.approx(0.75, abs=0.01)
    assert points[points[:, 1].argmax(), 0] - left == pytest.approx(1.75, abs=0.01)
    assert points[-1, 0] - left == pytest.approx(2.5, abs=0.01)


def test_chest_leads_at_half_the_gain_are_half_as_high_and_the_pulse_shows_both() -> None:
    drawing = svg(recording(), PaperSettings(halves_chest_leads=True, layout=Layout.SIX_BY_TWO))
    heights = {name: np.ptp(np.array(traces(drawing, name)[0])[:, 1]) for name in ("II", "V2")}
    assert heights["II"] == pytest.approx(10, abs=0.02)
    assert heights["V2"] == pytest.approx(5, abs=0.02)
    assert "V 5 mm/mV" in drawing
    assert drawing.count("v-1000h250v500h250v500") == 6


def test_a_filter_is_printed_on_the_sheet_when_it_is_on_and_only_then() -> None:
    assert "FILTERED" not in svg(recording(), PaperSettings())
    drawing = svg(recording(), PaperSettings(filters=(SheetFilter.MUSCLE, SheetFilter.MAINS_50)))
    assert "FILTERED: 40 Hz low-pass, 50 Hz notch" in drawing


def test_cabrera_is_drawn_with_avr_turned_over() -> None:
    drawn = recording()
    drawing = svg(drawn, PaperSettings(limb_sequence=LimbSequence.CABRERA, layout=Layout.TWELVE_BY_ONE))
    turned, lead = np.array(traces(drawing, "-aVR")[0]), drawn.lead("aVR")
    assert lead is not None
    expected = -lead.microvolts[: len(turned)] / 100
    assert np.abs((turned[0, 1] - turned[:, 1]) - (expected - expected[0])).max() < 0.1
    assert traces(drawing, "aVR") == []
