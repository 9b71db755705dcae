"""An ECG on a screen: a millimetre of the paper is a millimetre of the screen that was measured."""

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import expect
from pydicom.data import get_testdata_file

from ecg.strokes import LINE as LINE_OF_TEXT
from ecg.strokes import MARGIN
from tests.ecg.electrocardiograms import channel, group
from tests.ecg.test_beats import heart
from tests.web.conftest import WebHub, view_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.tool("chromium")

AMBULATORY = "1.2.840.10008.5.1.4.1.1.9.1.3"
PER_MM = 10
"""Pixels a millimetre, as the reader measured this screen."""
TOLERANCE = 0.1
"""mm"""
DARK = 128
"""The trace is nearly black, the grid is light red."""
SPEED, GAIN = 25, 10
LINE = 0.25
"""Width of the trace in mm."""
RHYTHM_ROW, TRACE_LEFT = slice(108, 144), 16
"""Where the fourth row of the sheet lies below its lines of text, and where its trace begins, in mm."""
HEADER = MARGIN + 5 * LINE_OF_TEXT
"""Whose it is, when it was made, by which device, and what that measured and said."""


def dark(picture: NDArray[np.uint8], left: float, right: float) -> NDArray[np.bool_]:
    """Return where the trace is in the rhythm row, between two places in mm."""
    top, bottom = (round((HEADER + each) * PER_MM) for each in (RHYTHM_ROW.start, RHYTHM_ROW.stop))
    return np.asarray(picture[top:bottom, round(left * PER_MM) : round(right * PER_MM)] < DARK)


def test_millimetres_on_the_screen_are_those_of_the_signal(
    hub: WebHub, sign_in: "Callable[..., Page]"
) -> None:
    [dataset] = hub.store([Path(str(get_testdata_file("waveform_ecg.dcm", download=False)))])
    page = sign_in("reader", width=2900, height=2100)
    page.add_init_script(f"localStorage.setItem('screen.pixelsPerMm', '{PER_MM}')")
    page.goto(view_of(hub, dataset.StudyInstanceUID))
    sheet = page.locator(f".viewer-sheet img[data-sop-instance-uid='{dataset.SOPInstanceUID}'][width]")
    picture = np.asarray(Image.open(io.BytesIO(sheet.screenshot())).convert("L"))

    pulse = np.flatnonzero(dark(picture, 9, 12).all(axis=1))
    foot = np.flatnonzero(dark(picture, 5.5, 7.5).all(axis=1))
    baseline = foot.mean()
    assert (baseline - pulse.mean()) / PER_MM == pytest.approx(GAIN, abs=TOLERANCE)

    for (begin, end), millivolts in beats(hub, dataset):
        middle = TRACE_LEFT + (begin + end) / 2 * SPEED
        around = dark(picture, middle - 1, middle + 1)
        tops = np.argmax(around, axis=0) + np.where(around.any(axis=0), 0, 10**6)
        # The line's upper edge is half a pixel above the middle of its first row.
        highest = (baseline - tops.min() + 0.5) / PER_MM - LINE / 2
        assert highest == pytest.approx(millivolts * GAIN, abs=TOLERANCE)
        first = round((middle - 1) * PER_MM)
        there = (first + np.flatnonzero(tops == tops.min()).mean() + 0.5) / PER_MM
        assert there == pytest.approx(middle, abs=TOLERANCE + (end - begin) / 2 * SPEED)


def beats(hub: WebHub, dataset: Any) -> list[tuple[tuple[float, float], float]]:
    """Return where each beat of lead II is highest, those at its ends left out: seconds and millivolts.

    From where to where, because what is a pixel lower cannot be told from the highest.
    """
    answer = hub.client.get(
        f"/api/v1/studies/{dataset.StudyInstanceUID}/instances/{dataset.SOPInstanceUID}/ecg",
        headers=hub.headers("reader"),
    ).json()
    signal = np.array(answer["leads"]["II"], dtype=float) / 1000
    frequency = answer["sampling_frequency_hz"]
    found = []
    high = 0.7 * signal.max()
    for start in np.flatnonzero((signal[:-1] < high) & (signal[1:] >= high)):
        beat = signal[start : start + int(frequency / 5)]
        if frequency / 2 < start < len(signal) - frequency / 2:
            top = np.flatnonzero(beat >= beat.max() - 1 / PER_MM / GAIN) + start
            found.append(((top[0] / frequency, top[-1] / frequency), float(beat.max())))
    assert len(found) > 5
    return found


