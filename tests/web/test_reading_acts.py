"""What a reader does besides writing: retake, preliminary, addendum, earlier studies, filters, news."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.fixtures.consultation import QINGSHAN, QUIET, SITES, reader
from tests.viewer_api.conftest import PASSWORD
from tests.web.conftest import WebHub
from tests.web.reading_page import (
    HOSTILE,
    SAVED,
    SignIn,
    arrive,
    draft_of,
    let_the_clock_go_on,
    reports_of,
    require_accessible,
    take,
)
from tests.web.test_viewer import radiograph
from tests.web.test_viewer_panes import drag, middle, shown_in

pytestmark = pytest.mark.tool("chromium")

PASSED = """async () => {
  for (let pressed = 0; pressed < 4; pressed += 1) {
    const pressing = { key: 'j', repeat: pressed > 0, bubbles: true }
    document.body.dispatchEvent(new KeyboardEvent('keydown', pressing))
    await new Promise(requestAnimationFrame)
    await new Promise(requestAnimationFrame)
  }
}"""
"""A key that is held down over four cases."""


def test_a_retake_is_asked_for_with_its_reason_and_comes_back_to_who_asked(
    hub: WebHub, sign_in: SignIn
) -> None:
    case = arrive(hub, "RETAKE-1")
    page = sign_in("reader")
    take(page, hub, "RETAKE-1").press_sequentially("Blurred.")
    page.locator(".beat", has_text="♥").wait_for()
    page.keyboard.press("F9")
    dialog = page.get_by_role("dialog")
    dialog.locator("select").select_option("positioning")
    dialog.locator("textarea").fill(HOSTILE[0])
    dialog.locator("button[type=submit]").click()
    page.locator(".case").get_by_text("等待重拍").wait_for()
    page.locator(".request").get_by_text(HOSTILE[0]).wait_for()
    assert page.locator(".editor").count() == 0
    asked = hub.consultation.again(case).open_retake
    assert asked is not None
    assert (asked.reason.value, asked.note) == ("positioning", HOSTILE[0])
    thumbs = page.locator(".viewer-strip .viewer-thumb")
    expect(thumbs).to_have_count(1)
    hub.consultation.clock.advance(seconds=1)
    hub.consultation.send(case.study_instance_uid, PatientID="RETAKE-1", Modality="DX")
    hub.consultation.take_in()
    page.locator(".case").get_by_text("等待重拍").wait_for(state="detached")
    # What came is in the strip, beside what is on the screen.
    expect(thumbs).to_have_count(2)
    hub.consultation.clock.advance(seconds=QUIET.total_seconds())
    hub.consultation.timers.run()
    page.locator(".take .primary").click()
    expect(page.locator(".findings textarea")).to_have_value("Blurred.")
    assert hub.consultation.again(case).open_retake is None


def test_an_image_that_comes_between_looking_and_signing_is_looked_at_first(
    hub: WebHub, sign_in: SignIn
) -> None:
    case = arrive(hub, "LATE-1")
    page = sign_in("reader")
    take(page, hub, "LATE-1")
    page.keyboard.press("F8")
    page.get_by_text(SAVED).wait_for()
    page.keyboard.press("Control+Enter")
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    hub.consultation.send(case.study_instance_uid, PatientID="LATE-1", Modality="DX")
    page.keyboard.press("Enter")
    dialog.get_by_text("内容有变化").wait_for()
    assert reports_of(hub, case) == []
    # The viewer has it then, also where the reading list is still to hear of it.
    expect(page.locator(".viewer-strip .viewer-thumb")).to_have_count(2)
    page.keyboard.press("Enter")
    page.get_by_text("已签发。").wait_for()
    [report] = reports_of(hub, case)
    assert len(report["document"]["instances"]) == 2


def test_a_case_says_what_may_be_wrong_with_it(hub: WebHub, sign_in: SignIn) -> None:
    ahead = (hub.consultation.clock.now() + timedelta(minutes=20, seconds=30)).astimezone(
        ZoneInfo("Asia/Shanghai")
    )
    case = arrive(
        hub,
        "ODD-1",
        StudyDate=ahead.strftime("%Y%m%d"),
        StudyTime=ahead.strftime("%H%M%S"),
        TimezoneOffsetFromUTC="+0800",
    )
    page = sign_in("reader")
    take(page, hub, "ODD-1")
    person = page.locator(".person")
    person.get_by_text("设备时钟快 20 分钟").wait_for()
    person.get_by_text(SITES[case.site_id]).wait_for()
    hub.consultation.send(case.study_instance_uid, PatientID="SOMEBODY-ELSE")
    hub.consultation.take_in()
    person.get_by_role("alert").get_by_text("本检查中有其他患者的图像").wait_for()
    page.keyboard.press("F8")
    page.get_by_text(SAVED).wait_for()
    page.keyboard.press("Control+Enter")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_text("有属于其他患者的影像待处理").wait_for()
    assert reports_of(hub, case) == []


def test_measures_key_images_and_phrases_go_into_the_text(hub: WebHub, sign_in: SignIn) -> None:
    [dataset] = hub.store([radiograph()], PatientID="TEXT-1")
    hub.consultation.take_in()
    hub.consultation.clock.advance(seconds=QUIET.total_seconds())
    hub.consultation.timers.run()
    page = sign_in("reader")
    findings = take(page, hub, "TEXT-1")
    shown_in(page)
    page.get_by_role("button", name="短语").click()
    page.get_by_role("dialog").locator("textarea").fill("肺 = 双肺纹理清晰。\nno macro")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    findings.press_sequentially(";肺 ")
    expect(findings).to_have_value("双肺纹理清晰。")
    for key in ("Escape", "o", "l"):
        page.keyboard.press(key)
    drag(page, middle(page), (50, 0))
    page.keyboard.press("y")
    # What is typed is of the arrow that was drawn last. Past its field one comes to the button, also while
    # the clocks of the list go on.
    page.keyboard.press("x")
    x, y = middle(page)
    drag(page, (x - 60, y - 60), (0, -40))
    page.keyboard.type("Nod")
    drag(page, (x - 120, y - 60), (0, -40))
    page.keyboard.type("Cyst")
    page.keyboard.press("Tab")
    let_the_clock_go_on(page)
    expect(page.locator(".viewer-arrow-text button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".viewer-mark text")).to_have_text(["10.0 mm (探测器平面)", "Cyst"])
    page.keyboard.press("F2")
    page.keyboard.press("End")
    page.keyboard.press("F4")
    expect(findings).to_have_value("双肺纹理清晰。 10.0 mm (探测器平面)")
    page.get_by_role("button", name="引用关键图像（1）").click()
    expect(findings).to_have_value("双肺纹理清晰。 10.0 mm (探测器平面) （见关键图像）")
    page.get_by_text(SAVED).wait_for()
    assert draft_of(hub, hub.consultation.case(dataset.StudyInstanceUID)).endswith("（见关键图像）")


def test_a_click_opens_at_once_and_images_that_a_held_key_passes_are_not_asked_for(
    hub: WebHub, sign_in: SignIn
) -> None:
    for number in range(4):
        arrive(hub, f"PASS-{number}", PatientName="Pass^By")
    page = sign_in("reader")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{hub.url}/read")
    page.locator("#find-case").fill("Pass By")
    rows = page.locator(".case")
    expect(rows).to_have_count(4)
    page.evaluate(PASSED)
    expect(rows.last).to_have_attribute("aria-current", "true")
    page.locator(".viewer-strip .viewer-thumb").wait_for()
    assert len([url for url in asked if url.endswith("/metadata")]) <= 2
    rows.first.click()
    assert page.evaluate("() => document.querySelector('.images .empty')") is None


def test_preliminary_then_final_with_the_password_again_then_an_addendum(
    hub: WebHub, sign_in: SignIn
) -> None:
    case = arrive(hub, "ACTS-1")
    page = sign_in("reader")
    take(page, hub, "ACTS-1")
    page.keyboard.press("F8")
    expect(page.get_by_label("影像所见")).not_to_have_value("")
    page.keyboard.press("Control+Shift+Enter")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("初步报告已签发，病例仍由您阅片。").wait_for()
    for _ in range(3):
        # A session that is used goes on; its password was asked for an hour ago.
        hub.consultation.clock.advance(minutes=25)
        assert page.request.get(f"{hub.url}/api/v1/me").ok
    page.keyboard.press("Control+Enter")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Enter")
    page.get_by_label("为了签发，请再输一次密码").wait_for()
    page.keyboard.type(PASSWORD)
    # Who thinks better of it stays at "cancel" while the clocks of the list go on, and signs nothing.
    page.keyboard.press("Tab")
    let_the_clock_go_on(page)
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for(state="detached")
    assert [report["status"] for report in reports_of(hub, case)] == ["preliminary"]
    page.keyboard.press("Control+Enter")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Enter")
    page.get_by_label("为了签发，请再输一次密码").wait_for()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_text("已签发。").wait_for()
    page.get_by_role("button", name="补充报告").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("原因").fill("又见一处")
    dialog.get_by_label(re.compile("诊断意见")).fill(HOSTILE[1])
    require_accessible(page)
    dialog.locator("button[type=submit]").click()
    page.locator(".report", has_text="补充").get_by_text(HOSTILE[1]).wait_for()
    signed = reports_of(hub, case)
    assert [report["status"] for report in signed] == ["preliminary", "final", "appended"]
    assert signed[2]["document"]["reason"] == "又见一处"


def test_earlier_studies_are_shown_and_who_is_perhaps_the_same_is_marked(
    hub: WebHub, sign_in: SignIn
) -> None:
    person = {"PatientName": "Prior^Person", "PatientBirthDate": "19500101", "PatientSex": "F"}
    words = {"findings": HOSTILE[0], "impression": HOSTILE[2]}
    physician = reader()
    for values in ({"PatientID": "PRIOR-1"}, {"PatientID": "OTHER-9", "site_id": QINGSHAN}):
        earlier = hub.consultation.claimed(physician, **person, **values)
        hub.consultation.sign(physician, earlier, **words)
    arrive(hub, "PRIOR-1", **person)
    page = sign_in("reader")
    take(page, hub, "PRIOR-1")
    priors = page.locator(".priors li")
    expect(priors).to_have_count(2)
    candidate = priors.filter(has_text="可能是同一人")
    expect(candidate).to_have_count(1)
    candidate.get_by_text("OTHER-9").wait_for()
    same = priors.filter(has_not_text="可能是同一人")
    same.locator("summary").get_by_text(HOSTILE[2]).click()
    same.get_by_text(HOSTILE[0]).wait_for()
    same.get_by_role("button", name="并排").click()
    expect(page.locator(".viewer-looking")).to_have_count(2)
    assert page.evaluate("window.pwned") is None


def test_filters_clocks_and_what_is_new(hub: WebHub, sign_in: SignIn) -> None:
    hub.client.post("/api/v1/worklist/seen", headers=hub.headers("reader"))
    hub.consultation.clock.advance(seconds=1)
    for patient_id, values in (
        ("FILTER-1", {"Modality": "CR"}),
        ("FILTER-2", {"Modality": "CR", "site_id": QINGSHAN}),
        ("FILTER-3", {"Modality": "PX"}),
    ):
        arrive(hub, patient_id, PatientName="Filter^Me", **values)
    page = sign_in("reader")
    page.goto(f"{hub.url}/read")
    unseen = page.locator(".case", has=page.locator(".unseen"))
    expect(unseen).to_have_count(3)
    page.get_by_text("3 例新到").wait_for()
    expect(page).to_have_title(re.compile(r"\(3\)"))
    unseen.first.click()
    page.get_by_text("2 例新到").wait_for()
    page.get_by_text("全部标为已看").click()
    expect(unseen).to_have_count(0)
    hub.consultation.clock.advance(seconds=1)
    arrive(hub, "FILTER-4", Modality="CR", PatientName="Filter^Me")
    page.get_by_text("1 例新到").wait_for()
    rows = page.locator(".case")
    page.get_by_label("设备类型").select_option("CR")
    expect(rows).to_have_count(3)
    page.get_by_label("站点").select_option(QINGSHAN)
    expect(rows).to_have_count(1)
    page.get_by_label("站点").select_option("")
    page.get_by_label("紧急程度").select_option("urgent")
    expect(rows).to_have_count(0)
    page.get_by_label("紧急程度").select_option("")
    page.get_by_role("button", name="我的").click()
    expect(rows).to_have_count(0)
    page.get_by_role("button", name="全部", exact=True).click()
    page.get_by_label("设备类型").select_option("")
    page.locator("#find-case").fill("FILTER-3")
    expect(rows).to_have_count(1)
    assert re.fullmatch(r"(\d+:)?\d\d:\d\d", rows.locator("time").inner_text())
    let_the_clock_go_on(page)


def test_a_page_of_other_people_is_politely_not_given(hub: WebHub, sign_in: SignIn) -> None:
    page = sign_in("clinic")
    page.goto(f"{hub.url}/read")
    page.get_by_role("heading", name="您的账号不使用这个页面").wait_for()
    assert page.locator(".list, .next").count() == 0
    page.get_by_role("link", name="前往您的页面").click()
    page.wait_for_url("**/clinic")
    auditor = sign_in("auditor")
    asked: list[str] = []
    auditor.on("request", lambda request: asked.append(request.url))
    auditor.goto(f"{hub.url}/")
    auditor.locator("main").wait_for()
    assert auditor.locator(".live").count() == 0, "nothing is broken where nothing is told"
    assert not [url for url in asked if "/events" in url]
    assert auditor.get_by_role("navigation").first.get_by_role("link").all_inner_texts() == ["管理"]
