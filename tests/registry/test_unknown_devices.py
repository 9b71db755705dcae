"""Callers that nobody registered: a bounded list, and how one of them becomes a device."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.access import Scope
from core.errors import AlreadyRegistered, InvalidRequest, NotFound, NotPermitted
from core.limits import UNKNOWN_DEVICES, UNKNOWN_DEVICES_PER_ADDRESS
from database.audit import audit_events
from database.engine import Database
from registry.certificate import Certificate
from registry.device import Device, match_device
from registry.directory import Directory
from registry.unknown_devices import Attempts, UnknownDevice, UnknownDevices
from tests.fixtures.clock import FixedClock

EVERYWHERE = Scope(everything=True)


@pytest.fixture
def unknown_devices(database: Database, clock: FixedClock) -> UnknownDevices:
    return UnknownDevices(database, clock)


@pytest.fixture
def directory(database: Database, clock: FixedClock) -> Directory:
    made = Directory(database, clock)
    made.add_site("township", "Xinglong Township Health Centre")
    return made


def attempts(clock: FixedClock, **values: Any) -> Attempts:
    ordinary = {
        "calling_ae_title": "US9",
        "called_ae_title": "HUB",
        "address": "10.1.2.7",
        "refusal": "calling AE title not recognized",
        "proposed": "Ultrasound Image (JPEG Baseline)",
        "certificate": None,
        "count": 1,
        "first_seen_at": clock.now(),
        "last_seen_at": clock.now(),
    }
    return Attempts(**(ordinary | values))


def certificate(clock: FixedClock, fingerprint: str = "ab" * 32) -> Certificate:
    return Certificate(fingerprint=fingerprint, subject="CN=US9", not_after=clock.now() + timedelta(days=365))


def the_one(unknown_devices: UnknownDevices) -> UnknownDevice:
    (unknown,) = unknown_devices.listed(EVERYWHERE)
    return unknown


def test_a_caller_has_one_row_that_counts(unknown_devices: UnknownDevices, clock: FixedClock) -> None:
    began = clock.now()
    unknown_devices.record([attempts(clock, count=3)])
    clock.advance(minutes=5)
    unknown_devices.record([attempts(clock, count=2, proposed="CT Image (Implicit VR Little Endian)")])
    unknown = the_one(unknown_devices)
    assert (unknown.attempts, unknown.first_seen_at, unknown.last_seen_at) == (5, began, clock.now())
    assert unknown.proposed.startswith("CT")


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("US9\r\n", "US9\\r\\n"),
        ("US\x00\x1b[31m", "US\\x00\\x1b[31m"),
        ("\xff" * 16, "ÿ" * 16),
        ("\x07" * 16, "\\x07" * 16),
        ("%s${x}<b>", "%s${x}<b>"),
    ],
)
def test_what_does_not_print_is_escaped_and_cannot_be_adopted_as_it_is(
    unknown_devices: UnknownDevices, directory: Directory, clock: FixedClock, title: str, shown: str
) -> None:
    unknown_devices.record([attempts(clock, calling_ae_title=title, proposed=title)])
    unknown = the_one(unknown_devices)
    assert (unknown.calling_ae_title, unknown.proposed) == (shown, shown)
    if "\\" in shown or not shown.isascii():
        with pytest.raises(InvalidRequest):
            adopt(unknown_devices, unknown)


def test_the_oldest_give_way_first_those_of_the_same_address(
    unknown_devices: UnknownDevices, clock: FixedClock
) -> None:
    unknown_devices.record([attempts(clock, address="10.9.9.9")])
    for number in range(UNKNOWN_DEVICES_PER_ADDRESS + 5):
        clock.advance(seconds=1)
        unknown_devices.record([attempts(clock, calling_ae_title=f"STORM{number}")])
    listed = unknown_devices.listed(EVERYWHERE)
    assert len(listed) == UNKNOWN_DEVICES_PER_ADDRESS + 1
    assert listed[0].calling_ae_title == f"STORM{UNKNOWN_DEVICES_PER_ADDRESS + 4}"
    assert listed[-1].address == "10.9.9.9", "an honest device elsewhere is still to be seen"
    clock.advance(seconds=1)
    unknown_devices.record(attempts(clock, address=f"10.2.{n}.1") for n in range(UNKNOWN_DEVICES))
    assert {unknown.address[:5] for unknown in unknown_devices.listed(EVERYWHERE)} == {"10.2."}
    assert len(unknown_devices.listed(EVERYWHERE)) == UNKNOWN_DEVICES


def adopt(unknown_devices: UnknownDevices, unknown: UnknownDevice, **values: Any) -> Device:
    ordinary = {"site_id": "township", "scope": EVERYWHERE, "by": "chief"}
    return unknown_devices.adopt(unknown.unknown_device_id, **(ordinary | values))


def test_one_that_called_is_adopted_as_it_called(
    database: Database, unknown_devices: UnknownDevices, directory: Directory, clock: FixedClock
) -> None:
    unknown_devices.record([attempts(clock, called_ae_title="OLD_PACS"), attempts(clock)])
    unknown = next(each for each in unknown_devices.listed(EVERYWHERE) if each.called_ae_title == "OLD_PACS")
    device = adopt(unknown_devices, unknown)
    assert (device.network, device.called_ae_title, device.name) == ("10.1.2.7/32", "OLD_PACS", "US9")
    assert directory.devices() == [device]
    assert the_one(unknown_devices).called_ae_title == "HUB"
    with database.read() as connection:
        (row,) = connection.execute(select(audit_events).filter_by(action="device adopted")).mappings()
    assert (row["action"], row["actor"], row["site_id"], row["subject"]) == (
        "device adopted",
        "chief",
        "township",
        device.device_id,
    )


def test_one_with_a_certificate_is_adopted_by_it(
    unknown_devices: UnknownDevices, directory: Directory, clock: FixedClock
) -> None:
    shown = certificate(clock)
    unknown_devices.record([attempts(clock, certificate=shown)])
    device = adopt(unknown_devices, the_one(unknown_devices), name="Cart")
    assert (device.network, device.certificates, device.needs_certificate) == ("", (shown,), True)
    found = match_device(
        directory.devices("US9"),
        calling_ae_title="US9",
        called_ae_title="HUB",
        address="192.0.2.77",
        fingerprint=shown.fingerprint,
    )
    assert found == device


def test_what_cannot_be_adopted_stays_on_the_list(
    unknown_devices: UnknownDevices, directory: Directory, clock: FixedClock
) -> None:
    unknown_devices.record([attempts(clock)])
    unknown = the_one(unknown_devices)
    for values, error in (
        ({"site_id": "nowhere"}, NotFound),
        ({"network": "10.1.2.7/24"}, InvalidRequest),
        ({"name": "a\nb"}, InvalidRequest),
        ({"scope": Scope(site_ids=frozenset({"township"}))}, NotPermitted),
    ):
        with pytest.raises(error):
            adopt(unknown_devices, unknown, **values)
    directory.add_device(
        site_id="township",
        name="other",
        calling_ae_title="US9",
        called_ae_title="HUB",
        network="10.1.2.0/24",
    )
    with pytest.raises(AlreadyRegistered):
        adopt(unknown_devices, unknown)
    assert the_one(unknown_devices) == unknown
    with pytest.raises(NotFound):
        unknown_devices.adopt("no-such-key", site_id="township", scope=EVERYWHERE, by="chief")


def test_only_who_sees_every_site_sees_strangers(unknown_devices: UnknownDevices) -> None:
    for scope in (Scope(), Scope(site_ids=frozenset({"township"}))):
        with pytest.raises(NotPermitted):
            unknown_devices.listed(scope)
