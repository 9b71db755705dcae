"""The register over HTTP: what administrators add, change and take back, and what stays secret."""

from http import HTTPStatus
from typing import Any

import pytest
import trustme

from core.access import EVERY_SITE, Scope
from database.audit import AuditFilter, audit_within
from tests.fixtures.app_client import AppClient
from tests.fixtures.consultation import GROUP, QINGSHAN, SITES, XINGLONG
from tests.viewer_api.conftest import Edge


@pytest.fixture
def admin(edge: Edge) -> AppClient:
    """An administrator of all sites."""
    return edge.client("admin")


def posted(client: AppClient, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = client.post(f"/api/v1/{path}", json=body)
    assert answer.is_success, answer.text
    return dict(answer.json())


def listed(client: AppClient, noun: str, key: str) -> dict[str, dict[str, Any]]:
    return {item[key]: item for item in client.get(f"/api/v1/{noun}").json()["items"]}


def test_a_new_person_logs_in_with_the_password_that_is_shown_once(edge: Edge, admin: AppClient) -> None:
    grant = {"role": "technician", "site_id": XINGLONG}
    made = posted(admin, "users", {"username": "wang", "display_name": "王医生", "grants": [grant]})
    login = {"username": "wang", "password": made["password"]}
    session = edge.client().post("/api/v1/login", json=login)
    assert session.json()["must_change_password"] is True
    everybody = admin.get("/api/v1/users").text
    assert "王医生" in everybody
    assert made["password"] not in everybody
    assert "hash" not in everybody
    again = posted(admin, f"users/{made['user']['user_id']}/reset")["password"]
    assert edge.client().post("/api/v1/login", json=login).status_code == HTTPStatus.UNAUTHORIZED
    assert edge.client().post("/api/v1/login", json=login | {"password": again}).is_success
    posted(admin, f"users/{made['user']['user_id']}/disable")
    assert listed(admin, "users", "username")["wang"]["is_disabled"] is True
    assert posted(admin, f"users/{made['user']['user_id']}/enable")["is_disabled"] is False
    assert edge.client().post("/api/v1/login", json=login | {"password": again}).is_success


def test_a_token_works_until_it_is_refused_and_is_shown_once(edge: Edge, admin: AppClient) -> None:
    clinic = listed(admin, "users", "username")["clinic"]["user_id"]
    secret = posted(admin, f"users/{clinic}/tokens", {"name": "county RIS"})["token"]
    program = edge.client()
    program.headers["Authorization"] = f"Bearer {secret}"
    assert program.get("/api/v1/me").json()["username"] == "clinic"
    tokens = admin.get("/api/v1/tokens")
    assert secret not in tokens.text
    (made,) = [each for each in tokens.json()["items"] if each["name"] == "county RIS"]
    assert posted(admin, f"tokens/{made['token_id']}/disable")["is_disabled"] is True
    assert program.get("/api/v1/me").status_code == HTTPStatus.UNAUTHORIZED
    assert posted(admin, f"tokens/{made['token_id']}/enable")["is_disabled"] is False
    assert program.get("/api/v1/me").is_success


def test_a_role_that_is_taken_back_is_refused_at_once_but_never_ones_own(
    edge: Edge, admin: AppClient
) -> None:
    users = listed(admin, "users", "username")
    clinic, own = users["clinic"]["user_id"], users["admin"]["user_id"]
    assert edge.client("clinic").get("/api/v1/worklist").is_success
    left = posted(admin, f"users/{clinic}/grants/revoke", {"role": "clinic", "site_id": XINGLONG})
    assert left["grants"] == []
    assert edge.client("clinic").get("/api/v1/worklist").status_code == HTTPStatus.FORBIDDEN
    again = admin.post(f"/api/v1/users/{clinic}/grants/revoke", json={"role": "clinic", "site_id": XINGLONG})
    assert again.status_code == HTTPStatus.NOT_FOUND
    for path, body in (("grants/revoke", {"role": "admin"}), ("disable", None)):
        answer = admin.post(f"/api/v1/users/{own}/{path}", json=body)
        assert answer.status_code == HTTPStatus.BAD_REQUEST, path
    assert edge.rooms.accounts.account("admin").grants


def test_a_route_decides_what_a_group_reads(edge: Edge, admin: AppClient) -> None:
    whole = {"site_id": XINGLONG}
    group = posted(admin, f"reading-groups/{GROUP}/routes/remove", whole)
    assert XINGLONG not in [route["site_id"] for route in group["routes"]]
    assert XINGLONG not in {route.site_id for route in edge.rooms.directory.routes()}
    group = posted(admin, f"reading-groups/{GROUP}/routes", whole | {"modality": "ecg"})
    assert {"site_id": XINGLONG, "modality": "ECG"} in group["routes"]
    gone = admin.post(f"/api/v1/reading-groups/{GROUP}/routes/remove", json=whole)
    assert gone.status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": "兴隆镇中心卫生院", "quiet_seconds": 30}, HTTPStatus.OK),
        ({"time_zone": "Asia/Urumqi"}, HTTPStatus.OK),
        ({"time_zone": "Asia"}, HTTPStatus.BAD_REQUEST),
        ({"quiet_seconds": 3601}, HTTPStatus.BAD_REQUEST),
        ({"name": " "}, HTTPStatus.BAD_REQUEST),
        ({"site_id": "other"}, HTTPStatus.BAD_REQUEST),
    ],
)
def test_settings_of_a_site_change_or_stay(
    admin: AppClient, change: dict[str, Any], status: HTTPStatus
) -> None:
    before = listed(admin, "sites", "site_id")[XINGLONG]
    answer = admin.patch(f"/api/v1/sites/{XINGLONG}", json=change)
    assert answer.status_code == status, answer.text
    after = listed(admin, "sites", "site_id")[XINGLONG]
    assert after == before | (change if answer.is_success else {})


