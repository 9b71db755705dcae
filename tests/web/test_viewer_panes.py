"""Two panes beside each other, and fingers: what hangs where, and what follows what."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file

from reporting.marks import Mark, MarkKind
from tests.fixtures.consultation import QUIET, XINGLONG, reader
from tests.web.conftest import WebHub, view_of
from tests.web.test_viewer import radiograph

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.tool("chromium")

SignIn = Callable[..., "Page"]


def looking(page: "Page", pane: int = 0) -> "Locator":
    """Return where a pane says how it shows its picture."""
    return page.locator(".viewer-looking").nth(pane)


def middle(page: "Page", pane: int = 0) -> tuple[float, float]:
    """Return the middle of a pane's picture."""
    box = page.locator("canvas").nth(pane).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: "Page", start: tuple[float, float], by: tuple[float, float], button: Any = "left") -> None:
    """Move the mouse with a button down."""
    page.mouse.move(*start)
    page.mouse.down(button=button)
    page.mouse.move(start[0] + by[0] / 2, start[1] + by[1] / 2)
    page.mouse.move(start[0] + by[0], start[1] + by[1])
    page.mouse.up(button=button)


def shown_in(page: "Page") -> list[str | None]:
    """Return which instances hang, from left to right, once all of them are there in full."""
    page.locator(".viewer-quality[data-quality=full]").nth(page.locator("canvas").count() - 1).wait_for()
    return [each.get_attribute("data-sop-instance-uid") for each in page.locator("canvas").all()]


def test_a_chest_hangs_frontal_then_lateral_and_panes_follow_each_other(hub: WebHub, sign_in: SignIn) -> None:
    lateral, frontal = hub.store([radiograph(ViewPosition="LL"), radiograph(ViewPosition="PA")])
    page = sign_in("reader", locale="en-GB")
    page.goto(view_of(hub, frontal.StudyInstanceUID))
    page.locator("canvas").nth(1).wait_for()
    assert shown_in(page) == [frontal.SOPInstanceUID, lateral.SOPInstanceUID]
    page.keyboard.press("o")
    page.mouse.move(*middle(page))
    page.mouse.wheel(0, -300)
    expect(looking(page, 1)).to_contain_text("272 %")
    drag(page, middle(page), (0, 300), "right")
    expect(looking(page)).to_contain_text("100 %")
    expect(looking(page, 1)).to_contain_text("100 %")
    # A window of the header goes over to the other picture as well, by key and by hand.
    page.keyboard.press("2")
    expect(looking(page, 1)).to_contain_text("W 500  L 1000")
    page.get_by_label("Windows").select_option("0")
    expect(looking(page, 1)).to_contain_text("W 4096  L 2048")
    page.keyboard.press(",")
    page.keyboard.press("2")
    page.keyboard.press("+")
    expect(looking(page)).to_contain_text("W 500  L 1000   125 %")
    expect(looking(page, 1)).to_contain_text("W 4096  L 2048   100 %")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("i")
    page.keyboard.press("-")
    expect(looking(page, 1)).to_contain_text("80 %")
    page.mouse.dblclick(*middle(page, 1))
    expect(page.locator("canvas")).to_have_count(1)
    assert shown_in(page) == [lateral.SOPInstanceUID]


def test_a_prior_hangs_on_the_left_and_what_was_before_is_not_todays(hub: WebHub, sign_in: SignIn) -> None:
    person = {"PatientID": "P-1", "PatientName": "Before^Now", "BodyPartExamined": "CHEST"}
    before = [radiograph(ViewPosition="LL"), radiograph(ViewPosition="PA")]
    sent_before = hub.store(before, StudyDate="20250301", StudyDescription="Chest of 2025", **person)
    draw_into(hub, sent_before[1])
    [today] = hub.store([radiograph(ViewPosition="PA")], StudyDescription="Chest of today", **person)
    hub.consultation.take_in()
    hub.consultation.clock.advance(seconds=QUIET.total_seconds())
    hub.consultation.timers.run()
    page = sign_in("reader", locale="en-GB")
    page.goto(f"{hub.url}/read")
    page.locator(".case", has_text="Chest of today").click()
    page.get_by_role("button", name="Beside").click()
    page.locator("canvas").nth(1).wait_for()
    assert shown_in(page) == [sent_before[1].SOPInstanceUID, today.SOPInstanceUID]
    headings = page.locator(".viewer-corner.top-left strong")
    expect(headings.first).to_have_text("Prior 2025-03-01")
    expect(headings.last).to_have_text("This study")
    # What was drawn then is seen with it; what is drawn now lies beside it and takes nothing of it away.
    page.locator(".viewer-pane").first.get_by_text("nodule of 2025").wait_for()
    drag(page, middle(page, 1), (60, 0))
    page.locator(".viewer-looking", has_not_text="W 4096").nth(1).wait_for()
    assert page.locator(".viewer-pane.active").get_by_text("This study").is_visible()
    ((left, top), (right, bottom)) = (middle(page, pane) for pane in (0, 1))
    assert (left < right, top) == (True, bottom)
    page.keyboard.press("Shift+D")
    expect(page.locator("[data-action=stack]")).to_have_attribute("aria-pressed", "true")
    ((left, top), (right, bottom)) = (middle(page, pane) for pane in (0, 1))
    assert (left, top < bottom) == (right, True)


