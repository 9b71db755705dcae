"""The viewer in a reader's hands: what is seen when, by mouse and by keys."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import expect
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian

from tests.fixtures.consultation import QUIET, XINGLONG
from tests.fixtures.instances import data_set
from tests.web.conftest import WebHub, view_of

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.tool("chromium")

SIDE = 400
EVIL = "<script>document.write(1)</script>"


def radiograph(**values: object) -> Dataset:
    """Return a radiograph of noise, so that it is large enough to come with a preview first."""
    image = data_set(
        Modality="DX",
        Rows=SIDE,
        Columns=SIDE,
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        BitsAllocated=16,
        BitsStored=12,
        HighBit=11,
        PixelRepresentation=0,
        WindowCenter=["2048", "1000"],
        WindowWidth=["4096", "500"],
        ImagerPixelSpacing=["0.2", "0.2"],
        PixelSpacing=["0", "0"],
        PixelData=np.random.default_rng(5).integers(0, 4096, (SIDE, SIDE), dtype=np.uint16).tobytes(),
    )
    for keyword, value in values.items():
        setattr(image, keyword, value)
    image.ensure_file_meta()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return image


def test_a_preview_is_marked_until_the_stored_values_are_there(
    hub: WebHub, sign_in: "Callable[..., Page]"
) -> None:
    [dataset] = hub.store([radiograph()], PatientName=EVIL)
    page = sign_in("reader", locale="en-GB")
    held: list[Route] = []
    page.route("**/frames/1", lambda route: held.append(route))
    page.goto(view_of(hub, dataset.StudyInstanceUID))
    quality = page.locator(".viewer-quality")
    page.locator(".viewer-quality[data-quality=lossy]").wait_for()
    assert "Lossy preview" in quality.inner_text()
    # What devices write is text, whatever it looks like.
    assert EVIL in page.locator(".viewer-corner.top-left").inner_text()
    assert page.locator(".viewer-corner script").count() == 0
    held[0].continue_()
    page.locator(".viewer-quality[data-quality=full]").wait_for()
    assert "Lossless" in quality.inner_text()
    page.keyboard.press("q")
    page.get_by_text("Names hidden").wait_for()
    assert EVIL not in page.locator(".viewer").inner_text()


def test_windows_zoom_and_millimetres_follow_hand_and_keys(
    hub: WebHub, sign_in: "Callable[..., Page]"
) -> None:
    sent = hub.store([radiograph(), radiograph(WindowCenter="3000", WindowWidth="8192")])
    page = sign_in("reader", locale="en-GB")
    page.goto(view_of(hub, sent[0].StudyInstanceUID))
    page.locator(".viewer-quality[data-quality=full]").wait_for()
    looking = page.locator(".viewer-looking")
    page.keyboard.press("2")
    page.keyboard.press("o")
    page.locator(".viewer-looking", has_text="W 500  L 1000   100 %").wait_for()
    box = page.locator("canvas").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.keyboard.press("l")
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 100, middle[1])
    page.mouse.up()
    # 100 pixels of 0.2 mm, at the detector; a Pixel Spacing of 0 says nothing.
    page.get_by_text("20.0 mm (at detector)").wait_for()
    page.keyboard.press("Control+z")
    page.get_by_text("20.0 mm (at detector)").wait_for(state="detached")

    page.keyboard.press("1")
    page.keyboard.press("d")
    page.locator(".viewer-quality[data-quality=full]").nth(1).wait_for()
    page.keyboard.press("w")
    page.mouse.move(box["x"] + 100, middle[1])
    page.mouse.down()
    page.mouse.move(box["x"] + 110, middle[1])
    page.mouse.up()
    page.keyboard.press("o")
    # The other pane follows: as much wider as its own window is.
    page.locator(".viewer-looking", has_text="W 8397  L 3000   100 %").wait_for()
    assert "W 4198  L 2048   100 %" in looking.first.inner_text()


RATE = """(count) => new Promise((done) => {
  const place = () => Number(document.querySelector('.viewer-looking').textContent.split(/\\s+/).at(-3)) - 1
  let first, last = place()
  const look = (now) => {
    const here = place()
    if (here !== last && first === undefined) first = { now, here }
    else if (here !== last && now - first.now > 500) {
      done(((here - first.here + count) % count) / ((now - first.now) / 1000))
      return
    }
    last = here
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
})"""
"""How many frames a second are played, by what stands in the corner of the picture."""
RATE_OF_SAMPLE = 30
SHOWS = """(words) => new Promise((done) => {
  const look = () => {
    if (document.querySelector('.viewer-looking').textContent.includes(words)) done()
    else requestAnimationFrame(look)
  }
  look()
})"""
"""Waits until the corner of the picture says so."""


def test_a_cine_plays_only_what_is_loaded_and_goes_by_keys(
    hub: WebHub, sign_in: "Callable[..., Page]"
) -> None:
    cine = dcmread(Path(str(get_testdata_file("examples_ybr_color.dcm", download=False))))
    [dataset] = hub.store([cine], Modality="US")
    page = sign_in("reader", locale="en-GB")
    held: list[Route] = []
    page.route("**/cine", lambda route: route.abort())
    holds = {"late frames"}
    late_frames = re.compile("/frames/(2[1-9]|30)$")
    page.route(late_frames, lambda route: held.append(route) if holds else route.continue_())
    page.goto(view_of(hub, dataset.StudyInstanceUID))
    page.get_by_label("Pause").wait_for()
    seen = set()
    for _ in range(12):
        seen.add(int(page.locator(".viewer-looking").inner_text().split()[-3]))
        page.wait_for_timeout(60)
    assert len(seen) > 3
    assert max(seen) <= 20
    holds.clear()
    for route in held:
        route.continue_()
    page.locator("progress.viewer-buffer[value='30']").wait_for(state="attached")
    # The heart beats at its own rate, then at half of it, and to and fro.
    assert page.evaluate(RATE, 30) == pytest.approx(RATE_OF_SAMPLE, rel=0.1)
    page.keyboard.press("[")
    page.keyboard.press("u")
    expect(page.get_by_label("Speed")).to_have_value("0.5")
    expect(page.get_by_label("To and fro")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press(" ")
    page.get_by_label("Play", exact=True).wait_for()
    page.get_by_label("Frame", exact=True).fill("7")
    page.locator(".viewer-looking", has_text="7 / 30").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    page.locator(".viewer-looking", has_text="30 / 30").wait_for()
    page.locator("canvas").hover()
    page.mouse.wheel(0, 100)
    page.locator(".viewer-looking", has_text="1 / 30").wait_for()
    assert "As the device sent it (lossy)" in page.locator(".viewer-quality").inner_text()


def test_a_whole_cine_moves_before_its_stored_frames_are_here(
    hub: WebHub, sign_in: "Callable[..., Page]"
) -> None:
    cine = dcmread(Path(str(get_testdata_file("examples_ybr_color.dcm", download=False))))
    [dataset] = hub.store([cine], Modality="US")
    page = sign_in("reader", locale="en-GB")
    held: list[Route] = []
    page.route(re.compile(r"/frames/([2-9]|[1-3]\d)$"), lambda route: held.append(route))
    page.goto(view_of(hub, dataset.StudyInstanceUID))
    page.locator("progress.viewer-buffer[value='30']").wait_for(state="attached", timeout=30_000)
    page.locator(".viewer-quality[data-quality=lossy]").wait_for()
    # Looked for at each frame: who looks twice a second sees the same two of a loop that takes a second.
    page.evaluate(SHOWS, "30 / 30")
    # Every stored frame comes all the same, and takes the place of the one with loss.
    stored = 1
    while stored < 30:
        while held:
            held.pop().continue_()
            stored += 1
        page.wait_for_timeout(20)
    page.keyboard.press(" ")
    page.keyboard.press("End")
    page.locator(".viewer-quality[data-quality=full]").wait_for()
    assert "As the device sent it (lossy)" in page.locator(".viewer-quality").inner_text()


def test_what_a_reader_draws_is_kept_with_the_case(hub: WebHub, sign_in: "Callable[..., Page]") -> None:
    [dataset] = hub.store([radiograph()], PatientID="X-18", PatientName="Zhao^Min")
    hub.consultation.take_in()
    hub.consultation.clock.advance(seconds=QUIET.total_seconds())
    hub.consultation.timers.run()
    page = sign_in("reader", locale="en-GB")
    page.goto(f"{hub.url}/read")
    page.get_by_text("Zhao Min").click()
    page.keyboard.press("Enter")
    page.locator(".editor textarea").first.wait_for()
    page.locator(".viewer-quality[data-quality=full]").wait_for()
    box = page.locator("canvas").bounding_box()
    assert box is not None
    # From the report, where the caret is, back to the images.
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    for x, y in ((150, 200), (150, 300)):
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.down() if y == 200 else page.mouse.up()
    page.mouse.click(box["x"] + 250, box["y"] + 300)
    page.keyboard.press("y")
    page.get_by_text("Saving marks").wait_for()
    page.get_by_text("Saving marks").wait_for(state="detached")
    address = f"/api/v1/studies/{dataset.StudyInstanceUID}/marks?site_id={XINGLONG}"
    kept = hub.client.get(address, headers=hub.headers("reader")).json()["items"]
    assert [mark["kind"] for mark in kept] == ["angle", "key-image"]
    assert kept[0]["values"] == [{"name": "angle", "value": pytest.approx(90, abs=0.01), "unit": "°"}]
    page.reload()
    page.get_by_text("Zhao Min").first.click()
    page.get_by_text("90.0°").wait_for()
    # What a cut line kept from the hub outlasts a closed page, and is saved from the next one.
    page.locator(".editor textarea").first.wait_for()
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    page.keyboard.press("l")
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 350, box["y"] + 200)
    page.mouse.up()
    page.locator(".viewer-keeping.not-kept").wait_for()
    again = page.context.new_page()
    page.close()
    again.context.set_offline(False)
    again.goto(f"{hub.url}/read")
    again.get_by_text("Zhao Min").first.click()
    again.get_by_text("Saving marks").wait_for()
    again.get_by_text("Saving marks").wait_for(state="detached")
    kept = hub.client.get(address, headers=hub.headers("reader")).json()["items"]
    assert [mark["kind"] for mark in kept] == ["angle", "key-image", "length"]
