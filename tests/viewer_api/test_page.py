"""The plain page: logging in by forms alone, the list as a tired person reads it, and names as mere text."""

import ipaddress
from html.parser import HTMLParser
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.access import Grant, Role
from core.uids import new_uid
from tests.fixtures.consultation import QINGSHAN, XINGLONG, reader
from tests.fixtures.instances import DIGITAL_XRAY, TWELVE_LEAD_ECG
from tests.fixtures.reading_over_http import PASSWORD, Reading
from tests.viewer_api.conftest import LOOPBACK, PEOPLE
from tests.viewer_api.conftest import PASSWORD as EDGE_PASSWORD
from tests.viewer_api.stored import ECG, part10, sample, store
from viewer_api.app import create_app
from viewer_api.rooms import HttpSettings

ADDRESS = "http://127.0.0.1"
OWN = {"Origin": ADDRESS}
ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
NO_IMAGE = {
    "Modality": "ECG",
    "SOPClassUID": TWELVE_LEAD_ECG,
    "PixelData": None,
    "Rows": None,
    "Columns": None,
}


class Page(HTMLParser):
    """A page as a browser understands it: text, links, hidden fields, and every element and attribute."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.hidden: dict[str, str] = {}
        self.refresh = ""
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
        if values.get("http-equiv") == "refresh":
            self.refresh = values["content"]

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if data.strip():
            self.texts.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        """Everything there is to read."""
        return " ".join(self.texts)


def _browser(reading: Reading, **settings: Any) -> TestClient:
    app = create_app(reading.edge.rooms, HttpSettings(**settings)) if settings else reading.edge.app
    return TestClient(app, ADDRESS, follow_redirects=False, client=LOOPBACK)


def _log_in(browser: TestClient, username: str, password: str = PASSWORD, **headers: str) -> Any:
    """Fill in the form that the browser was given, and send it."""
    form = Page(browser.get("/plain").text).hidden
    return browser.post(
        "/login", data=form | {"username": username, "password": password}, headers=OWN | headers
    )


def _logged_in(reading: Reading, username: str) -> TestClient:
    browser = _browser(reading)
    answer = _log_in(browser, username, EDGE_PASSWORD if username in PEOPLE else PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (HTTPStatus.SEE_OTHER, "/plain"), answer.text
    return browser


def _page(browser: TestClient, path: str = "/plain") -> Page:
    answer = browser.get(path)
    assert answer.status_code == HTTPStatus.OK, answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return Page(answer.text)


def test_who_is_not_logged_in_sees_the_login_and_nothing_else(reading: Reading) -> None:
    reading.rooms.ready()
    for path in ("/plain", "/login", "/password"):
        page = _page(_browser(reading), path)
        assert "登录 Log in" in page.text
        assert "张三" not in page.text
        assert page.links == []


def test_every_page_runs_no_script_and_is_kept_nowhere(reading: Reading) -> None:
    browser = _logged_in(reading, "colleague")
    for visitor, path in ((_browser(reading), "/login"), (browser, "/plain"), (browser, "/password")):
        answer = visitor.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'")
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        page = Page(answer.text)
        assert not page.elements & {"script", "iframe", "object", "svg", "style"}
        assert not {name for name in page.attributes if name.startswith("on")} | page.attributes & {"style"}


def test_the_style_sheet_is_found_and_has_no_fixed_widths(reading: Reading) -> None:
    browser = _browser(reading)
    html = browser.get("/plain").text
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
    form = browser.get("/plain")
    assert all("Secure" in cookie for cookie in form.headers.get_list("Set-Cookie"))
    # A secure cookie goes back over HTTPS only, which ends at the proxy.
    browser.cookies.set("hub_login", form.cookies["hub_login"])
    fields = Page(form.text).hidden | {"username": "colleague", "password": PASSWORD}
    answer = browser.post("/login", data=fields, headers={"Origin": "https://hub.example"})
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert all("Secure" in cookie for cookie in answer.headers.get_list("Set-Cookie")[:2])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": ADDRESS}, HTTPStatus.SEE_OTHER),
        ({"Origin": ADDRESS + ":80"}, HTTPStatus.SEE_OTHER),
        ({"Referer": ADDRESS + "/login"}, HTTPStatus.SEE_OTHER),
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
    fields = Page(browser.get("/login").text).hidden | {"username": "colleague", "password": PASSWORD}
    answer = browser.post("/login", data=fields, headers=headers)
    assert answer.status_code == status
    assert ("hub_session" in browser.cookies) is (status is HTTPStatus.SEE_OTHER)


def test_a_login_form_that_another_browser_was_given_logs_nobody_in(reading: Reading) -> None:
    foreign = Page(_browser(reading).get("/login").text).hidden
    victim = _browser(reading)
    for fields in (foreign, {}, {"token": ""}):
        victim.get("/login")
        answer = victim.post(
            "/login", data=fields | {"username": "colleague", "password": PASSWORD}, headers=OWN
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


def test_logging_out_needs_the_form_and_ends_the_session(reading: Reading) -> None:
    browser = _logged_in(reading, "colleague")
    form = _page(browser).hidden
    session = browser.cookies["hub_session"]
    for fields, headers in (({}, OWN), ({"token": "x"}, OWN), (form, {"Origin": "http://evil.example"})):
        assert browser.post("/logout", data=fields, headers=headers).status_code == HTTPStatus.FORBIDDEN
    assert "阅片列表" in _page(browser).text
    answer = browser.post("/logout", data=form, headers=OWN)
    assert (answer.status_code, answer.headers["Location"]) == (HTTPStatus.SEE_OTHER, "/login")
    assert not {"hub_session", "hub_csrf"} & set(browser.cookies)
    browser.cookies.set("hub_session", session)
    assert "登录 Log in" in _page(browser).text


def test_a_session_that_is_over_leads_to_the_login(reading: Reading) -> None:
    browser = _logged_in(reading, "colleague")
    form = _page(browser).hidden
    reading.rooms.clock.advance(minutes=31)
    assert "登录 Log in" in _page(browser).text
    assert "登录 Log in" in Page(browser.post("/logout", data=form, headers=OWN).text).text


def test_a_password_for_one_use_has_to_be_replaced_first(reading: Reading) -> None:
    reading.rooms.ready()
    accounts = reading.edge.rooms.accounts
    accounts.add("new", "新技师", [Grant(role=Role.TECHNICIAN, site_id=XINGLONG)])
    once = accounts.reset_password("new")
    browser = _browser(reading)
    assert _log_in(browser, "new", once).status_code == HTTPStatus.SEE_OTHER
    page = _page(browser)
    assert "现用密码只能使用一次" in page.text
    assert "张三" not in page.text
    own = "a password of my own"
    typed = {"old_password": once, "new_password": own, "new_password_again": own}
    for wrong, words in (
        ({"new_password_again": "another one typed"}, "not typed the same twice"),
        ({"old_password": "wrong"}, "The present password is not right."),
        ({"new_password": "short", "new_password_again": "short"}, "10 to 200 characters"),
        ({"new_password": once, "new_password_again": once}, "must differ"),
    ):
        answer = browser.post("/password", data=page.hidden | typed | wrong, headers=OWN)
        assert answer.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN}
        assert words in Page(answer.text).text
    assert browser.post("/password", data=typed, headers=OWN).status_code == HTTPStatus.FORBIDDEN
    answer = browser.post("/password", data=page.hidden | typed, headers=OWN)
    assert (answer.status_code, answer.headers["Location"]) == (HTTPStatus.SEE_OTHER, "/plain")
    assert "张三" in _page(browser).text
    assert _log_in(_browser(reading), "new", once).status_code == HTTPStatus.FORBIDDEN
    assert _log_in(_browser(reading), "new", own).status_code == HTTPStatus.SEE_OTHER


def test_the_list_is_in_the_order_of_reading_with_time_state_patient_and_site(reading: Reading) -> None:
    rooms = reading.rooms
    rooms.claimed(reader("赵敏"), PatientName="Li^Si=李^四", Modality="DX", SOPClassUID=DIGITAL_XRAY)
    rooms.ready(site_id=QINGSHAN, PatientName="Wang^Wu=王^五")
    rooms.arrive(PatientName="Zhao^Liu", PatientBirthDate=None, PatientSex=None, StudyDate=None)
    rooms.clock.advance(minutes=20)
    rooms.arrive(Modality="DX", SOPClassUID=DIGITAL_XRAY)
    study = new_uid()
    asked = {"site_id": XINGLONG, "study_instance_uid": study, "urgency": "emergency"}
    reading.as_("clinic").post("/api/v1/requests", json=asked | {"clinical_question": "胸痛，ST段?"})
    rooms.arrive(study, PatientName="Chen^Jianguo=陈^建国", **NO_IMAGE)
    rooms.clock.advance(seconds=10)
    text = _page(_logged_in(reading, "colleague")).text
    expected = (
        # An emergency goes first, however little time the others have left.
        "急诊 EMERGENCY 17:07 剩 14 分钟 14 min left 待阅 ready 陈建国 (Chen Jianguo)",
        "心电图 ECG",
        "胸痛，ST段? 兴隆镇卫生院 心电图 ECG",
        "常规 Routine 17:01 剩 8 分钟 8 min left 待阅 ready 王五 (Wang Wu)",
        "青山社区卫生服务站 预览 Preview",
        "常规 Routine 17:02 剩 9 分钟 9 min left 接收中 arriving Zhao Liu ID 0001",
        "到达 arrived 16:32 · 1 幅 instances",
        "常规 Routine 17:30 剩 37 分钟 37 min left 赵敏医师 阅片中 being read 李四 (Li Si)",
        "数字X线摄影 DX",
        "常规 Routine 17:52",
    )
    positions = [text.find(words) for words in expected]
    assert -1 not in positions, [words for words in expected if words not in text] + [text]
    assert positions == sorted(positions)


@pytest.mark.parametrize(
    ("study_time", "seconds", "told"),
    [("163500", 300, None), ("163600", 360, "设备时钟快 6 分钟 device clock 6 min ahead"), ("", None, None)],
)
def test_a_clock_that_is_ahead_is_told_from_five_minutes_on(
    reading: Reading, study_time: str, seconds: int | None, told: str | None
) -> None:
    # It comes at 16:30 in Shanghai.
    case = reading.rooms.arrive(StudyTime=study_time)
    answer = reading.as_("reader").get(f"/api/v1/cases/{case.case_id}").json()
    assert answer["clock_skew_seconds"] == seconds
    text = _page(_logged_in(reading, "reader")).text
    assert told in text if told else "device clock" not in text


def test_a_technician_sees_what_is_asked_for_and_that_the_case_waits(reading: Reading) -> None:
    case = reading.claimed()
    wish = {"reason": "motion", "note": "<b>手抖</b>", "end_turn": True}
    turn = {"workitem_uid": case.workitem.workitem_uid}
    asked = reading.as_("reader").post(f"/api/v1/cases/{case.case_id}/retake", json=turn | wish)
    assert asked.is_success, asked.text
    page = _page(_logged_in(reading, "technician"))
    assert "请重做：运动伪影" in page.text
    assert "<b>手抖</b>" in page.text, "shown as the text that it is"
    assert "等待重做" in page.text


def test_what_is_late_says_by_how_much(reading: Reading) -> None:
    reading.rooms.ready()
    for minutes, words in (
        (29, "17:00 超时 1 分钟 1 min late"),  # a second late is late
        (100, "17:00 超时 101 分钟 101 min late"),
        (120, "17:00 超时 3 小时 3 h late"),
        (24 * 60, "2026-11-20 17:00 超时 27 小时 27 h late"),
        (48 * 60, "2026-11-20 17:00 超时 3 天 3 d late"),
    ):
        reading.rooms.clock.advance(minutes=minutes, seconds=1)
        assert words in _page(_logged_in(reading, "colleague")).text


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '"><svg onload=alert(1)>',
        "'><img src=x onerror=alert(1)>",
        "{{7*7}}${7*7}",
        "javascript:alert(1)",
        "</title></textarea><iframe>",
        "\u202egnp.exe",
    ],
)
def test_markup_in_names_and_descriptions_is_shown_as_text(reading: Reading, hostile: str) -> None:
    browser = _logged_in(reading, "colleague")
    before = _page(browser)
    reading.rooms.signed(
        reader(hostile),
        PatientName=hostile,
        PatientID=hostile,
        StudyDescription=hostile,
        AccessionNumber=hostile[:16],
    )
    case = reading.rooms.ready(PatientName=hostile, PatientID=hostile, StudyDescription=hostile)
    asked = {"site_id": XINGLONG, "study_instance_uid": case.study_instance_uid}
    reading.as_("clinic").post("/api/v1/requests", json=asked | {"clinical_question": hostile})
    modality = hostile[:16] if hostile.isascii() else "US"
    reading.rooms.claimed(reader(hostile), PatientName=hostile, Modality=modality)
    page = _page(browser)
    # Where there is an equals sign, a name is three component groups, and shown as such.
    # What turns the order of reading is shown as a mark in what a device sent.
    shown = sum(page.text.count(text) for text in {hostile, hostile.replace("\u202e", "\ufffd")})
    assert shown >= (6 if "=" in hostile else 9)
    assert page.elements <= before.elements | {"strong", "bdi"}
    assert page.attributes <= before.attributes
    assert all(link.startswith(("/dicom-web/sites/", "/api/v1/reports/", "/")) for link in page.links)
    assert "49" not in page.text.replace(hostile, "").replace("2.25", "")


def test_the_preview_and_the_report_open_in_the_same_browser(reading: Reading) -> None:
    reading.published()
    reading.rooms.ready()
    browser = _logged_in(reading, "clinic")
    page = _page(browser)
    previews = [link for link in page.links if link.endswith("/rendered")]
    assert len(set(previews)) == 2, "one of the open case, one of the reported study"
    for preview in previews:
        image = browser.get(preview, headers={"Accept": "text/html,image/avif,image/webp,*/*;q=0.8"})
        assert image.headers["Content-Type"] == "image/webp"
        assert image.content.startswith(b"RIFF")
    [pdf] = [link for link in page.links if link.endswith("/pdf")]
    assert "未接收 not yet received" in page.text
    assert browser.get(pdf).content.startswith(b"%PDF-")
    assert browser.get(pdf.removesuffix("/pdf")).json()["receipts"][0]["username"] == "clinic"
    assert "已接收 received" in _page(browser).text


def test_an_image_for_processing_is_marked_and_gives_way_to_one_that_is_not(reading: Reading) -> None:
    rooms = reading.rooms
    raw, meant = "1.2.840.10008.5.1.4.1.1.1.1.1", "1.2.840.10008.5.1.4.1.1.1.1"
    study = new_uid()
    rooms.arrive(study, SOPClassUID=raw, SOPInstanceUID="1.2.3.1")
    rooms.ready()
    browser = _logged_in(reading, "reader")
    page = _page(browser)
    assert "未经处理 For processing" in page.text
    rooms.arrive(study, SOPClassUID=meant, SOPInstanceUID="1.2.3.2")
    page = _page(browser)
    assert "For processing" not in page.text
    assert any("/instances/1.2.3.2/rendered" in link for link in page.links)


def test_a_study_without_image_links_to_itself_and_the_hubs_reports_are_no_image(reading: Reading) -> None:
    rooms, document = reading.rooms, NO_IMAGE | {"SOPClassUID": ENCAPSULATED_PDF, "Modality": "DOC"}
    rooms.signed(reader(), **document)
    study = rooms.case(rooms.inbox.reports(reader())[0].study_instance_uid).study_instance_uid
    rooms.publisher.run()
    rooms.arrive(study, **document)
    browser = _logged_in(reading, "colleague")
    page = _page(browser)
    assert [link for link in page.links if "/rendered" in link] == []
    link = f"/dicom-web/sites/{XINGLONG}/studies/{study}"
    assert [each for each in page.links if each.startswith("/dicom-web")] == [link, link]
    assert browser.get(link).status_code == HTTPStatus.OK
    # Late images reopened the case: its earlier report stands beside it.
    assert page.text.index("正式报告 FINAL PDF JSON") < page.text.index("报告 Reports")


def test_an_electrocardiogram_opens_as_its_sheet(reading: Reading) -> None:
    rooms = reading.rooms
    store(rooms.archive, rooms.clock, part10(sample(ECG)))
    rooms.take_in()
    browser = _logged_in(reading, "colleague")
    [link] = [each for each in _page(browser).links if "ecg.svg" in each]
    sheet = browser.get(link, headers={"Accept": "text/html,image/avif,image/webp,*/*;q=0.8"})
    assert (sheet.status_code, sheet.headers["Content-Type"]) == (HTTPStatus.OK, "image/svg+xml")


def test_a_report_that_is_being_printed_says_so_and_a_preliminary_one_has_no_pdf(reading: Reading) -> None:
    reading.signed()
    reading.signed(status="preliminary")
    page = _page(_logged_in(reading, "clinic"))
    reports = page.text[page.text.index("报告 Reports") :]
    assert "PDF 生成中 being printed JSON" in reports
    assert reports.index("初步报告 PRELIMINARY") < reports.index("正式报告 FINAL")
    assert [link for link in page.links if link.endswith("/pdf")] == []


@pytest.mark.parametrize(
    ("username", "sees"), [("clinic", "张三"), ("admin", "张三"), ("foreign-clinic", ""), ("auditor", "")]
)
def test_a_page_shows_what_its_reader_may_see(reading: Reading, username: str, sees: str) -> None:
    reading.published()
    reading.rooms.ready()
    text = _page(_logged_in(reading, username)).text
    assert ("张三" in text) is bool(sees)
    assert ("没有待报告的检查。" in text) is not bool(sees)


def test_more_cases_than_fit_are_counted_as_more(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer_api.page_content.CASES_SHOWN", 2)
    for _ in range(2):
        reading.rooms.arrive()
    browser = _logged_in(reading, "colleague")
    assert "待报告 To be reported (2)" in _page(browser).text
    reading.rooms.arrive()
    page = _page(browser)
    assert "待报告 To be reported (2+)" in page.text
    assert len([link for link in page.links if link.endswith("/rendered")]) == 2


def test_what_cannot_wait_is_told_to_who_administers_the_site_and_to_nobody_else(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, waiting = "隔离区将满 quarantine nearly full", "隔离区久未处理 quarantine waits for a decision"
    for username, site_id in (("li", XINGLONG), ("foreign-admin", QINGSHAN)):
        reading.person(username, Grant(role=Role.ADMIN, site_id=site_id))
    kept = reading.rooms.send("1.2.840.9", PatientID="P-1")
    reading.rooms.send("1.2.840.9", SOPInstanceUID=kept.sop_instance_uid, PatientID="P-2")
    assert "隔离区" not in _page(_logged_in(reading, "li")).text
    reading.rooms.clock.advance(days=1, seconds=1)
    monkeypatch.setattr("storage.shelf.NEARLY_FULL", 0.0)
    page = _page(_logged_in(reading, "li"))
    assert f"{full} 兴隆镇卫生院 : 0% of the room for what is kept aside is taken." in page.text
    assert f"{waiting} 兴隆镇卫生院 : 1 kept aside wait for a decision, the oldest since" in page.text
    assert page.links.count("/api/v1/kept-aside") == 2
    assert "P-2" not in page.text
    for username in ("foreign-admin", "clinic", "reader"):
        assert "隔离区" not in _page(_logged_in(reading, username)).text


def test_an_unattended_page_refreshes_itself_for_half_an_hour_and_then_says_that_it_stopped(
    reading: Reading,
) -> None:
    browser = _logged_in(reading, "colleague")
    page, refreshes = _page(browser), 0
    while page.refresh:
        seconds, _, path = page.refresh.partition(";url=")
        assert seconds == "60"
        assert "已停止自动更新" not in page.text
        page, refreshes = _page(browser, path), refreshes + 1
    assert refreshes == 29
    assert "已停止自动更新 no longer refreshed" in page.text
    assert _page(browser).refresh
    for query in ("?unattended=30", "?unattended=-1", "?unattended=x"):
        answer = browser.get(f"/plain{query}")
        assert answer.status_code == HTTPStatus.BAD_REQUEST
        assert "返回列表 Back to the list" in Page(answer.text).text


def test_a_catalogue_that_is_away_is_told_in_words_and_not_in_json(reading: Reading) -> None:
    browser = _logged_in(reading, "colleague")
    path = reading.rooms.database.engine.url.database
    assert path is not None
    reading.rooms.database.close()
    Path(path).rename(f"{path}.away")
    answer = browser.get("/plain")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "系统暂时不可用" in Page(answer.text).text


def test_a_bearer_token_opens_no_page(reading: Reading) -> None:
    reading.rooms.ready()
    assert "张三" not in reading.as_("clinic").get("/plain").text
