"""What comes through the archive's door is on record: once for a source, study and ten minutes."""

from collections.abc import Callable
from typing import Any

import pytest

from core.errors import InvalidInstance, StorageUnavailable
from core.origin import Origin, OriginKind
from core.uids import new_uid
from database.audit import AuditEvent, audit_events
from storage import transfer_record
from storage.archive import Archive
from storage.instance import StoredInstance, StoreOutcome
from tests.fixtures.archive import device_at
from tests.fixtures.clock import FixedClock
from tests.fixtures.held import held
from tests.fixtures.instances import data_set

Store = Callable[..., StoredInstance]
DEVICE = device_at("township")
BY_DEVICE = "device:device-of-township"


def on_record(archive: Archive) -> list[tuple[str, str, str, str, str]]:
    with archive.catalogue.database.read() as connection:
        rows = connection.execute(audit_events.select().order_by(audit_events.c.audit_number)).all()
    return [(row.event, row.action, row.actor, row.site_id, row.study_instance_uid) for row in rows]


def test_a_study_is_on_record_once_for_a_source_and_ten_minutes(
    archive: Archive, store: Store, clock: FixedClock
) -> None:
    study = new_uid()
    person = Origin(kind=OriginKind.ACCOUNT, site_id="township", source="key", brought_by="wang")
    medium = Origin(kind=OriginKind.IMPORT, site_id="township", source="import", brought_by="root@console")
    for origin in (DEVICE, DEVICE, person, medium, DEVICE, medium):
        store(data_set(StudyInstanceUID=study), origin, now=clock.now())
    transferred, place = AuditEvent.INSTANCES_TRANSFERRED.value, ("township", study)
    expected = [
        (transferred, "store", BY_DEVICE, *place),
        (transferred, "store", "wang", *place),
        (AuditEvent.IMPORT.value, "store", "root@console", *place),
    ]
    assert on_record(archive) == expected
    clock.advance(minutes=10)
    store(data_set(StudyInstanceUID=study), DEVICE, now=clock.now())
    assert on_record(archive) == [*expected, expected[0]]


@pytest.mark.parametrize(
    ("differs", "transfer_syntax_uid", "action"),
    [
        ({}, "1.2.840.10008.1.2", "store"),
        ({"PixelData": bytes(64)}, "1.2.840.10008.1.2.1", "set aside"),
        ({"PatientID": "2", "PatientName": "Li^Si"}, "1.2.840.10008.1.2.1", "set aside"),
    ],
)
def test_whatever_is_kept_of_another_source_is_on_record_and_a_resend_is_not(
    archive: Archive, store: Store, differs: dict[str, Any], transfer_syntax_uid: str, action: str
) -> None:
    first = data_set()
    store(first, DEVICE)
    for keyword, value in differs.items():
        setattr(first, keyword, value)
    other = Origin(kind=OriginKind.DEVICE, site_id="township", source="another")
    for _ in range(2):
        store(first, other, transfer_syntax_uid=transfer_syntax_uid)
    assert [(row[1], row[2]) for row in on_record(archive)] == [
        ("store", BY_DEVICE),
        (action, "device:another"),
    ]
    third = Origin(kind=OriginKind.DEVICE, site_id="township", source="third")
    assert store(first, third, transfer_syntax_uid=transfer_syntax_uid).outcome is StoreOutcome.ALREADY_HELD
    assert len(on_record(archive)) == 2


def test_what_goes_into_quarantine_is_on_record_without_a_study(archive: Archive, store: Store) -> None:
    for _ in range(2):
        with pytest.raises(InvalidInstance):
            store(b"no DICOM", DEVICE)
    transferred = AuditEvent.INSTANCES_TRANSFERRED.value
    assert on_record(archive) == [(transferred, "quarantine", BY_DEVICE, "township", "")]


def test_what_cannot_be_put_on_record_is_not_kept(
    archive: Archive, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StorageUnavailable

    monkeypatch.setattr(transfer_record, "append_once", away)
    with pytest.raises(StorageUnavailable):
        store(data_set(), DEVICE)
    now = held(archive)
    assert (now.instances, now.changes) == ([], [])
    monkeypatch.undo()
    store(data_set(), DEVICE)
    assert len(on_record(archive)) == 1
