"""Every page on the screens of old computers: nothing beside the screen, no text cut, no serious fault."""

from typing import TYPE_CHECKING

import pytest

from core.access import Grant, Role
from tests.fixtures.consultation import GROUP, QINGSHAN, XINGLONG, reader
from tests.viewer_api.conftest import PASSWORD
from tests.viewer_api.stored import RADIOGRAPH
from tests.web.conftest import WebHub
from tests.web.reading_page import SignIn, require_accessible
from tests.web.test_admin_and_cases import stranger_calls
from tests.web.test_send_and_clinic import ask

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.tool("chromium")

SCREENS = ((1366, 768), (1024, 600))
EVERYTHING = (
    Grant(role=Role.READER, reading_group_id=GROUP),
    *(
        Grant(role=role, site_id=site)
        for role in (Role.TECHNICIAN, Role.CLINIC)
        for site in (XINGLONG, QINGSHAN)
    ),
    Grant(role=Role.ADMIN),
    Grant(role=Role.AUDITOR),
)
PARTS = ("health", "aside", "devices", "sites", "users", "groups", "text", "audit")
SHORTENED = ".cut, .viewer-series-name"
"""Descriptions that end in an ellipsis on purpose, beside a name that never does."""
CUT = """(shortened) => {
  const cut = []
  const say = (element, why) => cut.push(`${why}: ${element.outerHTML.slice(0, 160)}`)
  if (document.documentElement.scrollWidth > innerWidth) cut.push('the page is wider than the screen')
  for (const element of document.querySelectorAll('body *')) {
    const box = element.getBoundingClientRect()
    if (!box.width || !box.height || element.closest(`${shortened}, .sr-only, svg, canvas`)) continue
    const { overflowX } = getComputedStyle(element)
    const isCut = element.scrollWidth > element.clientWidth + 1
    if (isCut && overflowX !== 'visible' && !element.matches('input, select, textarea')) say(element, 'cut')
    if (element.matches('button, a, input, select, th, td') && (box.right > innerWidth + 1 || box.left < -1))
      say(element, 'beside the screen')
  }
  return cut
}"""
"""Returns what cannot be seen without moving the page sideways."""


@pytest.fixture
def busy(hub: WebHub) -> str:
    """A hub with long names and something of everything; return a study that was reported."""
    rooms = hub.consultation
    named = {"PatientName": "Ouyang^Xiaohong=欧阳^晓红", "StudyDescription": "Abdomen and pelvis, follow-up"}
    report = rooms.signed(reader(), PatientID="OLD-COMPUTER-0001", **named)
    waiting = rooms.ready(PatientID="OLD-COMPUTER-0002", **named)
    rooms.send(waiting.study_instance_uid, PatientID="OLD-COMPUTER-0003", PatientName="Sun^Hong=孙^红")
    rooms.arrive(PatientID="OLD-COMPUTER-0001", PatientName="Zhou^Jie=周^杰")
    asked = {
        "clinical_question": "右上腹痛三天，伴发热。" * 6,
        "history": "高血压十年。" * 9,
        "urgency": "urgent",
    }
    where = {"site_id": XINGLONG, "study_instance_uid": waiting.study_instance_uid}
    ask(hub, "technician", "POST", "/requests", json=where | asked)
    stranger_calls(hub, "UNKNOWN_DEVICE_1")
    for name, title in (("彩色多普勒超声诊断仪（二楼）", "XINGLONG_US_0001"), ("DR", "XINGLONG_DR_0001")):
        hub.rooms.directory.add_device(
            site_id=XINGLONG,
            name=name,
            calling_ae_title=title,
            called_ae_title="CONSULTATIONHUB",
            network="10.120.130.140/32",
        )
    rooms.take_in()
    hub.rooms.accounts.add("everything", "诸葛主任医师", list(EVERYTHING), password=PASSWORD)
    return report.study_instance_uid


def cut_on(page: "Page", name: str) -> list[str]:
    """Return what of a page is cut or beside the screen, on either."""
    found: list[str] = []
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        found += [f"{name} at {width}: {each}" for each in page.evaluate(CUT, SHORTENED)]
    return found


def test_pages_are_whole_on_small_screens(hub: WebHub, sign_in: SignIn, busy: str) -> None:
    [stored] = hub.store([RADIOGRAPH], PatientID="OLD-COMPUTER-0004")
    hub.consultation.take_in()
    page = sign_in("everything", width=1366, height=768)
    pages = {
        "/send": "OLD-COMPUTER-0002",
        "/clinic": "OLD-COMPUTER-0001",
        f"/cases/{busy}": "OLD-COMPUTER-0001",
        "/account": "本浏览器",
        "/read": "欧阳晓红",
        f"/view/{XINGLONG}/{stored.StudyInstanceUID}": "OLD-COMPUTER-0004",
    }
    cut: list[str] = []
    for address, words in pages.items():
        page.goto(hub.url + address)
        page.get_by_text(words).first.wait_for()
        cut += cut_on(page, address)
        require_accessible(page)
    for part in PARTS:
        page.goto(f"{hub.url}/admin?part={part}")
        page.locator(".card").first.wait_for()
        page.get_by_text("正在加载").first.wait_for(state="detached")
        cut += cut_on(page, part)
    require_accessible(page)
    assert cut == []
