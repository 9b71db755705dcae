"""Pages without script: logging in by a form alone on the way to a report, and the cookies of that."""

import ipaddress
from html.parser import HTMLParser
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from core.access import Grant, Role
from tests.fixtures.app_client import AppClient
from tests.fixtures.consultation import XINGLONG
from tests.fixtures.reading_over_http import IMPRESSION, PASSWORD, Reading
from tests.viewer_api.conftest import LOOPBACK
from viewer_api.app import create_app
from viewer_api.rooms import HttpSettings

ADDRESS = "http://127.0.0.1"
OWN = {"Origin": ADDRESS}
REPORT = "/r/" + "0" * 26
"""The page of a report that nobody has: its login is that of any other."""


class Page(HTMLParser):
    """A page as a browser understands it: text, hidden fields, and every element and attribute."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.hidden: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        values = {name: value or "" for name, value in attrs}
        self.elements.add(tag)
        self.attributes |= values.keys()
        if tag == "a":
            self.links.append(values["href"])
        if values.get("type") == "hidden":
            self.hidden[values["name"]] = values["value"]

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if data.strip():
            self.texts.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        """Everything there is to read."""
        return " ".join(self.texts)


def _browser(reading: Reading, **settings: Any) -> AppClient:
    app = create_app(reading.edge.rooms, HttpSettings(**settings)) if settings else reading.edge.app
    return AppClient(app, ADDRESS, follow_redirects=False, client=LOOPBACK)


def _log_in(browser: AppClient, username: str, password: str = PASSWORD, page: str = REPORT) -> Any:
    """Fill in the form that the browser was given, and send it."""
    form = Page(browser.get(page).text).hidden
    fields = form | {"username": username, "password": password}
    return browser.post(page, data=fields, headers=OWN)


def test_who_is_not_logged_in_sees_the_login_and_then_the_report(reading: Reading) -> None:
    page = f"/r/{reading.signed()['report_id']}"
    browser = _browser(reading)
    asked = Page(browser.get(page).text)
    assert "登录 Log in" in asked.text
    assert IMPRESSION not in asked.text
    assert asked.links == []
    answer = _log_in(browser, "colleague", page=page)
    assert (answer.status_code, answer.headers["Location"]) == (HTTPStatus.SEE_OTHER, page)
    assert IMPRESSION in Page(browser.get(page).text).text
    reading.rooms.clock.advance(minutes=31)
    assert "登录 Log in" in Page(browser.get(page).text).text, "a session that is over leads to the login"
    late = browser.post(f"{page}/confirm", data={"token": "", "name": "x"}, headers=OWN)
    assert (late.status_code, late.headers["Location"]) == (HTTPStatus.SEE_OTHER, page)
    assert IMPRESSION not in reading.as_("clinic").get(page).text, "a bearer token opens no page"


def test_every_page_runs_no_script_and_is_kept_nowhere(reading: Reading) -> None:
    browser = _browser(reading)
    for visit in ("the login", "a report that is not there"):
        answer = browser.get(REPORT)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'")
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        page = Page(answer.text)
        assert not page.elements & {"script", "iframe", "object", "svg", "style"}, visit
        assert not {name for name in page.attributes if name.startswith("on")} | page.attributes & {"style"}
        _log_in(browser, "colleague")


def test_the_style_sheet_is_found_and_has_no_fixed_widths(reading: Reading) -> None:
    browser = _browser(reading)
    html = browser.get(REPORT).text
    path = html.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    sheet = browser.get(path)
    assert sheet.status_code == HTTPStatus.OK
    assert sheet.headers["Content-Type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in sheet.text
    assert "url(" not in sheet.text
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in html
    assert browser.get("/static/../page.py").status_code == HTTPStatus.NOT_FOUND
    assert browser.get("/static/%2e%2e/page.py").status_code == HTTPStatus.NOT_FOUND


def test_a_session_lives_in_cookies_that_no_script_and_no_other_site_can_use(reading: Reading) -> None:
    browser = _browser(reading)
    cookies = _log_in(browser, "colleague").headers.get_list("Set-Cookie")
    given = {cookie.partition("=")[0]: cookie for cookie in cookies}
    assert set(given) == {"hub_session", "hub_csrf", "hub_login"}
    for name in ("hub_session", "hub_csrf"):
        assert "HttpOnly" in given[name]
        assert "SameSite=strict" in given[name]
        assert "Path=/" in given[name]
        assert "Secure" not in given[name]
    assert "Max-Age=0" in given["hub_login"]


def test_behind_https_every_cookie_is_secure(reading: Reading) -> None:
    browser = _browser(
        reading,
        public_url="https://hub.example",
        trusted_proxies=(ipaddress.ip_network("127.0.0.1/32"),),
    )
    browser.headers["X-Forwarded-Proto"] = "https"
    form = browser.get(REPORT)
    assert all("Secure" in cookie for cookie in form.headers.get_list("Set-Cookie"))
    # A secure cookie goes back over HTTPS only, which ends at the proxy.
    browser.cookies.set("hub_login", form.cookies["hub_login"])
    fields = Page(form.text).hidden | {"username": "colleague", "password": PASSWORD}
    answer = browser.post(REPORT, data=fields, headers={"Origin": "https://hub.example"})
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert all("Secure" in cookie for cookie in answer.headers.get_list("Set-Cookie")[:2])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": ADDRESS}, HTTPStatus.SEE_OTHER),
        ({"Origin": ADDRESS + ":80"}, HTTPStatus.SEE_OTHER),
        ({"Referer": ADDRESS + REPORT}, HTTPStatus.SEE_OTHER),
        ({}, HTTPStatus.FORBIDDEN),
        ({"Origin": "null"}, HTTPStatus.FORBIDDEN),
        ({"Origin": "https://127.0.0.1"}, HTTPStatus.FORBIDDEN),
        ({"Origin": ADDRESS + ":8080"}, HTTPStatus.FORBIDDEN),
        ({"Origin": "http://evil.example"}, HTTPStatus.FORBIDDEN),
        ({"Origin": "http://evil.example", "Referer": ADDRESS + "/"}, HTTPStatus.FORBIDDEN),
        ({"Referer": "http://evil.example/?" + ADDRESS}, HTTPStatus.FORBIDDEN),
        ({"Origin": "http://[::1"}, HTTPStatus.FORBIDDEN),
        ({"Origin": "http://127.0.0.1:99999"}, HTTPStatus.FORBIDDEN),
    ],
)
def test_only_a_form_from_a_page_of_ours_logs_in(
    reading: Reading, headers: dict[str, str], status: HTTPStatus
) -> None:
    browser = _browser(reading)
    fields = Page(browser.get(REPORT).text).hidden | {"username": "colleague", "password": PASSWORD}
    answer = browser.post(REPORT, data=fields, headers=headers)
    assert answer.status_code == status
    assert ("hub_session" in browser.cookies) is (status is HTTPStatus.SEE_OTHER)


def test_a_login_form_that_another_browser_was_given_logs_nobody_in(reading: Reading) -> None:
    foreign = Page(_browser(reading).get(REPORT).text).hidden
    victim = _browser(reading)
    for fields in (foreign, {}, {"token": ""}):
        victim.get(REPORT)
        answer = victim.post(
            REPORT, data=fields | {"username": "colleague", "password": PASSWORD}, headers=OWN
        )
        assert answer.status_code == HTTPStatus.FORBIDDEN
        assert "hub_session" not in victim.cookies


def test_a_wrong_password_is_told_in_the_form_and_five_are_enough(reading: Reading) -> None:
    browser = _browser(reading)
    for username in ("colleague", "unknown", "x\0y", "<b>"):
        answer = _log_in(browser, username, "wrong")
        assert answer.status_code == HTTPStatus.FORBIDDEN
        assert "用户名或密码不正确。" in Page(answer.text).text
    for _ in range(4):
        _log_in(browser, "colleague", "wrong")
    answer = _log_in(browser, "colleague")
    assert answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert "尝试次数过多" in answer.text
    reading.rooms.clock.advance(minutes=16)
    assert _log_in(browser, "colleague").status_code == HTTPStatus.SEE_OTHER


def test_a_password_for_one_use_has_to_be_replaced_first(reading: Reading) -> None:
    page = f"/r/{reading.signed()['report_id']}"
    accounts = reading.edge.rooms.accounts
    accounts.add("new", "新技师", [Grant(role=Role.TECHNICIAN, site_id=XINGLONG)])
    browser = _browser(reading)
    _log_in(browser, "new", accounts.reset_password("new"), page)
    answer = browser.get(page)
    assert (answer.status_code, answer.headers["Location"]) == (HTTPStatus.SEE_OTHER, "/account")


def test_a_catalogue_that_is_away_is_told_in_words_and_not_in_json(reading: Reading) -> None:
    browser = _browser(reading)
    _log_in(browser, "colleague")
    path = reading.rooms.database.engine.url.database
    assert path is not None
    reading.rooms.database.close()
    Path(path).rename(f"{path}.away")
    answer = browser.get(REPORT)
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "系统暂时不可用" in Page(answer.text).text
