"""What was disabled is put back into use, unless its place is taken."""

import pytest

from core.access import EVERY_SITE, Grant, Role, Route
from core.errors import AlreadyRegistered, NotAuthenticated, NotFound
from database.audit import AuditFilter, audit_within
from database.engine import Database
from registry.accounts import Accounts
from registry.authentication import Authentication
from registry.device import Device
from registry.directory import Directory
from registry.readmission import Readmission
from tests.fixtures.clock import FixedClock

PASSWORD = "a first password"


@pytest.fixture
def directory(database: Database, clock: FixedClock) -> Directory:
    """Two sites and a group that reads the first."""
    directory = Directory(database, clock)
    for site_id in ("xinglong", "qinghe"):
        directory.add_site(site_id, site_id)
    directory.add_reading_group("county", "county")
    directory.add_route(Route(reading_group_id="county", site_id="xinglong", modality=None))
    return directory


def cart(directory: Directory, site_id: str) -> Device:
    return directory.add_device(
        site_id=site_id, name="US", calling_ae_title="US1", called_ae_title="HUB", network="10.1.2.0/24"
    )


def test_what_is_put_back_into_use_works_and_is_on_record_once(
    database: Database, clock: FixedClock, directory: Directory
) -> None:
    accounts, sessions = Accounts(database, clock), Authentication(database, clock)
    accounts.add("wang", "Wang", [Grant(role=Role.CLINIC, site_id="xinglong")], password=PASSWORD)
    secret = accounts.add_token("wang", "pacs")
    device = cart(directory, "xinglong")
    [(token_id, *_)] = accounts.tokens()
    accounts.disable("wang")
    accounts.disable_token(token_id)
    directory.disable_device(device.device_id)
    directory.disable_site("xinglong")
    directory.disable_reading_group("county")
    readmission = Readmission(database, clock, acting="li.na")
    for round_number in range(2):
        readmission.enable_reading_group("county")
        readmission.enable_device(device.device_id)
        assert directory.devices()[0].is_disabled is (round_number == 0), "it is refused with its site"
        readmission.enable_site("xinglong")
        readmission.enable_token(token_id)
        if round_number == 0:
            with pytest.raises(NotAuthenticated):
                sessions.identify_token(secret)
        readmission.enable_user("wang")
    assert directory.routes()
    assert not directory.devices()[0].is_disabled
    assert sessions.identify_token(secret).actor.username == "wang"
    assert sessions.log_in("wang", PASSWORD, address="10.0.0.1").secret
    with database.read(within=EVERY_SITE) as connection:
        records = [
            row for _, row in audit_within(connection, AuditFilter(actor="li.na"), EVERY_SITE, limit=9)
        ]
    assert [(row.action, row.subject, row.site_id) for row in records] == [
        ("reading group enabled", "county", ""),
        ("device enabled", device.device_id, "xinglong"),
        ("site enabled", "xinglong", "xinglong"),
        ("token enabled", token_id, ""),
        ("user enabled", "wang", ""),
    ]


@pytest.mark.parametrize("stop", ["device", "site"])
def test_whose_place_is_taken_stays_out(
    database: Database, clock: FixedClock, directory: Directory, stop: str
) -> None:
    first = cart(directory, "xinglong")
    key = first.device_id if stop == "device" else "xinglong"
    getattr(directory, f"disable_{stop}")(key)
    second = cart(directory, "qinghe")
    readmission = Readmission(database, clock)
    with pytest.raises(AlreadyRegistered, match="for site qinghe"):
        getattr(readmission, f"enable_{stop}")(key)
    assert {each.device_id for each in directory.devices() if each.is_disabled} == {first.device_id}
    directory.disable_device(second.device_id)
    getattr(readmission, f"enable_{stop}")(key)
    assert {each.device_id for each in directory.devices() if each.is_disabled} == {second.device_id}


@pytest.mark.parametrize("noun", ["site", "reading_group", "device", "user", "token"])
def test_what_there_is_not_is_not_found(database: Database, clock: FixedClock, noun: str) -> None:
    with pytest.raises(NotFound):
        getattr(Readmission(database, clock), f"enable_{noun}")("nothing")
