"""Takes the pictures of docs/screens, by `make screens` alone: for looking at, not for comparing."""

from collections.abc import Callable
from math import sin
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.uids import new_uid
from tests.fixtures.consultation import XINGLONG
from tests.viewer_api.stored import CINE, ECG, RADIOGRAPH, part10, small
from tests.web.conftest import WebHub, view_of
from tests.web.test_admin_and_cases import stranger_calls
from tests.web.test_viewer_ecg import long_recording

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pydicom import Dataset

SCREENS = Path(__file__).parents[2] / "docs/screens"
SMALLEST = 8_000
PICTURES_IN_VIEW = """() => Promise.all([...document.images]
  .filter((image) => image.getBoundingClientRect().top < innerHeight)
  .map((image) => image.decode().catch(() => undefined)))"""
ADMIN_PARTS = ("aside", "devices", "sites", "users", "groups", "text")
QUESTION = {"clinical_question": "咳嗽三周，消瘦。除外结核或占位？", "history": "吸烟三十年，高血压。"}


@pytest.fixture(scope="module")
def filled(hub: WebHub) -> WebHub:
    """A hub with radiographs, an echocardiogram, ECGs long and short; what was earlier is reported."""
    _store(hub, RADIOGRAPH, PatientName="Zhao^Min=赵^敏", PatientID="P-0990", StudyDescription="Chest PA")
    earlier = {"StudyDate": "20240315"}
    _store(hub, RADIOGRAPH, PatientName="Wang^Li=王^丽", PatientID="P-1001", **earlier)
    _store(hub, ECG, PatientName="Liu^Yang=刘^洋", PatientID="P-1003", **earlier)
    _come_to_rest(hub)
    for _ in range(3):
        _report(hub)
    _store_recording(hub)
    for path, name, patient_id, urgency, description in (
        (RADIOGRAPH, "Wang^Li=王^丽", "P-1001", "routine", "Chest PA"),
        (CINE, "Zhang^Wei=张^伟", "P-1002", "urgent", "Echo A4C"),
        (ECG, "Liu^Yang=刘^洋", "P-1003", "emergency", "12-lead ECG"),
    ):
        said = {"PatientName": name, "PatientID": patient_id, "StudyDescription": description}
        uid = _store(hub, path, StudyDate="20261120", **said)
        question = {"site_id": XINGLONG, "study_instance_uid": uid, "urgency": urgency}
        hub.client.post("/api/v1/requests", json=question | QUESTION, headers=hub.headers("technician"))
    _come_to_rest(hub)
    _ask_for_better_images(hub)
    _let_administrators_see_something(hub)
    return hub


def _store(hub: WebHub, given: "Path | Dataset", **values: str) -> str:
    [sent] = hub.store([given], SpecificCharacterSet="ISO_IR 192", **values)
    return str(sent.StudyInstanceUID)


def _store_recording(hub: WebHub) -> None:
    rates = [round(75 + 30 * sin(minute / 6)) for minute in range(50)]
    words = {"StudyDescription": "Holter", "PatientName": "He^Ping=何^平"}
    _store(hub, long_recording(rates), PatientID="P-1008", **words)


def _newest_study(hub: WebHub, patient_id: str) -> str:
    found = hub.client.get(
        "/dicom-web/studies", params={"PatientID": patient_id}, headers=hub.headers("reader")
    ).json()
    newest = max(found, key=lambda study: study["00080020"]["Value"][0])
    return str(newest["0020000D"]["Value"][0])


def _come_to_rest(hub: WebHub) -> None:
    hub.consultation.take_in()
    hub.consultation.clock.advance(seconds=90)
    hub.consultation.timers.run()
    hub.consultation.take_in()