def test_every_change_of_the_register_names_who_made_it(edge: Edge, admin: AppClient) -> None:
    made = edge.rooms.clock.now()
    posted(admin, "sites", {"site_id": "qinghe", "name": "清河"})
    admin.patch("/api/v1/sites/qinghe", json={"quiet_seconds": 30, "name": "清河"})
    posted(admin, "reading-groups", {"reading_group_id": "us", "name": "超声"})
    posted(admin, "reading-groups/us/routes", {"site_id": "qinghe"})
    posted(admin, "reading-groups/us/routes/remove", {"site_id": "qinghe"})
    named = {"calling_ae_title": "QH_US", "called_ae_title": "HUB", "network": "10.7.0.0/24"}
    device = posted(admin, "devices", {"site_id": "qinghe", **named})
    assert posted(admin, f"devices/{device['device_id']}/disable")["is_disabled"] is True
    assert posted(admin, "sites/qinghe/disable")["disabled_at"]
    assert posted(admin, f"devices/{device['device_id']}/enable")["is_disabled"] is True
    assert posted(admin, "sites/qinghe/enable")["disabled_at"] is None
    assert posted(admin, f"devices/{device['device_id']}/enable")["is_disabled"] is False
    assert posted(admin, "reading-groups/us/disable")["disabled_at"]
    assert posted(admin, "reading-groups/us/enable")["disabled_at"] is None
    with edge.rooms.database.read(within=EVERY_SITE) as connection:
        found = audit_within(
            connection, AuditFilter(actor="admin", since=made), Scope(everything=True), limit=100
        )
        actions = [record.action for _, record in found]
    assert actions == [
        "site added",
        "site changed: quiet_seconds",
        "reading group added",
        "route added: every modality",
        "route removed: every modality",
        "device added",
        "device disabled",
        "site disabled",
        "device enabled",
        "site enabled",
        "reading group disabled",
        "reading group enabled",
    ]


def test_everybody_learns_the_names_of_the_sites_they_see_and_no_others(edge: Edge) -> None:
    edge.rooms.directory.disable_site(QINGSHAN)
    named = {
        who: {
            site["site_id"]: site["name"]
            for site in edge.client(who).get("/api/v1/site-names").json()["items"]
        }
        for who in ("technician", "clinic", "reader", "admin")
    }
    assert named["technician"] == named["clinic"] == {XINGLONG: SITES[XINGLONG]}
    assert named["reader"][XINGLONG] == SITES[XINGLONG]
    assert named["admin"] == SITES
    everywhere = edge.client("admin").get("/api/v1/site-names").json()["items"]
    assert [site["site_id"] for site in everywhere if not site["is_in_use"]] == [QINGSHAN]


def test_a_device_is_given_a_certificate_and_refused_without(edge: Edge, admin: AppClient) -> None:
    named = {"calling_ae_title": "XL_US", "called_ae_title": "HUB", "network": "10.7.0.0/24"}
    device = posted(admin, "devices", {"site_id": XINGLONG, **named})
    assert (device["certificates"], device["needs_certificate"]) == ([], False)
    path = f"devices/{device['device_id']}/certificates"
    pem = trustme.CA().issue_cert(common_name="XL_US").cert_chain_pems[0].bytes().decode()
    [bound] = posted(admin, path, {"pem": pem})["certificates"]
    assert (bound["subject"].endswith("CN=XL_US"), len(bound["fingerprint"])) == (True, 64)
    refused = admin.post(f"/api/v1/{path}", json={"pem": "-----BEGIN CERTIFICATE-----"})
    assert refused.status_code == HTTPStatus.BAD_REQUEST
    assert admin.post(f"/api/v1/{path}", json={"pem": pem}).status_code == HTTPStatus.CONFLICT
    device = posted(admin, f"{path}/{bound['fingerprint']}/withdraw")
    assert (device["certificates"], device["needs_certificate"]) == ([], True)
    gone = admin.post(f"/api/v1/{path}/{bound['fingerprint']}/withdraw")
    assert gone.status_code == HTTPStatus.NOT_FOUND


def test_figures_tell_how_the_hub_fares_and_nothing_of_anybody(edge: Edge, admin: AppClient) -> None:
    edge.consultation.arrive(PatientName="Canary^Zhang")
    edge.consultation.clock.advance(seconds=90)
    answer = admin.get("/api/v1/figures")
    told = answer.json()
    assert told["oldest_waiting_seconds"] >= 90
    assert sum(told["cases_waiting"].values()) == 1
    assert (told["object_store"], told["object_store_answers"]) == ("files", True)
    assert min(told["free_bytes"].values()) > 0
    assert "Canary" not in answer.text
    edge.rooms.archive.blobs.root.rename(edge.rooms.archive.blobs.root.with_name("away"))  # type: ignore[attr-defined] # a directory here
    assert admin.get("/api/v1/figures").json()["object_store_answers"] is False
