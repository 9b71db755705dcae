"""A reader at the browser: cut lines, takeovers, words in two windows, emergencies, hostile words."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from core.uids import new_uid
from tests.fixtures.browser import FLAGS
from tests.fixtures.consultation import XINGLONG
from tests.viewer_api.conftest import PASSWORD
from tests.web.conftest import WebHub
from tests.web.reading_page import (
    HOSTILE,
    SAVED,
    SignIn,
    arrive,
    colleague,
    draft_of,
    open_list,
    reports_of,
    require_accessible,
    take,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.tool("chromium")

RINGS = """window.AudioContext = class {
  currentTime = 0
  resume() { return Promise.resolve() }
  createGain() {
    return { gain: { setValueAtTime() {}, exponentialRampToValueAtTime() {} }, connect: (to) => to }
  }
  createOscillator() {
    document.documentElement.dataset.rung = 'yes'
    return { frequency: {}, connect: (to) => to, start() {}, stop() {} }
  }
}"""
"""Stands for the sound, which a machine without loudspeakers begins late or never."""
OUTLINED = """() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement)
  return document.activeElement !== document.body && outlineStyle !== 'none' && parseFloat(outlineWidth) > 0
}"""


@pytest.fixture
def open_browser(browser: "Browser", tmp_path: Path) -> "Callable[[], BrowserContext]":
    """Return what starts a reader's own browser, which keeps what a closed browser keeps."""
    kind = browser.browser_type

    def start() -> "BrowserContext":
        context = kind.launch_persistent_context(
            tmp_path, executable_path=shutil.which("chromium"), args=FLAGS, locale="zh-CN"
        )
        context.set_default_timeout(10_000)
        return context

    return start


def test_a_cut_line_and_a_closed_browser_lose_no_word(
    hub: WebHub, open_browser: "Callable[[], BrowserContext]"
) -> None:
    case = arrive(hub, "CUT-1")
    context = open_browser()
    page = context.new_page()
    log_in(page, hub)
    findings = take(page, hub, "CUT-1")
    findings.press_sequentially("Before. ")
    page.get_by_text(SAVED).wait_for()
    context.set_offline(True)
    findings.press_sequentially("While the line was cut.")
    page.locator(".save.offline").wait_for()
    page.locator(".live.lost").wait_for()
    page.keyboard.press("Control+Enter")
    assert page.get_by_role("dialog").count() == 0, "what the hub does not have cannot be signed"
    assert draft_of(hub, case) == "Before. "
    context.close()
    context = open_browser()
    page = context.new_page()
    # A session ends with its browser.
    log_in(page, hub)
    open_list(page, hub, "CUT-1").click()
    expect(page.locator(".findings textarea")).to_have_value("Before. While the line was cut.")
    page.get_by_text(SAVED).wait_for()
    assert draft_of(hub, case) == "Before. While the line was cut."
    context.close()


def log_in(page: "Page", hub: WebHub) -> None:
    """Log in as the reader by keyboard; a browser that knows who it was asks for the password alone."""
    page.goto(f"{hub.url}/read")
    page.locator("main.login input:focus").wait_for()
    if not page.locator("input[name=username]").input_value():
        page.keyboard.type("reader")
        page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.locator("header.frame").wait_for()


def test_who_is_taken_over_hears_it_at_once_and_keeps_the_words(hub: WebHub, sign_in: SignIn) -> None:
    case = arrive(hub, "TWO-1")
    page, other = sign_in("reader"), colleague(hub, sign_in)
    row = open_list(other, hub, "TWO-1")
    take(page, hub, "TWO-1").press_sequentially("Mine.")
    page.get_by_text(SAVED).wait_for()
    row.get_by_text("reader 医师 阅片中").wait_for()
    other.keyboard.press("j")
    other.keyboard.press("Shift+T")
    other.get_by_role("dialog").locator("textarea").fill("急诊，需要马上报告")
    require_accessible(other)
    other.get_by_role("dialog").locator("button[type=submit]").click()
    expect(other.locator(".findings textarea")).to_have_value("Mine.")
    page.get_by_role("alert").get_by_text("李医生: 急诊，需要马上报告").wait_for()
    assert page.locator(".findings textarea").input_value() == "Mine."
    assert page.locator(".acts").count() == 0, "who has lost the case cannot sign it"
    assert draft_of(hub, case) == "Mine."