def draw_into(hub: WebHub, dataset: Dataset) -> None:
    """Leave an arrow in a study, as the one who read it then."""
    hub.consultation.take_in()
    hub.consultation.clock.advance(seconds=QUIET.total_seconds())
    hub.consultation.timers.run()
    case = hub.consultation.case(dataset.StudyInstanceUID)
    claimed = hub.consultation.reading_list.claim(reader(), case.workitem.workitem_uid)
    arrow = Mark(
        mark_id="a",
        kind=MarkKind.ARROW,
        sop_instance_uid=dataset.SOPInstanceUID,
        frame=1,
        points=((100.0, 100.0), (160.0, 160.0)),
        text="nodule of 2025",
    )
    uid = claimed.workitem.workitem_uid
    hub.rooms.marking.save(reader(), XINGLONG, dataset.StudyInstanceUID, uid, (arrow,), version=0)
    hub.consultation.reading_list.release(reader(), uid)


def test_an_ultrasound_hangs_as_a_grid_and_opens_one_by_keys(hub: WebHub, sign_in: SignIn) -> None:
    still = dcmread(Path(str(get_testdata_file("examples_rgb_color.dcm", download=False))))
    second = dcmread(Path(str(get_testdata_file("examples_palette.dcm", download=False))))
    second.SequenceOfUltrasoundRegions = [_region(0, 99), _region(100, 199)]
    sent = hub.store([still, second], Modality="US")
    page = sign_in("reader", locale="en-GB")
    page.goto(view_of(hub, sent[0].StudyInstanceUID))
    expect(page.locator(".viewer-panes.grid .viewer-thumb")).to_have_count(2)
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.locator("canvas").wait_for()
    assert shown_in(page) == [sent[1].SOPInstanceUID]
    page.keyboard.press("o")
    box = page.locator("canvas").bounding_box()
    assert box is not None
    left = box["x"] + round(box["width"] / 2 - second.Columns / 2)
    page.keyboard.press("l")
    drag(page, (left + 20, middle(page)[1]), (50, 0))
    page.get_by_text("25.0 mm").wait_for()
    # From one calibrated region into another there is no distance in millimetres.
    drag(page, (left + 80, middle(page)[1] + 40), (60, 0))
    page.get_by_text("60 px").wait_for()


def _region(left: int, right: int) -> Dataset:
    region = Dataset()
    region.RegionLocationMinX0, region.RegionLocationMaxX1 = left, right
    region.RegionLocationMinY0, region.RegionLocationMaxY1 = 0, 10_000
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.05
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    return region


def test_one_finger_does_what_its_tool_does_and_two_zoom(hub: WebHub, sign_in: SignIn) -> None:
    [dataset] = hub.store([radiograph()])
    page = sign_in("reader", locale="en-GB")
    page.goto(view_of(hub, dataset.StudyInstanceUID))
    shown_in(page)
    page.keyboard.press("o")
    x, y = middle(page)
    hand = page.context.new_cdp_session(page)

    def touch(kind: str, *fingers: tuple[float, float]) -> None:
        points = [{"x": at[0], "y": at[1], "id": number} for number, at in enumerate(fingers)]
        hand.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

    touch("Start", (x, y))
    touch("Move", (x + 20, y))
    touch("End")
    expect(looking(page)).to_contain_text("W 4301")
    touch("Start", (x - 50, y))
    touch("Start", (x - 50, y), (x + 50, y))
    touch("Move", (x - 100, y), (x + 100, y))
    touch("End")
    expect(looking(page)).to_contain_text("W 4301  L 2048   200 %")
    # A line that one finger began is none any more when the second one comes.
    page.keyboard.press("l")
    touch("Start", (x, y))
    touch("Move", (x + 40, y))
    page.locator(".viewer-mark.picked").wait_for()
    touch("Start", (x + 40, y), (x + 90, y))
    touch("Move", (x + 40, y), (x + 65, y))
    touch("End")
    expect(looking(page)).to_contain_text("100 %")
    assert page.locator(".viewer-mark").count() == 0
    touch("Start", (x - 50, y))
    touch("Move", (x + 50, y))
    touch("End")
    page.get_by_text("20.0 mm (at detector)").wait_for()
