"""What administrators put in order, decide and look at: groups, people, tokens, what waits, and figures."""

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from core.access import Grant, Role, Route
from core.errors import InvalidInstance
from core.uids import new_uid
from storage.aside_records import AsideFilter
from tests.fixtures.consultation import SITES, XINGLONG, at_site
from tests.web.conftest import WebHub
from tests.web.reading_page import SignIn
from tests.web.test_admin_and_cases import require_sound
from tests.web.test_send_and_clinic import ask

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.tool("chromium")

IN_USE, DISABLED = "使用中", "已停用"


def decide(page: "Page", submit: str, filled: dict[str, str] | None = None) -> None:
    """Fill in the dialog that is open, by keyboard, and send it."""
    dialog = page.get_by_role("dialog")
    for label, words in (filled or {}).items():
        control = dialog.get_by_label(label).first
        if control.evaluate("each => each.tagName") == "SELECT":
            control.select_option(words)
        else:
            control.fill(words)
    dialog.get_by_role("button", name=submit, exact=True).press("Enter")
    dialog.wait_for(state="detached")


def turn(page: "Page", row: "Locator", act: str, afterwards: str) -> None:
    """Stop what a row is about, or put it back."""
    row.get_by_role("button", name=act).press("Enter")
    decide(page, act)
    row.get_by_text(afterwards).wait_for()


def test_groups_and_sites_are_added_given_routes_stopped_and_put_back(hub: WebHub, sign_in: SignIn) -> None:
    directory = hub.rooms.directory
    page = sign_in("admin")
    page.goto(f"{hub.url}/admin?part=groups")
    page.get_by_role("button", name="添加阅片组").press("Enter")
    page.get_by_role("dialog").wait_for()
    require_sound(page, "add group")
    decide(page, "添加", {"组标识": "night-readers", "报告上的名称": "夜班"})
    row = page.locator("tr", has_text="night-readers")
    row.get_by_role("button", name="添加路由").press("Enter")
    decide(page, "添加", {"机构": XINGLONG, "检查类型": "ecg"})
    shown = row.get_by_text(f"{SITES[XINGLONG]} · ECG")
    shown.wait_for()
    route = Route(reading_group_id="night-readers", site_id=XINGLONG, modality="ECG")
    assert route in directory.routes()
    turn(page, row, "停用", DISABLED)
    assert route not in directory.routes()
    turn(page, row, "启用", IN_USE)
    assert route in directory.routes()
    row.get_by_role("button", name="撤去").press("Enter")
    decide(page, "撤去")
    shown.wait_for(state="detached")
    assert route not in directory.routes(of_disabled_groups=True)

    page.get_by_role("link", name="机构与设置").press("Enter")
    page.get_by_role("button", name="添加机构").press("Enter")
    decide(page, "添加", {"机构标识": "north-hill", "报告上的名称": "北山村卫生室", "静默秒数": "30"})
    row = page.locator("tr", has_text="north-hill")
    turn(page, row, "停用", DISABLED)
    assert directory.site("north-hill").disabled_at is not None
    turn(page, row, "启用", IN_USE)
    site = directory.site("north-hill")
    assert (site.name, site.quiet_seconds, site.disabled_at) == ("北山村卫生室", 30, None)
    require_sound(page, "sites")


def test_people_get_roles_and_tokens_and_lose_them(hub: WebHub, sign_in: SignIn) -> None:
    hub.rooms.accounts.add("leaver", "周医生", [Grant(role=Role.TECHNICIAN, site_id=XINGLONG)])
    page = sign_in("admin")
    page.goto(f"{hub.url}/admin?part=users")
    row = page.locator("tr", has_text="周医生")
    row.get_by_role("button", name="授予角色").press("Enter")
    decide(page, "授予角色", {"角色": "clinic", "机构": XINGLONG})
    row.get_by_text(f"临床 · {SITES[XINGLONG]}").wait_for()
    page.get_by_role("button", name="收回角色: leaver 临床").press("Enter")
    decide(page, "收回角色")
    row.get_by_text("临床").wait_for(state="detached")

    page.get_by_role("button", name="新建令牌").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("用户名").select_option(label="leaver")
    dialog.get_by_label("用途").fill("夜间备份")
    require_sound(page, "add token")
    dialog.get_by_role("button", name="添加").press("Enter")
    secret = page.locator("code.secret").inner_text()
    page.keyboard.press("Escape")
    assert secret not in page.content()

    def status() -> int:
        return hub.client.get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"}).status_code

    of_token = page.locator("tr", has_text="夜间备份")
    for stopped in (of_token, row):
        assert status() == 200
        turn(page, stopped, "停用", DISABLED)
        assert status() == 401
        turn(page, stopped, "启用", IN_USE)
    assert status() == 200


