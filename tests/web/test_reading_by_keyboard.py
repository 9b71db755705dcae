"""By keyboard alone: a radiograph, a cine and an ECG from the list to the signed report."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.fixtures.consultation import QUIET
from tests.viewer_api.stored import CINE, ECG, RADIOGRAPH
from tests.web.conftest import WebHub
from tests.web.reading_page import SignIn, reports_of, take

pytestmark = pytest.mark.tool("chromium")

IN_FULL = ".viewer-quality[data-quality=full]"
PLAY = "[aria-label=播放]"
SHEET = ".viewer-sheet img[width]"


@pytest.mark.parametrize(
    ("path", "modality", "description", "shown", "keys", "afterwards", "impression"),
    [
        (RADIOGRAPH, "DX", "Chest PA", IN_FULL, ["2", "i", "r"], IN_FULL, "心肺膈未见异常。"),
        (
            CINE,
            "US",
            "Echo A4C",
            ".viewer-buffer",
            [" ", "Home"],
            "[aria-label=播放]",
            "心脏结构及功能未见异常。",
        ),
        (ECG, "ECG", "12-lead ECG", SHEET, ["+"], SHEET, "正常心电图。"),
    ],
    ids=["radiograph", "cine", "electrocardiogram"],
)
def test_from_the_list_to_the_signed_report_by_keyboard_alone(
    hub: WebHub,
    sign_in: SignIn,
    path: Path,
    modality: str,
    description: str,
    shown: str,
    keys: list[str],
    afterwards: str,
    impression: str,
) -> None:
    patient_id = f"KEYS-{modality}"
    said = {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "Zhang^San=张^三", "Modality": modality}
    [dataset] = hub.store([path], PatientID=patient_id, StudyDescription=description, **said)
    hub.consultation.take_in()
    hub.consultation.clock.advance(seconds=QUIET.total_seconds())
    hub.consultation.timers.run()
    page = sign_in("reader")
    take(page, hub, patient_id)
    page.locator(shown).first.wait_for()
    # From the report, where the caret is, to the images and back.
    page.keyboard.press("Escape")
    for key in keys:
        page.keyboard.press(key)
    page.locator(afterwards).first.wait_for()
    page.keyboard.press("F2")
    page.keyboard.press("F8")
    page.keyboard.type(" 另见钙化。")
    page.keyboard.press("Control+Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("张三").wait_for()
    # All of it was on the screen as it was stored: nothing is asked about previews.
    expect(dialog.locator("button[type=submit]")).to_have_text("签发")
    page.keyboard.press("Enter")
    page.get_by_text("已签发。").wait_for()
    [report] = reports_of(hub, hub.consultation.case(dataset.StudyInstanceUID))
    assert (report["status"], report["document"]["impression"]) == ("final", impression)
    assert report["document"]["findings"].endswith("另见钙化。")
    expect(page.locator(".report").get_by_text("正式")).to_be_visible()
