"""What the tests of the reading page do again and again: let a case come, find it by keyboard, take it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from core.access import Grant, Role
from core.errors import AlreadyRegistered
from tests.fixtures.consultation import GROUP
from tests.viewer_api.conftest import PASSWORD
from tests.web.conftest import WebHub

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from worklist.case import Case

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
SAVED = "秒前已保存"


def arrive(hub: WebHub, patient_id: str, **values: Any) -> "Case":
    """Return the case of an ECG or a radiograph that has come and may be read."""
    said = {"Modality": "DX", "StudyDescription": "Chest PA", "PatientID": patient_id}
    return hub.consultation.ready(**(said | values))


def colleague(hub: WebHub, sign_in: SignIn) -> "Page":
    """Return the browser of another reader of the same group."""
    try:
        grant = Grant(role=Role.READER, reading_group_id=GROUP)
        hub.rooms.accounts.add("colleague", "李医生", [grant], password=PASSWORD)
    except AlreadyRegistered:
        pass
    return sign_in("colleague")


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


def let_the_clock_go_on(page: "Page") -> None:
    """Wait until the page, whose list shows one case, has been drawn anew for the next second."""
    clock = page.locator(".case time")
    expect(clock).not_to_have_text(clock.inner_text())


def draft_of(hub: WebHub, case: "Case") -> str:
    """Return the findings that the hub has."""
    answer = hub.client.get(f"/api/v1/cases/{case.case_id}/draft", headers=hub.headers("reader"))
    findings: str = answer.json()["findings"]
    return findings


def reports_of(hub: WebHub, case: "Case") -> list[dict[str, Any]]:
    """Return the signed versions of a case, oldest first."""
    headers = hub.headers("reader")
    lines = hub.client.get(f"/api/v1/cases/{case.case_id}/reports", headers=headers).json()["items"]
    return [hub.client.get(line["links"]["self"], headers=headers).json() for line in lines]


def require_accessible(page: "Page") -> None:
    """Axe finds no serious fault on what is shown; it is there where the packages of the pages are."""
    if AXE.exists():
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE.read_text(encoding="utf-8"))
        assert page.evaluate(SERIOUS) == []
