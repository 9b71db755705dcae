"""The page of administrators and that of a case, in a real browser."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
import trustme

from core.origin import Origin, OriginKind
from registry.unknown_devices import Attempts
from storage.aside_records import AsideFilter
from tests.fixtures.consultation import GROUP, QINGSHAN, SITES, XINGLONG, at_site
from tests.fixtures.reading_over_http import Reading
from tests.viewer_api.conftest import Edge
from tests.web.conftest import WebHub

if TYPE_CHECKING:
    from fastapi import FastAPI
    from playwright.sync_api import Page

pytestmark = pytest.mark.tool("chromium")

SignIn = Callable[..., "Page"]
AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
SERIOUS = """async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])"""
HOSTILE = "<img src=x onerror=document.title='bad'>"
PARTS = {
    "health": "等待最久的病例",
    "aside": "患者冲突",
    "devices": "未知设备",
    "sites": "兴隆镇",
    "users": "technician",
    "groups": "所有类型",
    "text": "所有声明都可信",
}
"""Each part of the page with words that stand there once the hub has answered."""


def require_sound(page: "Page", name: str) -> None:
    """Nothing that came with data ran, and axe finds no serious fault."""
    assert "bad" not in page.title(), name
    if AXE.exists():
        page.evaluate(AXE.read_text(encoding="utf-8"))
        assert page.evaluate(SERIOUS) == [], name


def stranger_calls(hub: WebHub, title: str) -> None:
    now = hub.rooms.clock.now()
    call = Attempts(
        calling_ae_title=title,
        called_ae_title="HUB",
        address="10.20.3.7",
        refusal="calling AE title not recognized",
        proposed="Ultrasound Image (JPEG Baseline (Process 1))",
        certificate=None,
        count=2,
        first_seen_at=now,
        last_seen_at=now,
    )
    hub.rooms.unknown_devices.record([call])


def test_an_administrator_adopts_a_device_and_adds_a_user_by_keyboard(hub: WebHub, sign_in: SignIn) -> None:
    stranger_calls(hub, "NEW_US")
    page = sign_in("admin")
    page.goto(f"{hub.url}/admin?part=devices")
    page.locator("button:enabled", has_text="接纳 NEW_US").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("机构").select_option(XINGLONG)
    dialog.get_by_label("设备名称").fill("彩超")
    require_sound(page, "adopt")
    page.keyboard.press("Enter")
    page.get_by_role("cell", name="彩超", exact=True).wait_for()
    assert page.get_by_role("button", name="接纳 NEW_US").count() == 0
    (device,) = hub.rooms.directory.devices("NEW_US")
    assert (device.site_id, device.network) == (XINGLONG, "10.20.3.7/32")

    page.get_by_role("link", name="用户与令牌").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="添加用户").click()
    dialog.get_by_label("用户名").fill("new-reader")
    dialog.get_by_label("姓名").fill(HOSTILE)
    dialog.get_by_label("角色").select_option("reader")
    dialog.get_by_role("button", name="添加").click()
    password = page.locator("code.secret").inner_text()
    require_sound(page, "password")
    page.keyboard.press("Escape")
    page.get_by_role("cell", name=HOSTILE, exact=True).wait_for()
    assert password not in page.content()
    newcomer = hub.client.post("/api/v1/login", json={"username": "new-reader", "password": password})
    assert newcomer.json()["must_change_password"] is True


def test_an_administrator_sees_how_the_hub_fares_and_what_waits(hub: WebHub, sign_in: SignIn) -> None:
    page = sign_in("admin")
    case = hub.consultation.arrive(PatientName="Wang^Li=王^丽")
    hub.consultation.send(case.study_instance_uid, PatientID="ANOTHER", PatientName=f"Zhao^{HOSTILE}")
    page.goto(f"{hub.url}/admin")
    for part, words in PARTS.items():
        page.locator(f"nav a[href$='part={part}']").click()
        page.get_by_text(words).first.wait_for()
        require_sound(page, f"admin-{part}")
    page.locator("nav a[href$='part=aside']").click()
    page.get_by_role("button", name="查看").first.click()
    page.get_by_role("cell", name="PatientID").wait_for()
    require_sound(page, "look")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="单独保存").first.click()
    page.get_by_label("原因").fill("另一位患者")
    page.get_by_role("dialog").get_by_role("button", name="单独保存").click()
    page.get_by_role("dialog").wait_for(state="detached")
    settled = hub.rooms.shelf.items(at_site("admin"), AsideFilter(settled=True))
    assert "另一位患者" in [kept.settled_reason for kept in settled]


def test_an_administrator_puts_a_device_back_binds_a_certificate_and_changes_a_site(
    hub: WebHub, sign_in: SignIn
) -> None:
    named = {"name": "旧彩超", "calling_ae_title": "OLD_US", "called_ae_title": "HUB", "network": "10.44.0.1"}
    device = hub.rooms.directory.add_device(site_id=XINGLONG, **named)
    hub.rooms.directory.disable_device(device.device_id)
    page = sign_in("admin")
    page.goto(f"{hub.url}/admin?part=devices")
    row, dialog = page.locator("tr", has_text="旧彩超"), page.get_by_role("dialog")
    row.get_by_role("cell", name=SITES[XINGLONG]).wait_for()
    row.get_by_role("button", name="启用").press("Enter")
    dialog.get_by_role("button", name="启用").press("Enter")
    row.get_by_text("使用中").wait_for()
    row.get_by_role("button", name="添加证书").press("Enter")
    shown = trustme.CA().issue_cert(common_name="OLD_US").cert_chain_pems[0].bytes().decode()
    dialog.get_by_label("证书").fill(shown)
    dialog.get_by_role("button", name="添加证书").press("Enter")
    row.get_by_text("CN=OLD_US").wait_for()
    row.get_by_role("button", name="撤销证书").press("Enter")
    dialog.get_by_role("button", name="撤销证书").press("Enter")
    row.get_by_text("证书已撤销").wait_for()
    require_sound(page, "devices")

    page.get_by_role("link", name="机构与设置").press("Enter")
    site = page.locator("tr", has_text=QINGSHAN)
    site.get_by_role("button", name="设置").press("Enter")
    dialog.get_by_label("静默秒数").fill("45")
    dialog.get_by_label("静默秒数").press("Enter")
    site.get_by_role("cell", name="45", exact=True).wait_for()
    assert hub.rooms.directory.site(QINGSHAN).quiet_seconds == 45


def test_nobody_else_gets_an_admin_page(hub: WebHub, sign_in: SignIn) -> None:
    for username in ("reader", "technician"):
        page = sign_in(username)
        asked: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(f"{hub.url}/admin?part=users")
        page.get_by_role("heading", name="您的账号不使用这个页面").wait_for()
        assert page.get_by_role("navigation").get_by_role("link", name="管理").count() == 0
        assert not [url for url in asked if "/api/v1/users" in url]


def test_a_case_tells_what_happened_and_an_auditor_who_looked(hub: WebHub, sign_in: SignIn) -> None:
    reading = Reading(
        Edge(
            consultation=hub.consultation,
            rooms=hub.rooms,
            app=cast("FastAPI", hub.client.app),
            tokens=hub.tokens,
        )
    )
    report = reading.published(PatientName="Zhang^San=张^三", StudyDescription=HOSTILE)
    study = report["study_instance_uid"]
    page = sign_in("clinic")
    page.goto(f"{hub.url}/cases/{study}")
    page.get_by_role("heading", name="张三 Zhang San").wait_for()
    timeline = page.get_by_role("region", name="经过")
    for words in ("病例建立。", "医生开始阅片。", "报告签发。"):
        timeline.get_by_text(words).wait_for()
    page.get_by_role("region", name="报告与版本").get_by_role("link", name="打开报告").wait_for()
    case = reading.rooms.case(study)
    words = {"findings": "", "impression": HOSTILE, "reason": "侧别写反"}
    as_reader, seen = reading.as_("reader"), {"instances_seen": reading.rooms.seen(case)}
    amended = as_reader.post(f"/api/v1/reports/{report['report_id']}/amendments", json=words | seen).json()
    added = as_reader.post(f"/api/v1/reports/{amended['report_id']}/addenda", json=words)
    assert added.status_code == 201, added.text
    versions = page.get_by_role("region", name="报告与版本").get_by_role("listitem")
    for number, status in enumerate(("最终", "修订", "补充")):
        versions.nth(number).get_by_text(status, exact=True).wait_for()
    versions.first.get_by_text("已被取代").wait_for()
    timeline.locator("[data-kind='report.amended']", has_text="reader 医师").wait_for()
    timeline.locator("[data-kind='report.addendum']").wait_for()
    page.get_by_role("region", name="图像与记录").locator("code").first.wait_for()
    assert page.get_by_role("region", name="审计").count() == 0
    before = timeline.get_by_role("listitem").count()
    timeline.get_by_label("也显示谁看过").check()
    assert timeline.get_by_role("listitem").count() > before
    require_sound(page, "case")

    auditor = sign_in("auditor")
    auditor.goto(f"{hub.url}/cases/{study}")
    record = auditor.get_by_role("region", name="审计")
    record.get_by_role("cell", name="clinic 医师").first.wait_for()
    record.get_by_role("cell", name="签发报告: 修订").wait_for()
    record.get_by_role("cell", name=f"阅片医生 · {GROUP}").first.wait_for()
    acts = record.locator("tbody tr td:nth-child(3)").all_inner_texts()
    assert not [act for act in acts if act.splitlines()[0].isascii()], "each act has words in Chinese"
    assert "张三" not in auditor.content()
    require_sound(auditor, "case-auditor")
    auditor.get_by_role("button", name="English").click()
    auditor.get_by_role("cell", name="report signed: amended").wait_for()
    for username in ("reader", "admin"):
        other = sign_in(username)
        asked: list[str] = []
        other.on("request", lambda request, asked=asked: asked.append(request.url))
        other.goto(f"{hub.url}/cases/{study}")
        other.get_by_role("region", name="报告与版本").get_by_text("已被取代").wait_for()
        assert other.get_by_role("region", name="审计").count() == 0
        assert not [url for url in asked if "/api/v1/audit" in url]
    auditor.goto(f"{hub.url}/cases/1.2.3.4")
    auditor.get_by_text("There is no such study").wait_for()


def test_an_earlier_exam_has_no_due_time_on_its_page(hub: WebHub, sign_in: SignIn) -> None:
    imported = Origin(kind=OriginKind.PRIOR, site_id=XINGLONG, source="import")
    page = sign_in("clinic")
    for case, due in (
        (hub.consultation.arrive(PatientName="Li^Si=李^四"), 1),
        (hub.consultation.arrive(PatientName="Wang^Wu=王^五", origin=imported), 0),
    ):
        page.goto(f"{hub.url}/cases/{case.study_instance_uid}")
        facts = page.get_by_role("region", name="患者")
        facts.get_by_role("term").filter(has_text="收到").wait_for()
        assert facts.get_by_role("term").filter(has_text="应报告").count() == due
