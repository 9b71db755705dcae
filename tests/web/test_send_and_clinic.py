"""The pages of a site: what it sends and gets back, in a real browser that is never loaded anew."""

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.uids import new_uid
from tests.fixtures.consultation import XINGLONG
from tests.viewer_api.stored import RADIOGRAPH, part10, small
from tests.web.conftest import WebHub

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.tool("chromium")

SignIn = Callable[..., "Page"]
AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
HOSTILE = "<img src=x onerror=document.title='bad'>"
UTF8 = {"SpecificCharacterSet": "ISO_IR 192"}
IMPRESSION = f"右肺下叶炎症 {HOSTILE}"
SERIOUS = """async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])"""


def file_of(study: str, name: str = "Zhang^San=张^三", *, rows: int = 8) -> bytes:
    """Return a small DICOM file of a study."""
    values = {"StudyInstanceUID": study, "PatientName": name, "StudyDescription": HOSTILE, "Rows": rows}
    return part10(small(PixelData=bytes(rows * 8), PatientID=patient_id_of(study), **values))


def patient_id_of(study: str) -> str:
    """Return what tells this study's patient from those of other tests at the same hub."""
    return f"P{study[-12:]}"


def given(name: str, body: bytes) -> Any:
    """Return a file as a person chooses it."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": body}


def opened(sign_in: SignIn, hub: WebHub, username: str, path: str) -> "Page":
    """Return a page that notes any script that came with data, and any loading anew."""
    page = sign_in(username)
    page.goto(hub.url + path)
    page.evaluate("window.isSame = true")
    return page


def require_unhurt(page: "Page") -> None:
    """The page was not loaded anew, and ran nothing that came with data."""
    assert page.evaluate("window.isSame") is True
    assert "bad" not in page.title()
    assert page.locator("main img[onerror], main [src=x]").count() == 0


def require_accessible(page: "Page") -> None:
    """Axe finds no serious fault; it is there where the packages of the pages are."""
    if AXE.exists():
        page.evaluate(AXE.read_text(encoding="utf-8"))
        assert page.evaluate(SERIOUS) == []


def settle(hub: WebHub) -> None:
    """Let what was stored come onto the list, as its follower and its timers do."""
    hub.consultation.take_in()
    hub.consultation.clock.advance(seconds=timedelta(minutes=2).total_seconds())
    hub.consultation.timers.run()


def ask(hub: WebHub, who: str, method: str, path: str, **values: Any) -> Any:
    """Return what the hub answers to somebody elsewhere."""
    headers = hub.headers(who) | values.pop("headers", {})
    answer = hub.client.request(method, f"/api/v1{path}", headers=headers, **values)
    assert answer.is_success, answer.text
    return answer.json()


def claimed(hub: WebHub, study: str) -> dict[str, Any]:
    """Return the case of a study, which a reader far away has claimed."""
    case = ask(hub, "reader", "GET", f"/studies/{study}/case", params={"site_id": XINGLONG})
    ask(hub, "reader", "POST", f"/workitems/{case['workitem']['workitem_uid']}/claim")
    return dict(case)


def signed(hub: WebHub, case: dict[str, Any]) -> dict[str, Any]:
    """Return the report that the reader signs."""
    turn = {"workitem_uid": case["workitem"]["workitem_uid"]}
    words = turn | {"findings": HOSTILE, "impression": IMPRESSION}
    path = f"/cases/{case['case_id']}"
    ask(hub, "reader", "PUT", f"{path}/draft", json=words, headers={"If-Match": '"0"'})
    seen = ask(hub, "reader", "GET", path)["instances_seen"]
    body = turn | {"instances_seen": seen, "status": "final"}
    report = ask(hub, "reader", "POST", f"{path}/sign", json=body, headers={"If-Match": '"1"'})
    return dict(report)


def with_key_image(hub: WebHub, case: dict[str, Any], image: str) -> dict[str, Any]:
    """Return the case, after the reader has chosen an image of it for the report."""
    path = f"/studies/{case['study_instance_uid']}/marks"
    mark = {"mark_id": "k", "kind": "key-image", "sop_instance_uid": image, "frame": 1, "text": "右下叶"}
    body = {"workitem_uid": case["workitem"]["workitem_uid"], "marks": [mark]}
    headers, asked = {"If-Match": '"0"'}, {"site_id": XINGLONG}
    ask(hub, "reader", "PUT", path, json=body, headers=headers, params=asked)
    return case


def require_pictures(page: "Page", *alternatives: str) -> None:
    """The browser shows these pictures, and no way to change them."""
    for alternative in alternatives:
        picture = page.get_by_alt_text(alternative, exact=True)
        picture.scroll_into_view_if_needed()
        picture.evaluate("image => image.decode()")
        assert picture.evaluate("image => image.naturalWidth") > 0


def test_a_technician_sends_and_watches_it_come_back(hub: WebHub, sign_in: SignIn) -> None:
    page = opened(sign_in, hub, "technician", "/send")
    study, name = new_uid(), f"{HOSTILE}^San"
    files = [given(f"IM{number}", file_of(study, name, rows=number)) for number in (8, 9)]
    choose = page.locator("input[type=file]").first
    choose.set_input_files([*files, given("autorun.inf", b"[autorun]")])
    page.get_by_text("2 个已存").wait_for()
    page.get_by_text("略过 1 个文件").wait_for()
    choose.set_input_files([*files[:1], given("IM3", file_of(study, name, rows=10))])
    page.get_by_text("1 个已有").wait_for()
    settle(hub)
    line = page.locator(".arrival", has_text=patient_id_of(study))
    line.get_by_text("已收 3").wait_for()
    line.locator("[aria-current=step]", has_text="待阅").wait_for()
    line.locator(".steps .done", has_text="已检查").wait_for()
    thumbnail = line.locator("img.picture")
    thumbnail.evaluate("image => image.decode()")
    assert thumbnail.evaluate("image => image.naturalWidth") > 0
    line.get_by_role("button", name="填写申请").press("Enter")
    page.get_by_role("radio", name="急诊").press("Space")
    page.get_by_label("临床问题").fill("胸痛两小时")
    page.get_by_label("病史").fill(HOSTILE)
    require_accessible(page)
    page.get_by_label("病史").press("Tab")
    page.get_by_role("button", name="保存").press("Enter")
    line.get_by_text("胸痛两小时").wait_for()
    line.locator(".mark.red", has_text="急诊").wait_for()
    case = claimed(hub, study)
    line.locator("[aria-current=step]", has_text="reader 医师 阅片").wait_for()
    report = signed(hub, case)
    page.get_by_role("link", name="的报告已到").wait_for()
    page.locator(".to-look-at li", has_text=patient_id_of(study)).get_by_text("急诊").wait_for()
    require_unhurt(page)
    line.get_by_role("link", name="报告").click()
    page.get_by_text("右肺下叶炎症").first.wait_for()
    assert page.url.endswith(f"/r/{report['report_id']}")
    page.go_back()
    corrected = {"findings": "", "impression": "左肺下叶炎症", "reason": "侧别写反"}
    corrected["instances_seen"] = ask(hub, "reader", "GET", f"/cases/{case['case_id']}")["instances_seen"]
    ask(hub, "reader", "POST", f"/reports/{report['report_id']}/amendments", json=corrected)
    red = page.locator(".to-look-at li", has_text=patient_id_of(study))
    red.locator(".mark.red", has_text="报告已更正").wait_for()
    line.get_by_text("更正报告").wait_for()
    red.get_by_role("link", name="打开报告").click()
    page.get_by_text("左肺下叶炎症").first.wait_for()


def test_an_upload_goes_on_after_a_cut_line_and_a_closed_page(hub: WebHub, sign_in: SignIn) -> None:
    study = new_uid()
    first, second = (file_of(study, rows=rows) for rows in (8, 16))
    announced = [{"name": f"CD/IM{n}", "size": len(body)} for n, body in enumerate((first, second), 1)]
    opened_upload = {"site_id": XINGLONG, "files": announced}
    upload_id = ask(hub, "technician", "POST", "/uploads", json=opened_upload)["upload_id"]
    piece = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    for number, body in ((1, first), (2, second[:200])):
        path = f"/uploads/{upload_id}/files/{number}"
        ask(hub, "technician", "PATCH", path, content=body, headers=piece)
    page = opened(sign_in, hub, "technician", "/send")
    page.get_by_text("2 个文件中还缺 1 个").wait_for()
    offsets: list[str | None] = []

    def cut_once(route: Any) -> None:
        offsets.append(route.request.headers.get("upload-offset"))
        if len(offsets) == 1:
            route.abort()
        else:
            route.continue_()

    page.route("**/api/v1/uploads/*/files/*", lambda route: cut_once(route), times=2)
    page.locator("input[type=file]").first.set_input_files([given("IM2", second)])
    page.get_by_text("线路中断").wait_for()
    page.get_by_text("2 个已存").wait_for()
    assert offsets[0] == "200"
    assert page.get_by_text("个文件中还缺").count() == 0
    done = ask(hub, "technician", "GET", f"/uploads/{upload_id}")
    assert (done["states"], done["received"]) == ({"stored": 2}, len(first) + len(second))


def test_a_technician_answers_what_a_reader_asks_for(hub: WebHub, sign_in: SignIn) -> None:
    page = opened(sign_in, hub, "technician", "/send")
    study = hub.store([small(), small()])[0].StudyInstanceUID
    settle(hub)
    case = claimed(hub, study)
    wish = {"workitem_uid": case["workitem"]["workitem_uid"], "reason": "motion", "note": HOSTILE}
    ask(hub, "reader", "POST", f"/cases/{case['case_id']}/retake", json=wish | {"end_turn": True})
    asked = page.locator(".retakes li", has_text="运动模糊")
    asked.get_by_text(HOSTILE).wait_for()
    page.locator(".arrival.awaits-retake [aria-current=step]", has_text="等待重拍").wait_for()
    require_unhurt(page)
    require_accessible(page)
    asked.get_by_role("button", name="已看到").press("Enter")
    asked.get_by_text("technician 医师 于").wait_for()
    asked.get_by_role("button", name="无法重拍").press("Enter")
    page.get_by_label("原因").fill("病人已离院")
    require_accessible(page)
    page.locator("dialog").get_by_role("button", name="无法重拍").press("Enter")
    page.locator(".retakes:not(.to-look-at)").wait_for(state="detached")
    [retake] = ask(hub, "reader", "GET", "/retakes", params={"state": "closed"})["items"]
    assert (retake["state"], retake["answer"]) == ("declined", "病人已离院")


@pytest.mark.tool("pdftotext")
def test_a_clinic_opens_prints_and_confirms(hub: WebHub, sign_in: SignIn, browser: "Browser") -> None:
    page = opened(sign_in, hub, "clinic", "/clinic")
    page.get_by_text("份未读").wait_for()
    [stored] = hub.store([RADIOGRAPH], PatientName="Zhao^<b>=赵^六<script>", PatientID="Z-6", **UTF8)
    settle(hub)
    case = with_key_image(hub, claimed(hub, stored.StudyInstanceUID), stored.SOPInstanceUID)
    report = signed(hub, case)
    hub.consultation.publisher.run(limit=99)
    page.locator("tr.unread", has_text="赵六<script> (Zhao <b>)").wait_for()
    line = page.locator("tr", has_text="赵六<script> (Zhao <b>)")
    require_unhurt(page)
    require_accessible(page)
    with page.expect_download() as download:
        line.get_by_role("link", name="PDF").press("Enter")
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    page.keyboard.press("/")
    for words in ("Z-6", "zhao"):
        page.keyboard.press("Control+A")
        page.keyboard.type(words)
        page.wait_for_url(f"**/clinic?patient={words}")
        page.locator("tbody tr").nth(1).wait_for(state="detached")
        line.wait_for()
    line.get_by_role("link", name="打开").press("Enter")
    page.wait_for_url(f"**/r/{report['report_id']}")
    require_pictures(page, "关键图像 Key image 1", "图像 Image 1")
    paper = page.pdf()
    assert paper.count(b"/Subtype /Image") == 1, "the key image is on paper, the others are not"
    printed = subprocess.run(["pdftotext", "-", "-"], input=paper, capture_output=True, check=True)
    printed = printed.stdout.decode()
    for words in ("赵六<script>", "Z-6", "右肺下叶炎症", "reader 医师", "onerror"):
        assert words in printed
    assert "确认收到报告" not in printed, "what can only be done on a screen is not on paper"
    plain = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    without_script = plain.new_page()
    without_script.goto(page.url)
    assert without_script.get_by_text("右肺下叶炎症").first.is_visible()
    plain.close()
    page.go_back()
    page.get_by_text("已打开，未确认").wait_for()
    page.get_by_role("button", name="确认收到").press("Enter")
    page.get_by_label("接收人").fill("王护士")
    page.get_by_label("接收人").press("Enter")
    page.get_by_text("王护士，").wait_for()
    shown = ask(hub, "reader", "GET", f"/reports/{report['report_id']}")
    assert [each["display_name"] for each in shown["confirmations"]] == ["王护士"]
    page.goto(f"{hub.url}/r/{report['report_id']}")
    page.get_by_role("button", name="确认收到报告").wait_for()
    page.get_by_role("link", name="返回报告列表").click()
    page.wait_for_url("**/clinic")
