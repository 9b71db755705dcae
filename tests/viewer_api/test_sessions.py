"""Logging in, the session's cookie and its CSRF token, passwords for one use, and bearer tokens."""

from ipaddress import ip_network

import pytest

from tests.fixtures.app_client import AppClient
from tests.viewer_api.conftest import LOOPBACK, PASSWORD, Edge
from viewer_api.app import create_app
from viewer_api.authentication import CSRF_HEADER, SESSION_COOKIE
from viewer_api.page_forms import CSRF_COOKIE
from viewer_api.rooms import HttpSettings


def log_in(client: AppClient, username: str, password: str = PASSWORD) -> str:
    """Log in and return the CSRF token."""
    answer = client.post("/api/v1/login", json={"username": username, "password": password})
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["csrf_token"]
    return token


def test_a_login_says_who_one_is_and_what_one_may(edge: Edge) -> None:
    answer = edge.client().post("/api/v1/login", json={"username": "reader", "password": PASSWORD})
    body = answer.json()
    assert len(body.pop("csrf_token")) > 40
    assert body == {
        "username": "reader",
        "display_name": "reader 医师",
        "must_change_password": False,
        "grants": [{"role": "reader", "site_id": None, "reading_group_id": "county-hospital"}],
    }


def test_the_cookie_is_out_of_scripts_and_other_sites_reach(edge: Edge) -> None:
    answer = edge.client().post("/api/v1/login", json={"username": "reader", "password": PASSWORD})
    session, forms, *_ = (cookie.split("; ") for cookie in answer.headers.get_list("set-cookie"))
    assert session[0].startswith(f"{SESSION_COOKIE}=")
    assert forms[0] == f"{CSRF_COOKIE}={answer.json()['csrf_token']}", "for the forms of pages without script"
    for _, *attributes in (session, forms):
        assert {attribute.lower() for attribute in attributes} == {"httponly", "path=/", "samesite=strict"}


def test_behind_https_the_cookie_stays_on_https(edge: Edge) -> None:
    app = create_app(edge.rooms, HttpSettings(trusted_proxies=(ip_network("10.0.0.1/32"),)))
    client = AppClient(app, client=("10.0.0.1", 50000))
    answer = client.post(
        "/api/v1/login",
        json={"username": "reader", "password": PASSWORD},
        headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"},
    )
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    ("username", "password"), [("reader", "not the password"), ("no such person", PASSWORD), ("reader", "")]
)
def test_what_was_wrong_about_a_login_is_not_told(edge: Edge, username: str, password: str) -> None:
    answer = edge.client().post("/api/v1/login", json={"username": username, "password": password})
    assert answer.status_code == 401
    assert answer.json()["detail"] == "The user name or the password is not right."
    assert "set-cookie" not in answer.headers


def test_a_session_reads_without_and_changes_only_with_its_token(edge: Edge) -> None:
    client = edge.client()
    token = log_in(client, "reader")
    assert client.get("/api/v1/me").json()["username"] == "reader"
    for header in ({}, {CSRF_HEADER: ""}, {CSRF_HEADER: "x" * len(token)}, {CSRF_HEADER: token[:-1]}):
        answer = client.post("/api/v1/logout", headers=header)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-permitted")
    assert client.post("/api/v1/logout", headers={CSRF_HEADER: token}).status_code == 204


def test_one_sessions_token_is_no_good_for_another(edge: Edge) -> None:
    one, other = edge.client(), edge.client()
    log_in(one, "reader")
    answer = one.post("/api/v1/logout", headers={CSRF_HEADER: log_in(other, "reader")})
    assert answer.status_code == 403


def test_after_logging_out_the_cookie_is_worthless(edge: Edge) -> None:
    client = edge.client()
    token = log_in(client, "reader")
    cookie = client.cookies[SESSION_COOKIE]
    client.post("/api/v1/logout", headers={CSRF_HEADER: token})
    assert SESSION_COOKIE not in client.cookies
    answer = edge.client().get("/api/v1/me", headers={"Cookie": f"{SESSION_COOKIE}={cookie}"})
    assert answer.status_code == 401


