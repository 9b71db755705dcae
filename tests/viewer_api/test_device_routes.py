"""Strangers over HTTP: listed for administrators, and adopted by one call."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest

from registry.certificate import Certificate
from registry.unknown_devices import Attempts
from tests.fixtures.app_client import AppClient
from tests.fixtures.consultation import XINGLONG
from tests.viewer_api.conftest import Edge

FINGERPRINT = "ab" * 32


@pytest.fixture
def admin(edge: Edge) -> AppClient:
    """An administrator of all sites, where two strangers called; one showed a certificate."""
    now = edge.rooms.clock.now()
    shown = Certificate(fingerprint=FINGERPRINT, subject="CN=NEW_ECG", not_after=now + timedelta(days=99))
    edge.rooms.unknown_devices.record(
        Attempts(
            calling_ae_title=title,
            called_ae_title="HUB",
            address="10.20.3.7",
            refusal="calling AE title not recognized",
            proposed="Ultrasound Image (JPEG Baseline (Process 1))",
            certificate=certificate,
            count=2,
            first_seen_at=now,
            last_seen_at=now,
        )
        for title, certificate in (("NEW_US", None), ("NEW_ECG", shown), ("US\r\n", None))
    )
    return edge.client("admin")


def listed(admin: AppClient) -> dict[str, dict[str, Any]]:
    answer = admin.get("/api/v1/devices/unknown")
    assert answer.status_code == HTTPStatus.OK, answer.text
    return {item["calling_ae_title"]: item for item in answer.json()["items"]}


def test_strangers_are_listed_and_adopted(edge: Edge, admin: AppClient) -> None:
    strangers = listed(admin)
    assert set(strangers) == {"NEW_US", "NEW_ECG", "US\\r\\n"}
    assert strangers["NEW_US"]["attempts"] == 2
    assert strangers["NEW_US"]["certificate"] is None
    assert strangers["NEW_ECG"]["certificate"]["fingerprint"] == FINGERPRINT
    for title, network in (("NEW_US", "10.20.3.7/32"), ("NEW_ECG", "")):
        address = f"/api/v1/devices/unknown/{strangers[title]['unknown_device_id']}/adopt"
        answer = admin.post(address, json={"site_id": XINGLONG, "name": "彩超"})
        assert answer.status_code == HTTPStatus.CREATED, answer.text
        adopted = answer.json()
        assert (adopted["calling_ae_title"], adopted["network"], adopted["name"]) == (title, network, "彩超")
        assert admin.post(address, json={"site_id": XINGLONG}).status_code == HTTPStatus.NOT_FOUND
    assert set(listed(admin)) == {"US\\r\\n"}
    (device,) = edge.rooms.directory.devices("NEW_ECG")
    assert device.fingerprints == {FINGERPRINT}


@pytest.mark.parametrize(
    ("title", "body", "status"),
    [
        ("NEW_US", {"site_id": "nowhere"}, HTTPStatus.NOT_FOUND),
        ("NEW_US", {"site_id": XINGLONG, "network": "10.20.3.7/8"}, HTTPStatus.BAD_REQUEST),
        ("NEW_US", {"site_id": XINGLONG, "name": "x" * 201}, HTTPStatus.BAD_REQUEST),
        ("NEW_US", {"site_id": XINGLONG, "certificate": "x"}, HTTPStatus.BAD_REQUEST),
        ("NEW_US", {}, HTTPStatus.BAD_REQUEST),
        ("US\\r\\n", {"site_id": XINGLONG}, HTTPStatus.BAD_REQUEST),
        ("NEW_US", {"site_id": XINGLONG, "network": "10.20.0.0/16"}, HTTPStatus.CONFLICT),
    ],
)
def test_what_cannot_be_adopted_says_why_and_stays(
    edge: Edge, admin: AppClient, title: str, body: dict[str, str], status: HTTPStatus
) -> None:
    if status is HTTPStatus.CONFLICT:
        edge.rooms.directory.add_device(
            site_id=XINGLONG,
            name="there already",
            calling_ae_title="NEW_US",
            called_ae_title="HUB",
            network="10.20.9.0/24",
        )
    key = listed(admin)[title]["unknown_device_id"]
    answer = admin.post(f"/api/v1/devices/unknown/{key}/adopt", json=body)
    assert answer.status_code == status, answer.text
    assert title in listed(admin)
