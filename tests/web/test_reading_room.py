"""A reader at the browser: from the list to the signed report, through cut lines and takeovers."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from core.access import Grant, Role
from core.errors import AlreadyRegistered
from core.uids import new_uid
from tests.fixtures.consultation import GROUP, XINGLONG
from tests.viewer_api.conftest import PASSWORD
from tests.web.conftest import WebHub

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from worklist.case import Case

pytestmark = pytest.mark.tool("chromium")

SignIn = Callable[..., "Page"]
AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
HOSTILE = (
    "<img src=x onerror=window.pwned=1>",
    "<script>window.pwned=1</script>",
    '"><svg onload=window.pwned=1>',
    "{{constructor.constructor('window.pwned=1')()}}",
)
SERIOUS = """async () => {
  const { violations } = await window.axe.run(document, { resultTypes: ['violations'] })
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html).join(' | ')}`)
}"""


def arrive(hub: WebHub, patient_id: str, **values: Any) -> "Case":
    """Return the case of an ECG or a radiograph that has come and may be read."""
    said = {"Modality": "DX", "StudyDescription": "Chest PA", "PatientID": patient_id}
    return hub.consultation.ready(**(said | values))


def open_list(page: "Page", hub: WebHub, patient_id: str) -> "Locator":
    """Open the reading room and look a patient up by keyboard; return the row."""
    page.goto(f"{hub.url}/read")
    page.locator(".cases").wait_for()
    page.keyboard.press("/")
    page.keyboard.type(patient_id)
    expect(page.locator(".case")).to_have_count(1)
    page.keyboard.press("Escape")
    return page.locator(".case")


def take(page: "Page", hub: WebHub, patient_id: str) -> "Locator":
    """Claim the case of a patient by keyboard; return the field for the findings."""
    open_list(page, hub, patient_id)
    page.keyboard.press("n")
    findings = page.locator(".findings textarea")
    findings.wait_for()
    return findings


def draft_of(hub: WebHub, case: "Case") -> str:
    """Return the findings that the hub has."""
    answer = hub.client.get(f"/api/v1/cases/{case.case_id}/draft", headers=hub.headers("reader"))
    findings: str = answer.json()["findings"]
    return findings


def test_a_radiograph_goes_from_the_list_to_the_signed_report_by_keyboard_alone(
    hub: WebHub, sign_in: SignIn
) -> None:
    case = arrive(hub, "KEY-1", PatientName="Zhang^San=张^三")
    page = sign_in("reader")
    take(page, hub, "KEY-1")
    page.keyboard.press("F8")
    page.keyboard.type(" 另见钙化。")
    page.keyboard.press("Control+Enter")
    page.get_by_role("dialog").get_by_text("张三").wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("已签发。").wait_for()
    answer = hub.client.get(f"/api/v1/cases/{case.case_id}/reports", headers=hub.headers("reader"))
    [line] = answer.json()["items"]
    report = hub.client.get(line["links"]["self"], headers=hub.headers("reader")).json()["document"]
    assert (line["status"], report["impression"]) == ("final", "心肺膈未见异常。")
    assert report["findings"].endswith("另见钙化。")
    # The page never asked for anything but what the hub has.
    page.get_by_text("正式").wait_for()


def test_a_cut_line_and_a_closed_browser_lose_no_word(hub: WebHub, sign_in: SignIn) -> None:
    case = arrive(hub, "CUT-1")
    page = sign_in("reader")
    findings = take(page, hub, "CUT-1")
    findings.press_sequentially("Before. ")
    page.get_by_text("秒前已保存").wait_for()
    page.context.set_offline(True)
    findings.press_sequentially("While the line was cut.")
    page.locator(".save.offline").wait_for()
    page.locator(".live.lost").wait_for()
    page.keyboard.press("Control+Enter")
    assert page.get_by_role("dialog").count() == 0, "what the hub does not have cannot be signed"
    assert draft_of(hub, case) == "Before. "
    context = page.context
    page.close()
    context.set_offline(False)
    page = context.new_page()
    open_list(page, hub, "CUT-1").click()
    expect(page.locator(".findings textarea")).to_have_value("Before. While the line was cut.")
    page.get_by_text("秒前已保存").wait_for()
    assert draft_of(hub, case) == "Before. While the line was cut."


def test_who_is_taken_over_hears_it_at_once_and_keeps_the_words(hub: WebHub, sign_in: SignIn) -> None:
    try:
        grant = Grant(role=Role.READER, reading_group_id=GROUP)
        hub.rooms.accounts.add("colleague", "李医生", [grant], password=PASSWORD)
    except AlreadyRegistered:
        pass
    case = arrive(hub, "TWO-1")
    page, other = sign_in("reader"), sign_in("colleague")
    take(page, hub, "TWO-1").press_sequentially("Mine.")
    page.get_by_text("秒前已保存").wait_for()
    row = open_list(other, hub, "TWO-1")
    row.get_by_text("reader 医师 阅片中").wait_for()
    other.keyboard.press("j")
    other.keyboard.press("Shift+T")
    other.get_by_role("dialog").locator("textarea").fill("急诊，需要马上报告")
    other.get_by_role("dialog").locator("button[type=submit]").click()
    expect(other.locator(".findings textarea")).to_have_value("Mine.")
    page.get_by_role("alert").get_by_text("李医生: 急诊，需要马上报告").wait_for()
    assert page.locator(".findings textarea").input_value() == "Mine."
    assert page.locator(".acts").count() == 0, "who has lost the case cannot sign it"
    assert draft_of(hub, case) == "Mine."


def test_words_written_in_two_windows_are_put_side_by_side(hub: WebHub, sign_in: SignIn) -> None:
    case = arrive(hub, "TWIN-1")
    page = sign_in("reader")
    take(page, hub, "TWIN-1").press_sequentially("First.")
    page.get_by_text("秒前已保存").wait_for()
    headers = hub.headers("reader") | {"If-Match": '"1"'}
    uid = hub.consultation.again(case).workitem.workitem_uid
    body = {"workitem_uid": uid, "findings": "Elsewhere.", "impression": ""}
    assert (
        hub.client.put(f"/api/v1/cases/{case.case_id}/draft", json=body, headers=headers).status_code == 200
    )
    page.keyboard.type(" Second.")
    conflict = page.get_by_role("alert")
    conflict.get_by_text("Elsewhere.").wait_for()
    assert draft_of(hub, case) == "Elsewhere."
    conflict.get_by_role("button", name="用我的文字").click()
    page.get_by_text("秒前已保存").wait_for()
    assert draft_of(hub, case) == "First. Second."


def test_an_emergency_comes_onto_the_open_list_and_into_the_title(hub: WebHub, sign_in: SignIn) -> None:
    page = sign_in("reader", locale="en-GB")
    page.goto(f"{hub.url}/read")
    page.locator(".live.live").wait_for()
    uid = new_uid()
    question = {"site_id": XINGLONG, "study_instance_uid": uid, "urgency": "emergency"}
    asked = hub.client.post("/api/v1/requests", json=question, headers=hub.headers("technician"))
    assert asked.status_code == 201
    hub.consultation.ready(study_instance_uid=uid, Modality="ECG", PatientID="NOW-1", PatientName="Now^Here")
    page.locator(".case.emergency").get_by_text("Now Here").wait_for()
    expect(page).to_have_title(re.compile("EMERGENCY"))
    page.get_by_role("button", name="Take the emergency").wait_for()
    assert page.locator(".case").first.get_by_text("Now Here").count() == 1, "it comes first"


def test_hostile_words_are_text(hub: WebHub, sign_in: SignIn) -> None:
    uid = new_uid()
    question = {
        "site_id": XINGLONG,
        "study_instance_uid": uid,
        "clinical_question": "\n".join(HOSTILE),
        "history": HOSTILE[0],
    }
    hub.client.post("/api/v1/requests", json=question, headers=hub.headers("technician"))
    arrive(hub, "XSS-1", study_instance_uid=uid, PatientName=HOSTILE[1], StudyDescription=HOSTILE[0][:64])
    page = sign_in("reader")
    findings = take(page, hub, "XSS-1")
    findings.fill("\n".join(HOSTILE))
    page.locator(".impression textarea").fill(HOSTILE[2])
    page.keyboard.press("Control+Enter")
    page.get_by_role("dialog").get_by_text(HOSTILE[3]).wait_for()
    page.keyboard.press("Enter")
    page.locator(".report strong").get_by_text(HOSTILE[2]).wait_for()
    for words in HOSTILE:
        assert page.get_by_text(words).count() > 0, words
    assert page.evaluate("window.pwned") is None
    assert page.locator("#page img[src=x], #page script").count() == 0


@pytest.mark.skipif(
    not AXE.exists(), reason="axe-core is among the packages of web/, which are not installed"
)
@pytest.mark.parametrize("address", ["/login", "/read", "/account"])
def test_nothing_serious_keeps_anybody_out(hub: WebHub, sign_in: SignIn, address: str) -> None:
    page = sign_in("reader")
    if address == "/read":
        arrive(hub, "AXE-1")
        take(page, hub, "AXE-1")
        page.keyboard.press("F8")
    else:
        page.goto(hub.url + ("/account" if address == "/login" else address))
        page.locator("main").wait_for()
        if address == "/login":
            page.get_by_role("button", name="退出", exact=True).click()
            page.locator("main.login").wait_for()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(SERIOUS) == []