def test_a_turn_that_lapsed_says_so_and_can_be_taken_again(hub: WebHub, sign_in: SignIn) -> None:
    case = arrive(hub, "LAPSE-1")
    page = sign_in("reader")
    take(page, hub, "LAPSE-1").press_sequentially("Mine.")
    page.get_by_text(SAVED).wait_for()
    hub.consultation.clock.advance(minutes=3)
    hub.consultation.timers.run()
    page.get_by_role("alert").get_by_text("病例已退回列表").wait_for()
    other = colleague(hub, sign_in)
    take(other, hub, "LAPSE-1")
    expect(other.locator(".findings textarea")).to_have_value("Mine.")
    page.locator(".take").get_by_text("接管").wait_for()
    other.keyboard.press("Escape")
    other.keyboard.press("Shift+R")
    page.locator(".take .primary").click()
    expect(page.locator(".findings textarea")).to_be_editable()
    page.locator(".findings textarea").press_sequentially(" Again.")
    page.get_by_text(SAVED).wait_for()
    assert draft_of(hub, case) == "Mine. Again."


def test_what_changed_underneath_cannot_be_signed(hub: WebHub, sign_in: SignIn) -> None:
    case = arrive(hub, "TWIN-1")
    page, twin = sign_in("reader"), sign_in("reader")
    take(page, hub, "TWIN-1")
    page.keyboard.press("F8")
    page.get_by_text(SAVED).wait_for()
    words = draft_of(hub, case)
    open_list(twin, hub, "TWIN-1").click()
    expect(twin.locator(".findings textarea")).to_have_value(words)
    page.keyboard.press("Control+Enter")
    page.get_by_role("dialog").wait_for()
    twin.locator(".findings textarea").fill("Elsewhere.")
    twin.get_by_text(SAVED).wait_for()
    page.keyboard.press("Enter")
    conflict = page.get_by_role("alert").filter(has_text="用我的文字")
    conflict.get_by_text("Elsewhere.").wait_for()
    assert page.get_by_role("dialog").count() == 0
    assert reports_of(hub, case) == []
    assert draft_of(hub, case) == "Elsewhere."
    conflict.get_by_role("button", name="用我的文字").click()
    page.get_by_text(SAVED).wait_for()
    assert draft_of(hub, case) == words
    twin.locator(".findings textarea").press_sequentially(" More.")
    twin.get_by_role("alert").get_by_text("用中心的文字").click()
    expect(twin.locator(".findings textarea")).to_have_value(words)


def test_an_emergency_comes_onto_the_list_rings_and_flashes_also_while_one_searches(
    hub: WebHub, sign_in: SignIn
) -> None:
    page = sign_in("reader", locale="en-GB")
    page.add_init_script(RINGS)
    page.goto(f"{hub.url}/read")
    page.locator(".live.live").wait_for()
    page.locator("#find-case").wait_for()
    page.keyboard.press("/")
    for name in ("Now^Here", "Now^Hidden"):
        uid = new_uid()
        question = {"site_id": XINGLONG, "study_instance_uid": uid, "urgency": "emergency"}
        asked = hub.client.post("/api/v1/requests", json=question, headers=hub.headers("technician"))
        assert asked.status_code == 201
        hub.consultation.ready(study_instance_uid=uid, Modality="ECG", PatientID=name, PatientName=name)
        page.get_by_role("button", name="Take the emergency").wait_for()
        expect(page).to_have_title(re.compile("EMERGENCY"))
        expect(page.locator("html")).to_have_attribute("data-rung", "yes", timeout=10_000)
        if name == "Now^Here":
            assert page.locator(".case").first.get_by_text("Now Here").count() == 1, "it comes first"
            page.keyboard.type("Now Here")
            expect(page).not_to_have_title(re.compile("EMERGENCY"))
            expect(page.locator(".case")).to_have_count(1)
            page.evaluate("delete document.documentElement.dataset.rung")
    assert page.get_by_text("Now Hidden").count() == 0


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


@pytest.mark.parametrize("address", ["/login", "/read", "/account"])
def test_nothing_serious_keeps_anybody_out(hub: WebHub, sign_in: SignIn, address: str) -> None:
    page = sign_in("reader")
    if address != "/read":
        page.goto(f"{hub.url}/account")
        page.locator("main").wait_for()
        if address == "/login":
            page.get_by_role("button", name="退出", exact=True).click()
            page.locator("main.login").wait_for()
        require_accessible(page)
        return
    arrive(hub, "AXE-1")
    take(page, hub, "AXE-1")
    page.keyboard.press("F8")
    require_accessible(page)
    for keys in ("F9", "Control+Enter"):
        page.keyboard.press(keys)
        page.get_by_role("dialog").wait_for()
        require_accessible(page)
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")
    page.get_by_role("button", name="短语").click()
    require_accessible(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("适合窗口").first.wait_for()
    require_accessible(page)
    page.keyboard.press("Escape")
    page.locator("a.home").focus()
    for _ in range(14):
        page.keyboard.press("Tab")
        assert page.evaluate(OUTLINED), page.evaluate("document.activeElement.outerHTML")