def _report(hub: WebHub) -> None:
    headers = hub.headers("reader")
    claim = hub.client.post("/api/v1/worklist/next", json={}, headers=headers).json()
    words = {"findings": "双肺纹理清晰，未见实变。", "impression": "心肺膈未见异常。"}
    turn = {"workitem_uid": claim["workitem"]["workitem_uid"]}
    case = f"/api/v1/cases/{claim['case_id']}"
    hub.client.put(f"{case}/draft", json=turn | words, headers=headers | {"If-Match": '"0"'})
    seen = {"instances_seen": claim["instances_seen"]}
    signed = hub.client.post(f"{case}/sign", json=turn | seen, headers=headers | {"If-Match": '"1"'})
    assert signed.status_code == 201, signed.text
    hub.consultation.publisher.run()


def _ask_for_better_images(hub: WebHub) -> None:
    uid = _store(
        hub, RADIOGRAPH, PatientName="Chen^Jing=陈^静", PatientID="P-1005", StudyDescription="Chest PA"
    )
    _come_to_rest(hub)
    headers = hub.headers("reader")
    case = hub.client.get(f"/api/v1/studies/{uid}/case", params={"site_id": XINGLONG}, headers=headers).json()
    workitem = case["workitem"]["workitem_uid"]
    hub.client.post(f"/api/v1/workitems/{workitem}/claim", headers=headers)
    wish = {
        "workitem_uid": workitem,
        "reason": "positioning",
        "note": "右侧肋膈角未包全，请重拍。",
        "end_turn": True,
    }
    asked = hub.client.post(f"/api/v1/cases/{case['case_id']}/retake", json=wish, headers=headers)
    assert asked.is_success, asked.text


def _let_administrators_see_something(hub: WebHub) -> None:
    stranger_calls(hub, "NEW_US")
    directory = hub.rooms.directory
    for name, title, network in (("彩超", "XL_US1", "10.20.3.8"), ("DR", "XL_DR", "10.20.3.9")):
        directory.add_device(
            site_id=XINGLONG, name=name, calling_ae_title=title, called_ae_title="HUB", network=network
        )
    directory.disable_device(directory.devices("XL_DR")[0].device_id)
    case = hub.consultation.arrive(PatientName="Sun^Hong=孙^红", PatientID="P-1006")
    hub.consultation.send(case.study_instance_uid, PatientID="P-1007", PatientName="Zhou^Jie=周^杰")


def _reported(hub: WebHub) -> dict[str, str]:
    """Return what addresses name: the study that was reported, and its report."""
    [report] = hub.client.get(
        "/api/v1/reports", params={"patient": "P-0990"}, headers=hub.headers("clinic")
    ).json()["items"]
    study = hub.client.get(f"/api/v1/reports/{report['report_id']}", headers=hub.headers("reader")).json()
    return {"report": report["report_id"], "study": study["study_instance_uid"]}


def _keep(page: "Page", name: str) -> None:
    SCREENS.mkdir(exist_ok=True)
    path = SCREENS / f"{name}.jpg"
    page.screenshot(path=path, type="jpeg", quality=80)
    assert path.stat().st_size > SMALLEST, f"{name} is empty"


@pytest.mark.parametrize(
    ("name", "patient_id", "words"),
    [("read-radiograph", "P-1001", True), ("read-cine", "P-1002", False), ("read-ecg", "P-1003", True)],
)
def test_the_reading_room(
    filled: WebHub, sign_in: "Callable[..., Page]", name: str, patient_id: str, words: bool
) -> None:
    page = sign_in("reader")
    page.goto(f"{filled.url}/read")
    page.locator(".case", has_text={"P-1001": "王丽", "P-1002": "张伟", "P-1003": "刘洋"}[patient_id]).press(
        "Enter"
    )
    page.locator(".findings textarea").wait_for()
    if words:
        page.keyboard.press("F8")
    if name == "read-radiograph":
        page.get_by_text("无损").first.wait_for(timeout=60_000)
    page.wait_for_timeout(4000)
    _keep(page, name)