def test_speed_gain_and_callipers_go_by_the_paper(hub: WebHub, sign_in: "Callable[..., Page]") -> None:
    [dataset] = hub.store([Path(str(get_testdata_file("waveform_ecg.dcm", download=False)))])
    page = sign_in("reader", locale="en-GB")
    page.add_init_script(f"localStorage.setItem('screen.pixelsPerMm', '{PER_MM}')")
    page.goto(view_of(hub, dataset.StudyInstanceUID))
    page.get_by_label("Speed").select_option("50")
    page.get_by_label("Gain").select_option("20")
    sheet = page.locator(".viewer-sheet img[src*='speed=50&gain=20'][width]")
    box = sheet.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 800, box["y"] + 200)
    page.mouse.up()
    # 50 mm at 50 mm/s, 10 mm at 20 mm/mV.
    assert "1000 ms  60/min  +0.50 mV" in page.locator("output").inner_text()
    page.keyboard.press(".")
    assert "M13" in str(page.locator(".viewer-callipers .march").get_attribute("d"))
    page.keyboard.press("q")
    assert page.locator(".viewer-covered").is_visible()
    page.get_by_label("Layout").select_option("12x1")
    page.locator(".viewer-sheet img[src*='layout=12x1']").wait_for()
    page.get_by_label("From").fill("2")
    page.get_by_label("From").press("Tab")
    page.locator(".viewer-sheet img[src*='start=2']").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("0")
    sheet = page.locator(".viewer-sheet img[src*='speed=25&gain=10&layout=4x3'][width]")
    sheet.wait_for()
    assert "start=" not in str(sheet.get_attribute("src"))


def test_two_fingers_move_the_paper_and_measure_nothing(hub: WebHub, sign_in: "Callable[..., Page]") -> None:
    [dataset] = hub.store([Path(str(get_testdata_file("waveform_ecg.dcm", download=False)))])
    page = sign_in("reader", width=1000, height=700)
    page.add_init_script(f"localStorage.setItem('screen.pixelsPerMm', '{PER_MM}')")
    page.goto(view_of(hub, dataset.StudyInstanceUID))
    page.locator(".viewer-sheet img[width]").wait_for()
    hand = page.context.new_cdp_session(page)

    def touch(kind: str, *fingers: tuple[float, float]) -> None:
        points = [{"x": at[0], "y": at[1], "id": number} for number, at in enumerate(fingers)]
        hand.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

    touch("Start", (400, 400))
    touch("Move", (450, 420))
    page.locator(".viewer-callipers").wait_for()
    touch("Start", (450, 420), (600, 420))
    page.locator(".viewer-callipers").wait_for(state="detached")
    touch("Move", (390, 380), (540, 380))
    touch("End")
    room = page.locator(".viewer-ecg-room")
    assert room.evaluate("room => [room.scrollLeft, room.scrollTop]") == [60, 40]
    assert page.locator(".viewer-callipers").count() == 0


def test_a_screen_is_measured_with_a_card_and_stays_so(hub: WebHub, sign_in: "Callable[..., Page]") -> None:
    ecg = Path(str(get_testdata_file("waveform_ecg.dcm", download=False)))
    [first, second] = hub.store([ecg, ecg])
    page = sign_in("reader", locale="en-GB")
    page.goto(view_of(hub, first.StudyInstanceUID))
    sheet = page.locator(".viewer-sheet img[width]").first
    width = float(str(sheet.get_attribute("width")))
    page.get_by_text("Screen not calibrated").wait_for()
    page.get_by_role("button", name="Calibrate the screen").click()
    page.get_by_role("slider").fill("7.56")
    # Twice as many pixels in a millimetre as the browser says.
    assert float(str(sheet.get_attribute("width"))) / width == pytest.approx(2, abs=0.01)
    card = page.locator(".viewer-card").bounding_box()
    assert card is not None
    assert card["width"] == pytest.approx(85.6 * 7.56, abs=0.5)
    page.reload()
    assert float(str(sheet.get_attribute("width"))) / width == pytest.approx(2, abs=0.01)
    assert page.get_by_text("Screen not calibrated").count() == 0
    # Two sheets beside each other: keys do what they say to the one that was touched last.
    page.keyboard.press("d")
    sheets = page.locator(".viewer-sheet img[width]")
    expect(sheets).to_have_count(2)
    assert sheets.last.get_attribute("data-sop-instance-uid") == second.SOPInstanceUID
    page.keyboard.press("ArrowRight")
    page.keyboard.press(".")
    march = page.get_by_role("button", name="March out")
    assert [each.get_attribute("aria-pressed") for each in march.all()] == ["false", "true"]