def test_a_session_ends_when_it_is_not_used(edge: Edge) -> None:
    client = edge.client()
    log_in(client, "reader")
    edge.consultation.clock.advance(minutes=31)
    assert client.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Bearer nothing", "Basic cmVhZGVyOng=", "Digest x"]
)
def test_a_wrong_authorization_is_not_made_up_for_by_a_cookie(edge: Edge, authorization: str) -> None:
    client = edge.client()
    log_in(client, "reader")
    answer = client.get("/api/v1/me", headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_bearer_token_needs_no_csrf_token(edge: Edge) -> None:
    assert edge.client("reader").post("/api/v1/logout").status_code == 204
    assert edge.client("reader").get("/api/v1/me").json()["username"] == "reader"


def test_a_disabled_token_is_refused_at_once(edge: Edge) -> None:
    (token_id,) = [
        token_id for token_id, username, *_ in edge.rooms.accounts.tokens() if username == "reader"
    ]
    edge.rooms.accounts.disable_token(token_id)
    assert edge.client("reader").get("/api/v1/me").status_code == 401


def test_a_password_for_one_use_opens_nothing_but_its_own_change(edge: Edge) -> None:
    password = edge.rooms.accounts.reset_password("reader")
    client = edge.client()
    csrf = {CSRF_HEADER: log_in(client, "reader", password)}
    assert client.get("/api/v1/me").json()["must_change_password"] is True
    for path in ("/dicom-web/studies", "/api/v1/worklist"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/password-change-required")
    change = {"old_password": password, "new_password": "a password of my own"}
    assert client.post("/api/v1/password", json=change, headers=csrf).status_code == 204
    assert client.get("/api/v1/me").status_code == 401
    log_in(client, "reader", "a password of my own")
    assert client.get("/dicom-web/studies").status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ("not the password", "a password of my own", 403),
        (PASSWORD, "short", 400),
        (PASSWORD, "x" * 201, 400),
        (PASSWORD, PASSWORD, 400),
    ],
)
def test_a_password_that_is_not_changed_stays(edge: Edge, old: str, new: str, status: int) -> None:
    client = edge.client()
    csrf = {CSRF_HEADER: log_in(client, "reader")}
    answer = client.post("/api/v1/password", json={"old_password": old, "new_password": new}, headers=csrf)
    assert answer.status_code == status
    assert client.get("/api/v1/me").status_code == 200
    log_in(edge.client(), "reader")


def test_after_five_failures_even_the_right_password_waits(edge: Edge) -> None:
    client = edge.client()
    wrong = {"username": "reader", "password": "not the password"}
    statuses = [client.post("/api/v1/login", json=wrong).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    answer = client.post("/api/v1/login", json={"username": "reader", "password": PASSWORD})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "900")
    log_in(client, "clinic")
    edge.consultation.clock.advance(minutes=16)
    log_in(client, "reader")


def test_failures_behind_the_proxy_count_for_the_client_not_for_the_proxy(edge: Edge) -> None:
    app = create_app(edge.rooms, HttpSettings(trusted_proxies=(ip_network("10.0.0.1/32"),)))
    client = AppClient(app, client=("10.0.0.1", 50000))
    wrong = {"username": "reader", "password": "not the password"}
    for _ in range(6):
        client.post("/api/v1/login", json=wrong, headers={"X-Forwarded-For": "203.0.113.9"})
    right = {"username": "reader", "password": PASSWORD}
    statuses = [
        client.post("/api/v1/login", json=right, headers={"X-Forwarded-For": address}).status_code
        for address in ("203.0.113.9", "203.0.113.10")
    ]
    assert statuses == [429, 200]


def test_a_forged_client_address_does_not_help_from_this_machine(edge: Edge) -> None:
    client = AppClient(edge.app, client=LOOPBACK)
    wrong = {"username": "reader", "password": "not the password"}
    statuses = [
        client.post(
            "/api/v1/login", json=wrong, headers={"X-Forwarded-For": f"203.0.113.{number}"}
        ).status_code
        for number in range(6)
    ]
    assert statuses[-1] == 429


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "reader"},
        {"username": "reader", "password": 7},
        {"username": ["reader"], "password": PASSWORD},
        {"username": "x" * 65, "password": PASSWORD},
        {"username": "x\0y", "password": PASSWORD},
        {"username": "reader", "password": "x" * 201},
        [],
        "reader",
    ],
)
def test_what_is_no_login_is_told_so(edge: Edge, body: object) -> None:
    answer = edge.client().post("/api/v1/login", json=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