PAGES = [
    ("read-list", "/read", "reader", "zh-CN"),
    ("read-list-english", "/read", "reader", "en-GB"),
    ("send", "/send", "technician", "zh-CN"),
    ("send-english", "/send", "technician", "en-GB"),
    ("clinic", "/clinic", "clinic", "zh-CN"),
    ("clinic-english", "/clinic", "clinic", "en-GB"),
    ("clinic-report", "/r/{report}", "clinic", "zh-CN"),
    ("case", "/cases/{study}", "technician", "zh-CN"),
    ("case-audit", "/cases/{study}", "auditor", "en-GB"),
    ("admin", "/admin", "admin", "zh-CN"),
    *((f"admin-{part}", f"/admin?part={part}", "admin", "zh-CN") for part in ADMIN_PARTS),
    ("admin-english", "/admin?part=devices", "admin", "en-GB"),
    ("account", "/account", "reader", "zh-CN"),
]


@pytest.mark.parametrize(("name", "address", "username", "locale"), PAGES, ids=[page[0] for page in PAGES])
def test_a_page(
    filled: WebHub, sign_in: "Callable[..., Page]", name: str, address: str, username: str, locale: str
) -> None:
    page = sign_in(username, locale=locale)
    page.goto(filled.url + address.format(**_reported(filled)))
    page.locator("main").wait_for()
    page.wait_for_timeout(1500)
    page.evaluate(PICTURES_IN_VIEW)
    _keep(page, name)


def test_a_radiograph_by_itself(filled: WebHub, sign_in: "Callable[..., Page]") -> None:
    page = sign_in("reader")
    page.goto(view_of(filled, _newest_study(filled, "P-1001")))
    page.get_by_text("无损").first.wait_for(timeout=60_000)
    _keep(page, "view-radiograph")


def test_an_electrocardiogram_beside_the_earlier_one(filled: WebHub, sign_in: "Callable[..., Page]") -> None:
    page = sign_in("reader", locale="en-GB", width=1600)
    page.goto(view_of(filled, _newest_study(filled, "P-1003")))
    sheet = page.locator(".viewer-sheet img[width]")
    sheet.first.evaluate("image => image.decode()")
    _keep(page, "view-ecg")
    page.get_by_role("button", name="Compare with earlier").click()
    page.locator(".viewer-sheet img[src*='/ecg/comparison.svg'][width]").evaluate("image => image.decode()")
    _keep(page, "view-ecg-comparison")


def test_the_trend_of_a_long_recording(filled: WebHub, sign_in: "Callable[..., Page]") -> None:
    page = sign_in("reader", width=1600)
    page.goto(view_of(filled, _newest_study(filled, "P-1008")))
    trend = page.locator(".viewer-ecg-overview img")
    trend.evaluate("image => image.decode()")
    trend.click()
    page.locator(".viewer-sheet img[src*='start='][width]").evaluate("image => image.decode()")
    _keep(page, "view-holter")


def test_an_upload_on_its_way(filled: WebHub, sign_in: "Callable[..., Page]") -> None:
    page = sign_in("technician")
    page.goto(filled.url + "/send")
    study = new_uid()
    files = [
        part10(small(StudyInstanceUID=study, PatientID="P-1004", Rows=rows, PixelData=bytes(rows * 8)))
        for rows in (8, 9)
    ]
    page.route("**/api/v1/uploads/*/files/2", lambda route: route.abort())
    page.locator("input[type=file]").first.set_input_files(
        [{"name": f"IM{n}", "mimeType": "application/dicom", "buffer": body} for n, body in enumerate(files)]
    )
    page.get_by_text("线路中断").wait_for()
    page.wait_for_timeout(1500)
    _keep(page, "send-cut-line")
    page.unroute_all()


def test_the_keys(filled: WebHub, sign_in: "Callable[..., Page]") -> None:
    page = sign_in("reader")
    page.goto(f"{filled.url}/read")
    page.locator(".case").first.wait_for()
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    _keep(page, "keys")


def test_logging_in(filled: WebHub, browser: "object") -> None:
    page = browser.new_page(locale="zh-CN", viewport={"width": 1440, "height": 900})  # type: ignore[attr-defined] # a Browser
    page.goto(f"{filled.url}/read")
    page.locator("main.login").wait_for()
    _keep(page, "login")
    page.close()
