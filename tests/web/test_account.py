"""Logging in, one's own password and sessions, and the language: at the browser."""

from typing import TYPE_CHECKING

import pytest

from core.access import Grant, Role
from tests.fixtures.consultation import XINGLONG
from tests.web.conftest import WebHub
from tests.web.reading_page import HOSTILE, SignIn

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.tool("chromium")

OWN = "a password of my own"


def test_a_password_for_one_use_is_replaced_and_other_browsers_are_logged_out(
    hub: WebHub, page: "Page"
) -> None:
    accounts = hub.rooms.accounts
    accounts.add("new", HOSTILE[0], [Grant(role=Role.TECHNICIAN, site_id=XINGLONG)])
    once = accounts.reset_password("new")
    page.goto(f"{hub.url}/send")
    user, password = page.locator("input[name=username]"), page.locator("input[name=password]")
    user.fill("new")
    password.fill("wrong")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    password.fill(once)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    page.get_by_label("现在的密码").fill(once)
    page.get_by_label("新密码（至少").fill(OWN)
    page.get_by_label("再输一遍新密码").fill(OWN + "?")
    page.keyboard.press("Enter")
    page.get_by_text("两次输入的新密码不一致。").wait_for()
    page.get_by_label("再输一遍新密码").fill(OWN)
    page.keyboard.press("Enter")
    page.locator("main.login").wait_for()
    page.keyboard.type(OWN)
    page.keyboard.press("Enter")
    page.get_by_role("cell", name="本浏览器").wait_for()
    assert page.locator("header.frame").get_by_text(HOSTILE[0]).count() == 1, "a name is text"
    session = hub.rooms.authentication.log_in("new", OWN, address="192.0.2.7")
    hub.rooms.authentication.log_in("new", OWN, address="192.0.2.8")
    page.reload()
    page.get_by_role("row", name="192.0.2.8").get_by_role("button", name="退出此处").click()
    page.get_by_role("cell", name="192.0.2.8").wait_for(state="detached")
    page.get_by_role("cell", name="192.0.2.7").wait_for()
    page.get_by_role("button", name="退出其他浏览器").click()
    page.get_by_role("cell", name="192.0.2.7").wait_for(state="detached")
    answer = hub.client.get("/api/v1/me", headers={"Cookie": f"hub_session={session.secret}"})
    assert answer.status_code == 401


def test_the_language_is_switched_at_once_and_kept(hub: WebHub, sign_in: SignIn) -> None:
    page = sign_in("reader")
    page.goto(f"{hub.url}/read")
    page.get_by_role("button", name="取下一例").wait_for()
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Take the next case").wait_for()
    assert page.locator("html").get_attribute("lang") == "en"
    page.reload()
    page.get_by_role("button", name="Take the next case").wait_for()
    page.get_by_role("button", name="中文").click()
    page.get_by_role("button", name="取下一例").wait_for()