def test_quarantine_conflicts_and_studies_in_doubt_are_decided(hub: WebHub, sign_in: SignIn) -> None:
    rooms = hub.consultation
    with pytest.raises(InvalidInstance):
        rooms.send("")
    case = rooms.arrive(PatientID="D-1", PatientName="Qin^Yi=秦^一")
    study, same = case.study_instance_uid, {"PatientID": "D-1", "PatientName": "Qin^Yi=秦^一"}
    rooms.send(study, PatientID="D-2", PatientName="Han^Er=韩^二")
    held = rooms.send(study, **same)
    named = {"SOPInstanceUID": held.sop_instance_uid, "SeriesInstanceUID": held.series_instance_uid}
    rooms.send(study, InstanceNumber=9, **named, **same)
    in_doubt = [rooms.arrive(PatientID="D-1", PatientName=f"Xu^{name}").study_instance_uid for name in "AB"]
    page = sign_in("admin")
    page.goto(f"{hub.url}/admin?part=aside")
    dialog = page.get_by_role("dialog")

    quarantined = page.locator("tr", has_text="隔离")
    quarantined.first.wait_for()
    before = quarantined.count()
    quarantined.first.get_by_role("button", name="收入档案").press("Enter")
    dialog.get_by_label("原因").fill("设备已修好")
    dialog.get_by_role("button", name="收入档案").press("Enter")
    dialog.locator(".notice.error").wait_for()
    require_sound(page, "refused")
    page.keyboard.press("Escape")
    quarantined.first.get_by_role("button", name="丢弃").press("Enter")
    decide(page, "丢弃", {"原因": "空文件"})
    expect(quarantined).to_have_count(before - 1)
    also_settled = page.get_by_label("也显示已决定的")
    also_settled.check()
    thrown_away = page.locator("tr", has_text="空文件")
    thrown_away.get_by_text("已丢弃").wait_for()
    thrown_away.get_by_role("button", name="撤回决定").press("Enter")
    decide(page, "撤回决定", {"原因": "再查一次"})
    also_settled.uncheck()
    expect(quarantined).to_have_count(before)

    of_study = page.locator("tr", has=page.locator(f"a[href*='{study}']"))
    for mark, act in (("患者冲突", "收入档案"), ("UID 冲突", "单独保存")):
        row = of_study.filter(has_text=mark)
        row.get_by_role("button", name=act).press("Enter")
        decide(page, act, {"原因": f"看过：{mark}"})
        row.wait_for(state="detached")
    settled = settled_by_reason(hub)
    assert settled.items() >= {"看过：患者冲突": "readmitted", "看过：UID 冲突": "kept-apart"}.items()

    for uid, act in zip(in_doubt, ("确认此人", "不是此人"), strict=True):
        row = page.locator("tr", has=page.locator(f"a[href*='{uid}']"))
        row.get_by_role("button", name=act).press("Enter")
        decide(page, act, {"原因": "问过卫生院"})
        row.wait_for(state="detached")
    flagged = ask(hub, "admin", "GET", "/flagged-studies")["items"]
    assert not {each["study_instance_uid"] for each in flagged} & set(in_doubt)


def settled_by_reason(hub: WebHub) -> dict[str | None, Any]:
    """Return what was decided, by its reason."""
    kept = hub.rooms.shelf.items(at_site("admin"), AsideFilter(settled=True))
    return {each.settled_reason: each.settled_as and each.settled_as.value for each in kept}


def test_the_tiles_of_health_show_the_hubs_own_figures(hub: WebHub, sign_in: SignIn) -> None:
    rooms = hub.consultation
    rooms.ready(PatientID="T-1")
    rooms.clock.advance(hours=3)
    rooms.send(new_uid())
    page = sign_in("admin")
    page.goto(f"{hub.url}/admin")
    tiles = page.locator(".tile")
    expect(tiles).to_have_count(8)

    def shown(name: str) -> str:
        return tiles.filter(has_text=name).locator(".tile-figure").inner_text()

    def number(name: str) -> float:
        return float(re.sub(r"[^\d.]", "", shown(name)))

    figures = ask(hub, "admin", "GET", "/figures")
    free = min(figures["free_bytes"].values())
    assert any(number("磁盘剩余空间") * 1000**step == pytest.approx(free, rel=0.1) for step in range(5))
    assert tiles.filter(has_text="数据库").filter(has_text="SQLite").count() == 1
    assert shown("对象存储") == "正常应答"
    assert number("变更未处理") == max(figures["feed_lag"].values()) > 0
    waited = figures["oldest_waiting_seconds"]
    assert waited >= 3 * 3600
    assert number("等待最久的病例") == (waited // 86400 or waited // 3600)
    assert sum(figures["cases_waiting"].values()) > 0
    tiles.filter(has_text=f"等待 {sum(figures['cases_waiting'].values())} ").wait_for()
    rooms.take_in()
