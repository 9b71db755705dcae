"""Every tool of the viewer in a hand, the keys that choose it, and what becomes of what was drawn."""

import base64
import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from pydicom import Dataset

from core.access import Grant, Role
from tests.fixtures.consultation import GROUP, QUIET, SITES, XINGLONG
from tests.viewer_api.conftest import PASSWORD
from tests.web.conftest import WebHub, view_of
from tests.web.test_viewer import SIDE, radiograph
from tests.web.test_viewer_panes import drag, looking, middle, shown_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.tool("chromium")

SignIn = Callable[..., "Page"]
PIXELS = """(canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  return Uint8Array.from({ length: data.length / 4 }, (_, place) => data[4 * place]).toBase64()
}"""


def halves() -> Dataset:
    """Return a radiograph that is 1000 on the left and 3000 on the right, with a table beside its windows."""
    pixels = np.full((SIDE, SIDE), 1000, dtype=np.uint16)
    pixels[:, SIDE // 2 :] = 3000
    table = Dataset()
    table.LUTDescriptor, table.LUTExplanation = [4096, 0, 8], "Bone"
    table.LUTData = (np.arange(4096) * 255 // 4095).astype("<u2").tobytes()
    return radiograph(
        PixelData=pixels.tobytes(),
        VOILUTSequence=[table],
        WindowCenterWidthExplanation=["Soft", "Hard"],
        StudyDate="20260301",
        InstitutionName="Xinglong Clinic",
        BodyPartExamined="CHEST",
        ViewPosition="PA",
        ImageLaterality="R",
    )


def picture(page: "Page") -> Any:
    """Return the shades of the canvas."""
    box = page.locator("canvas").bounding_box()
    assert box is not None
    seen = np.frombuffer(base64.b64decode(page.locator("canvas").evaluate(PIXELS)), np.uint8)
    return seen.reshape(round(box["height"]), round(box["width"]))


def sides(page: "Page") -> tuple[int, int]:
    """Return the shades on the left and on the right of the middle."""
    seen = picture(page)
    row, column = seen.shape[0] // 2, seen.shape[1] // 2
    return int(seen[row, column - 50]), int(seen[row, column + 50])


def test_every_tool_measures_what_it_says(hub: WebHub, sign_in: SignIn) -> None:
    [dataset] = hub.store([halves()])
    page = sign_in("reader", locale="en-GB")
    page.goto(view_of(hub, dataset.StudyInstanceUID))
    shown_in(page)
    page.keyboard.press("o")
    x, y = middle(page)
    page.keyboard.press("b")
    drag(page, (x - 150, y - 150), (100, 0))
    drag(page, (x - 150, y - 120), (100, 100))
    page.get_by_text("45.0°").wait_for()
    page.get_by_role("button", name="cardiothoracic ratio").click()
    drag(page, (x - 50, y + 30), (100, 7))
    drag(page, (x - 100, y + 60), (200, 0))
    page.get_by_text("CTR 0.50").wait_for()
    page.keyboard.press("e")
    drag(page, (x - 60, y + 90), (120, 60))
    # Half of it is 1000, half 3000; its axes are 12 and 24 mm: 226 square millimetres, at the detector.
    label = page.get_by_text("226.2 mm² (at detector)").text_content() or ""
    assert "mean 2000.0" in label
    assert "SD 1000.1" in label
    page.keyboard.press("x")
    drag(page, (x + 50, y - 100), (60, -30))
    page.keyboard.type("iq 0 ?")
    page.keyboard.press("Enter")
    page.get_by_text("iq 0 ?").wait_for()
    assert page.locator(".viewer-mark").count() == 4
    page.get_by_text("Wang Li").wait_for()
    # A point that is taken hold of measures anew; what is deleted can be had back.
    page.keyboard.press("w")
    drag(page, (x - 100, y + 60), (-100, 0))
    page.get_by_text("CTR 0.33").wait_for()
    page.keyboard.press("Delete")
    page.get_by_text("CTR 0.33").wait_for(state="detached")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.get_by_text("CTR 0.50").wait_for()
    page.keyboard.press("Control+y")
    page.get_by_text("CTR 0.33").wait_for()
    page.keyboard.press("s")
    page.locator(".viewer-mark").first.wait_for(state="detached")


def test_corners_windows_and_turns_show_what_they_say(hub: WebHub, sign_in: SignIn) -> None:
    [dataset] = hub.store([halves()])
    page = sign_in("reader", locale="en-GB")
    page.goto(view_of(hub, dataset.StudyInstanceUID))
    shown_in(page)
    corners = " | ".join(page.locator(".viewer-corner").all_inner_texts()).replace("\n", " / ")
    for said in (
        "Wang Li",
        "X-17",
        "F · 66Y · 1960-01-01",
        SITES[XINGLONG],
        "Xinglong Clinic",
        "2026-03-01",
        "DX CHEST PA",
        "R",
    ):
        assert said in corners
    options = page.get_by_label("Windows").locator("option").all_inner_texts()
    assert options == [
        "Windows",
        "1 · Bone",
        "2 · Soft: W 4096  L 2048",
        "3 · Hard: W 500  L 1000",
        "5 · Automatic window",
    ]
    page.keyboard.press("o")
    expect(looking(page)).to_contain_text("Bone   100 %")
    left, right = 1000 * 255 // 4095, 3000 * 255 // 4095
    assert sides(page) == (left, right)
    # The hand takes the picture along: what is 60 pixels further is left of its edge then.
    page.keyboard.press("p")
    for by, wanted in ((60, (left, left)), (-60, (left, right))):
        drag(page, middle(page), (by, 0))
        page.wait_for_timeout(60)
        assert sides(page) == wanted
    page.keyboard.press("3")
    expect(looking(page)).to_contain_text("W 500  L 1000")
    assert sides(page) == (128, 255)
    page.keyboard.press("5")
    expect(looking(page)).not_to_contain_text("W 500")
    assert sides(page)[0] < 64 < 192 < sides(page)[1]
    page.keyboard.press("3")
    for key, wanted in (("i", (127, 0)), ("h", (0, 127)), ("i", (255, 128)), ("r", (255, 128))):
        page.keyboard.press(key)
        page.wait_for_timeout(60)
        if key != "r":
            assert sides(page) == wanted
    # Turned by a quarter, what was right is below.
    seen = picture(page)
    half = seen.shape[0] // 2, seen.shape[1] // 2
    assert [int(seen[half[0] + by, half[1]]) for by in (-50, 50)] == [255, 128]


def test_the_magnifier_shows_what_lies_below_it(hub: WebHub, sign_in: SignIn) -> None:
    [dataset] = hub.store([halves()])
    page = sign_in("reader", locale="en-GB")
    page.goto(view_of(hub, dataset.StudyInstanceUID))
    shown_in(page)
    page.keyboard.press("o")
    page.keyboard.press("m")
    x, y = middle(page)
    page.mouse.move(x - 40, y)
    page.mouse.down()
    page.wait_for_timeout(60)
    # 40 pixels from the edge between both, the lens shows it 100 pixels away.
    seen = picture(page)
    row, column = seen.shape[0] // 2 + 5, seen.shape[1] // 2 - 40
    assert int(seen[row, column + 90]) == 1000 * 255 // 4095
    assert int(seen[row, column + 104]) == 3000 * 255 // 4095
    page.mouse.up()
    page.wait_for_timeout(60)
    assert int(picture(page)[row, column + 90]) == 3000 * 255 // 4095


def test_the_help_is_the_table_and_nothing_below_it_acts(hub: WebHub, sign_in: SignIn) -> None:
    [dataset] = hub.store([radiograph()])
    page = sign_in("reader", locale="en-GB")
    page.goto(view_of(hub, dataset.StudyInstanceUID))
    shown_in(page)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("cardiothoracic ratio").wait_for()
    assert dialog.locator("dt", has_text="Ctrl+Z").count() == 1
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("q")
    assert page.get_by_text("Names hidden").count() == 0
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    titles = page.locator(".viewer-bar [title]").evaluate_all("all => all.map(({ title }) => title)")
    assert {"length (L)", "arrow with text (X)", "rotate right (R)", "turn right (R)"} & set(titles)
    # Escape gives up a line that is being drawn, then the tool.
    page.keyboard.press("a")
    drag(page, middle(page), (50, 0))
    page.locator(".viewer-mark").wait_for()
    page.keyboard.press("Escape")
    page.locator(".viewer-mark").wait_for(state="detached")
    assert page.locator("[data-action=angle]").get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    assert page.locator("[data-action=window]").get_attribute("aria-pressed") == "true"


def test_marks_of_two_readers_are_both_kept_and_printed_with_the_report(hub: WebHub, sign_in: SignIn) -> None:
    hub.rooms.accounts.add(
        "second", "李医生", [Grant(role=Role.READER, reading_group_id=GROUP)], password=PASSWORD
    )
    [dataset] = hub.store([radiograph()], PatientID="M-1", PatientName="Marks^Two")
    hub.consultation.take_in()
    hub.consultation.clock.advance(seconds=QUIET.total_seconds())
    hub.consultation.timers.run()
    page, other = sign_in("reader", locale="en-GB"), sign_in("second", locale="en-GB")
    for each in (page, other):
        each.goto(f"{hub.url}/read")
        each.locator(".case", has_text="Marks Two").click()
        shown_in(each)
    page.keyboard.press("Enter")
    page.locator(".editor textarea").first.wait_for()
    draw(page, "l")
    assert kinds(hub, dataset) == ["length"]
    # The other one looked before anything was drawn, takes the case over and draws as well.
    other.keyboard.press("Shift+T")
    other.get_by_role("dialog").locator("textarea").fill("Urgent")
    other.get_by_role("dialog").locator("button[type=submit]").click()
    other.locator(".editor textarea").first.wait_for()
    draw(other, "e")
    assert kinds(hub, dataset) == ["length", "ellipse"]
    assert other.locator(".viewer-mark").count() == 2
    draw(page, "l")
    page.get_by_text("Marks stay on this page").wait_for()
    # What is signed goes with its key images; until the stored values came it is asked for once more.
    other.keyboard.press("Escape")
    other.keyboard.press("y")
    other.get_by_text("Saving marks").wait_for(state="attached")
    other.get_by_text("Saving marks").wait_for(state="detached")
    other.locator(".editor textarea").last.fill("Seen.")
    other.keyboard.press("Control+Enter")
    assert other.get_by_role("dialog").get_by_text("lossy preview").count() == 0
    with other.expect_response("**/sign") as signed:
        other.get_by_role("dialog").get_by_role("button", name="Sign", exact=True).click()
    other.goto(f"{hub.url}/r/{signed.value.json()['report_id']}")
    image = other.get_by_alt_text("Key image").first
    image.wait_for()
    said = re.compile(r"mm \(at detector\); 16.* mm² \(at detector\)  mean ")
    other.locator("figcaption", has_text=said).wait_for()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    # Both lie where they were drawn: a line from corner to corner, and an ellipse that touches the sides.
    (left, top), (right, bottom) = kept_marks(hub, dataset)[0]["points"]
    across, down = (left + right) / 2, (top + bottom) / 2
    seen = np.asarray(Image.open(io.BytesIO(image.screenshot())).convert("RGB"), dtype=np.int16)
    drawn = [(left, top), (across, down), (right, bottom), (across, top), (across, bottom), (left, down)]
    assert [is_drawn_at(seen, *place) for place in drawn] == [True] * 6
    beside = [(left, bottom), (right, top), (left - 20, down)]
    assert [is_drawn_at(seen, *place) for place in beside] == [False] * 3


def test_who_saw_a_preview_only_is_asked_once_before_signing(hub: WebHub, sign_in: SignIn) -> None:
    hub.store([radiograph()], PatientID="L-1", PatientName="Lossy^Only")
    hub.consultation.take_in()
    hub.consultation.clock.advance(seconds=QUIET.total_seconds())
    hub.consultation.timers.run()
    page = sign_in("reader", locale="en-GB")
    held: list[Any] = []
    page.route("**/frames/1", lambda route: held.append(route))
    page.goto(f"{hub.url}/read")
    page.locator(".case", has_text="Lossy Only").click()
    page.locator(".viewer-quality[data-quality=lossy]").wait_for()
    page.keyboard.press("Enter")
    page.locator(".editor textarea").last.fill("Seen.")
    page.keyboard.press("Control+Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Only a lossy preview").wait_for()
    dialog.get_by_role("button", name="Sign all the same").wait_for()
    page.keyboard.press("Escape")
    held[0].continue_()
    shown_in(page)
    page.keyboard.press("Control+Enter")
    dialog.get_by_role("button", name="Sign", exact=True).wait_for()
    assert dialog.get_by_text("lossy preview").count() == 0


def draw(page: "Page", key: str) -> None:
    """Draw with a tool, and wait until it is kept."""
    page.keyboard.press("Escape")
    page.keyboard.press(key)
    drag(page, middle(page), (40, 40))
    page.locator(".viewer-keeping").wait_for()
    if page.get_by_text("Saving marks").count():
        page.get_by_text("Saving marks").wait_for(state="detached")


def kinds(hub: WebHub, dataset: Dataset) -> list[str]:
    """Return of which kinds the marks are that are kept with the case."""
    return [mark["kind"] for mark in kept_marks(hub, dataset)]


def kept_marks(hub: WebHub, dataset: Dataset) -> list[dict[str, Any]]:
    """Return what is kept with the case."""
    address = f"/api/v1/studies/{dataset.StudyInstanceUID}/marks?site_id={XINGLONG}"
    kept: list[dict[str, Any]] = hub.client.get(address, headers=hub.headers("reader")).json()["items"]
    return kept


def is_drawn_at(picture: Any, column: float, row: float) -> bool:
    """Whether a yellow line lies at this place of an image whose own pixels are grey."""
    scale = picture.shape[1] / SIDE
    x, y = round(column * scale), round(row * scale)
    around = picture[y - 2 : y + 3, x - 2 : x + 3]
    return bool((around[..., 0] - around[..., 2] > 80).any())
