"""The clinic's inbox with several reports: what nobody opened stands first, dates and versions are told."""

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.fixtures.consultation import reader
from tests.web.conftest import WebHub
from tests.web.reading_page import SignIn
from tests.web.test_send_and_clinic import ask, opened, require_accessible, require_unhurt

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from reporting.report import Report

pytestmark = pytest.mark.tool("chromium")

TYPE = """(words) => {
  const field = document.querySelector('[type=search]')
  field.value += words
  field.dispatchEvent(new Event('input', { bubbles: true }))
}"""
TYPED_AND_CHOSEN = f"""async () => {{
  const type = {TYPE}
  const replace = history.replaceState
  const searched = new Promise((resolve) => {{
    history.replaceState = (...given) => {{
      replace.apply(history, given)
      if (given[2].includes('patient=')) resolve()
    }}
  }})
  type('q')
  document.querySelector('[type=checkbox]').click()
  await searched
  history.replaceState = replace
  type('i')
}}"""
"""A filter is chosen before what was typed is searched for, and a letter comes just after that."""
LEFT = f"""async (there) => {{
  const type = {TYPE}
  type('x')
  document.querySelector(there).click()
  await new Promise((resolve) => setTimeout(resolve, 400))
  return location.pathname + location.search
}}"""
"""Where a page is once what was typed before a click would have been searched for."""
YEARS = """async (field, years) => {
  for (const year of years) {
    field.value = `${year}-10-02`
    for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind, { bubbles: true }))
    await new Promise(requestAnimationFrame)
  }
}"""
"""A year that is being typed, as a browser tells of it: the date is whole at each digit."""


def reported(hub: WebHub, number: int) -> "Report":
    """Return the report of a study made on a day of its own, signed a while after the one before."""
    named = {"PatientID": f"Q-{number}", "PatientName": f"Qiao^{number}=乔^{number}"}
    hub.consultation.clock.advance(minutes=1)
    return hub.consultation.signed(reader(), StudyDate=f"2026100{number}", **named)


def expect_patients(page: "Page", *numbers: int) -> None:
    expect(page.locator(".inbox tbody th a")).to_have_text(
        [f"乔{number} (Qiao {number})" for number in numbers]
    )


def test_unread_reports_stand_first_and_are_found_by_date(hub: WebHub, sign_in: SignIn) -> None:
    reports = [reported(hub, number) for number in (1, 2, 3)]
    ask(hub, "clinic", "GET", f"/reports/{reports[2].report_id}")
    page = opened(sign_in, hub, "clinic", "/clinic?patient=qiao")
    expect_patients(page, 2, 1, 3)
    assert page.locator("tr.unread").count() == 2
    reported(hub, 4)
    expect_patients(page, 4, 2, 1, 3)
    page.get_by_label("检查日期从").fill("2026-10-02")
    expect_patients(page, 4, 2, 3)
    page.get_by_label("到", exact=True).fill("2026-10-03")
    expect_patients(page, 2, 3)
    page.get_by_label("只看未读").check()
    expect_patients(page, 2)
    page.reload()
    expect_patients(page, 2)
    page.get_by_role("button", name="显示全部").press("Enter")
    page.get_by_label("患者", exact=True).fill("Q-1")
    expect_patients(page, 1)


def test_what_is_typed_and_what_is_chosen_meanwhile_are_both_searched_for(
    hub: WebHub, sign_in: SignIn
) -> None:
    page = opened(sign_in, hub, "clinic", "/clinic")
    field = page.get_by_label("患者", exact=True)
    field.wait_for()
    page.evaluate(TYPED_AND_CHOSEN)
    page.wait_for_url("**/clinic?patient=qi&unread=1")
    expect(field).to_have_value("qi")
    expect(page.get_by_label("只看未读")).to_be_checked()
    # What was typed last is not searched for any more where all was asked for, and takes nobody back.
    assert page.evaluate(LEFT, "search button") == "/clinic"
    expect(field).to_have_value("")
    assert page.evaluate(LEFT, "a[href='/account']") == "/account"


def test_a_date_is_searched_for_when_its_year_is_typed_to_the_end(hub: WebHub, sign_in: SignIn) -> None:
    page = opened(sign_in, hub, "clinic", "/clinic")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    day = page.get_by_label("检查日期从")
    day.focus()
    with page.expect_request(lambda request: "study_date_from=2026-10-02" in request.url):
        day.evaluate(YEARS, ["0002", "0020", "0202", "2026"])
    assert [url for url in asked if "study_date_from=0" in url] == []
    assert page.url.endswith("/clinic?from=2026-10-02")
    # A year that is being typed stays when the page is drawn anew; who gives it up sees what was asked for.
    day.evaluate(YEARS, ["0006"])
    page.get_by_label("只看未读").dispatch_event("click")
    page.wait_for_url("**/clinic?from=2026-10-02&unread=1")
    expect(day).to_have_value("0006-10-02")
    day.blur()
    expect(day).to_have_value("2026-10-02")


def test_a_corrected_report_is_red_and_an_addendum_says_what_it_is(hub: WebHub, sign_in: SignIn) -> None:
    report = reported(hub, 5)
    words = {"findings": "右侧。", "impression": "右侧骨折。", "reason": "侧别写反"}
    seen = {"instances_seen": ask(hub, "reader", "GET", f"/cases/{report.case_id}")["instances_seen"]}
    path = f"/reports/{report.report_id}"
    amended = ask(hub, "reader", "POST", f"{path}/amendments", json=words | seen)
    ask(hub, "reader", "POST", f"/reports/{amended['report_id']}/addenda", json=words)
    page = opened(sign_in, hub, "clinic", "/clinic?patient=Q-5")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.locator("tr", has_text="更正").locator(".mark.red").wait_for()
    page.locator("tr", has=page.get_by_text("补充", exact=True)).wait_for()
    old = page.locator("tr", has_text="已被取代")
    assert old.get_by_role("link", name="新版本").get_attribute("href") == f"/r/{amended['report_id']}"
    current = page.locator("tr", has_text="更正")
    current.get_by_role("button", name="确认收到").press("Enter")
    page.get_by_label("接收人").wait_for()
    require_accessible(page)
    require_unhurt(page)
    page.keyboard.press("Escape")
    current.get_by_role("link", name="打开").press("Enter")
    page.get_by_text("右侧骨折。").first.wait_for()
    require_accessible(page)