def test_a_sheet_is_drawn_in_the_readers_own_way_and_beside_the_earlier_ones(
    hub: WebHub, sign_in: "Callable[..., Page]"
) -> None:
    file = Path(str(get_testdata_file("waveform_ecg.dcm", download=False)))
    patient = {"PatientID": "ECG-2", "PatientBirthDate": "19600101"}
    hub.store([file], **patient, StudyDate="20240101")
    [dataset] = hub.store([file], **patient, StudyDate="20260101")
    hub.consultation.take_in()
    page = sign_in("reader", locale="en-GB")
    page.goto(view_of(hub, dataset.StudyInstanceUID))
    page.get_by_label("Layout").select_option("4x3+3")
    page.get_by_label("Filter").select_option("40")
    page.get_by_label("Mains").select_option("50")
    page.get_by_role("button", name="Cabrera").click()
    page.get_by_role("button", name="V ½").click()
    asked = "rhythm=3&limbs=cabrera&half_chest=true&filter=40&filter=50"
    page.locator(f".viewer-sheet img[src$='{asked}'][width]").wait_for()
    page.get_by_role("button", name="Compare with earlier").click()
    compared = page.locator(".viewer-sheet img[src*='/ecg/comparison.svg'][width]")
    compared.wait_for()
    drawing = hub.client.get(str(compared.get_attribute("src")), headers=hub.headers("reader")).text
    assert drawing.index("2026-01-01") < drawing.index("earlier, same patient") < drawing.index("2024-01-01")


def long_recording(rates: Iterable[int], *, sampling: int = 250) -> pydicom.Dataset:
    """Return a recording of three leads whose heart beats so often in each of its minutes."""
    samples = np.concatenate([heart(np.arange(0.5, 60, 60 / rate), 60, rate=sampling) for rate in rates])
    dataset = pydicom.dcmread(str(get_testdata_file("waveform_ecg.dcm", download=False)))
    dataset.SOPClassUID = AMBULATORY
    leads = [channel(f"5.6.3-9-{number}") for number in (2, 3, 7)]
    dataset.WaveformSequence = [
        group(np.stack([samples] * 3, axis=1).astype("<i2"), leads, SamplingFrequency=sampling)
    ]
    return dataset


def test_a_click_on_the_trend_of_a_long_recording_shows_the_sheet_of_that_moment(
    hub: WebHub, sign_in: "Callable[..., Page]"
) -> None:
    minutes = 50
    [stored] = hub.store([long_recording([60] * minutes)])
    page = sign_in("reader", locale="en-GB")
    page.goto(view_of(hub, stored.StudyInstanceUID))
    trend = page.locator(".viewer-ecg-overview img")
    trend.evaluate("image => image.decode()")
    box = trend.bounding_box()
    assert box is not None
    # The middle of the time: the drawing is 279 mm wide, its time begins at 14 and takes 260.
    page.mouse.click(box["x"] + box["width"] * (14 + 130) / 279, box["y"] + box["height"] / 2)
    sheet = page.locator(".viewer-sheet img[src*='start='][width]")
    sheet.wait_for()
    start = int(str(sheet.get_attribute("src")).rpartition("start=")[2])
    seconds_a_pixel = minutes * 60 / (box["width"] * 260 / 279)
    assert start == pytest.approx(minutes * 30, abs=2 * seconds_a_pixel)
    # The field follows, and keeps what is being typed when the page is drawn anew for another reason.
    field = page.get_by_role("spinbutton")
    expect(field).to_have_value(str(start))
    field.fill("120")
    march = page.get_by_role("button", name="March out")
    march.dispatch_event("click")
    expect(march).to_have_attribute("aria-pressed", "true")
    expect(field).to_have_value("120")
    field.press("Enter")
    page.locator(".viewer-sheet img[src$='start=120'][width]").wait_for()
    field.fill("")
    field.blur()
    expect(field).to_have_value("0")
    trend.click()
    expect(field).not_to_have_value("0")
