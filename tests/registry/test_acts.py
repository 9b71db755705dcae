"""Whoever changes who there is, or what they may do, is on record with it."""

import pytest

from core.access import Grant, Role, Route, Scope
from core.errors import AlreadyRegistered, NotFound, StorageUnavailable
from database.audit import AuditEvent, AuditFilter, AuditRecord, audit_within
from database.engine import Database
from registry.accounts import Accounts
from registry.directory import Directory
from tests.fixtures.clock import FixedClock


def on_record(database: Database) -> list[AuditRecord]:
    with database.read() as connection:
        found = audit_within(connection, AuditFilter(), Scope(everything=True), limit=100)
        return [record for _, record in found]


def test_every_change_names_who_made_it_and_what_it_is_about(
    quick_passwords: None, database: Database, clock: FixedClock
) -> None:
    directory = Directory(database, clock).acting_for("li.na")
    accounts = Accounts(database, clock).acting_for("li.na")
    directory.add_site("xinglong", "兴隆")
    directory.add_reading_group("county", "县医院")
    directory.add_route(Route(reading_group_id="county", site_id="xinglong", modality="US"))
    directory.add_route(Route(reading_group_id="county", site_id="xinglong", modality="US"))
    device = directory.add_device(
        site_id="xinglong", name="彩超", calling_ae_title="US1", called_ae_title="HUB", network="10.1.2.3"
    )
    accounts.add("wang", "王医师", [Grant(role=Role.CLINIC, site_id="xinglong")], password="a first password")
    accounts.grant("wang", Grant(role=Role.CLINIC, site_id="xinglong"))
    accounts.grant("wang", Grant(role=Role.READER, reading_group_id="county"))
    accounts.add_token("wang", "pacs")
    accounts.change_password("wang", "a first password", "a second password")
    accounts.reset_password("wang")
    (token,) = accounts.tokens()
    accounts.disable_token(token[0])
    accounts.disable("wang")
    directory.disable_device(device.device_id)
    directory.disable_reading_group("county")
    directory.disable_site("xinglong")
    records = on_record(database)
    assert {record.event for record in records} == {AuditEvent.SECURITY_ALERT}
    assert [(record.actor, record.action, record.subject, record.site_id) for record in records] == [
        ("li.na", "site added", "xinglong", "xinglong"),
        ("li.na", "reading group added", "county", ""),
        ("li.na", "route added: US", "county", "xinglong"),
        ("li.na", "device added", device.device_id, "xinglong"),
        ("li.na", "user added", "wang", ""),
        ("li.na", "granted: clinic at xinglong", "wang", "xinglong"),
        ("li.na", "granted: reader in county", "wang", ""),
        ("li.na", "token added", "wang", ""),
        ("wang", "password changed", "wang", ""),
        ("li.na", "password changed", "wang", ""),
        ("li.na", "token disabled", token[0], ""),
        ("li.na", "user disabled", "wang", ""),
        ("li.na", "device disabled", device.device_id, "xinglong"),
        ("li.na", "reading group disabled", "county", ""),
        ("li.na", "site disabled", "xinglong", "xinglong"),
    ]


def test_what_is_refused_is_not_on_record_as_done(database: Database, clock: FixedClock) -> None:
    directory = Directory(database, clock)
    directory.add_site("xinglong", "兴隆")
    with pytest.raises(AlreadyRegistered):
        directory.add_site("xinglong", "兴隆")
    with pytest.raises(NotFound):
        directory.disable_device("none")
    assert [(record.actor, record.action) for record in on_record(database)] == [("hub", "site added")]


def test_what_cannot_be_recorded_is_not_done(
    database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise StorageUnavailable

    monkeypatch.setattr("registry.acts.append_audit", fails)
    directory = Directory(database, clock)
    with pytest.raises(StorageUnavailable):
        directory.add_site("xinglong", "兴隆")
    assert directory.sites() == []
