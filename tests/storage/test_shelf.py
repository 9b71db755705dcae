"""What is kept aside: listed, looked at, taken out, let in, kept apart, discarded, and swept in the end."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.access import Act, Actor, Grant, Role, Scope
from core.errors import (
    AlreadySettled,
    InvalidInstance,
    InvalidRequest,
    NotFound,
    QuotaExceeded,
    StorageUnavailable,
)
from database.audit import audit_events
from database.engine import Database
from storage import archive as archive_module
from storage.archive import Archive
from storage.aside_arrival_records import AsideQuota
from storage.aside_records import AsideFilter, has_open_patient_conflict
from storage.catalogue import Catalogue
from storage.instance import AsideReason, KeptAside, Settlement, StoredInstance, StoreOutcome
from storage.part10 import part10_header
from storage.shelf import AlarmKind, Shelf
from storage.sweep import sweep_discarded
from tests.fixtures.archive import device_at, sweep
from tests.fixtures.clock import FixedClock
from tests.fixtures.held import held
from tests.fixtures.instances import data_set, encoded

Store = Callable[..., StoredInstance]
MONTH = timedelta(days=30)
EXECUTABLE_HEADER = b"MZ" * 64 + part10_header("1.2", "1.2.3", "1.2.840.10008.1.2.1")[128:]


def admin_of(site_id: str | None) -> Actor:
    return Actor(
        account_id="account-admin",
        username="chief",
        display_name="Chief",
        grants=(Grant(role=Role.ADMIN, site_id=site_id),),
    )


TOWNSHIP, STATION, EVERYWHERE = admin_of("township"), admin_of("station"), admin_of(None)


@pytest.fixture
def shelf(archive: Archive, database: Database, clock: FixedClock) -> Shelf:
    """The use cases."""
    return Shelf(archive=archive, database=database, clock=clock, quota=AsideQuota(size=10_000, rows=5))


@pytest.fixture
def refused(store: Store) -> Callable[..., None]:
    """Send what cannot be indexed."""

    def act(sent: Any = b"no DICOM", site_id: str = "township", **values: Any) -> None:
        with pytest.raises(InvalidInstance):
            store(sent, device_at(site_id), **values)

    return act


def only(shelf: Shelf, **wanted: Any) -> KeptAside:
    (kept,) = shelf.items(EVERYWHERE, AsideFilter(**wanted))
    return kept


def conflict(store: Store, **values: Any) -> tuple[Any, Any]:
    """Store an instance and another of its study that differs as said."""
    first = data_set()
    store(first)
    second = data_set(StudyInstanceUID=first.StudyInstanceUID, **values)
    assert store(second).outcome is StoreOutcome.KEPT_AS_CONFLICT
    return first, second


def test_an_administrator_sees_what_lies_at_the_sites_they_administer(
    shelf: Shelf, store: Store, refused: Callable[..., None]
) -> None:
    refused()
    refused(b"no DICOM either", "station")
    conflict(store, PatientID="0002")
    counts = {actor: len(shelf.items(actor, AsideFilter())) for actor in (TOWNSHIP, STATION, EVERYWHERE)}
    assert counts == {TOWNSHIP: 2, STATION: 1, EVERYWHERE: 3}
    assert only(shelf, reason=AsideReason.PATIENT_CONFLICT).site_id == "township"
    assert only(shelf, site_id="station").reason is AsideReason.QUARANTINE
    assert len(shelf.items(EVERYWHERE, AsideFilter(limit=2))) == 2
    assert len(shelf.items(EVERYWHERE, AsideFilter(limit=2, offset=2))) == 1


def test_what_lies_elsewhere_does_not_exist(shelf: Shelf, refused: Callable[..., None]) -> None:
    refused()
    key = only(shelf).kept_key
    acts: list[Callable[[str], object]] = [
        lambda key: shelf.item(STATION, key),
        lambda key: shelf.look(STATION, key),
        lambda key: shelf.export(STATION, key),
        lambda key: shelf.readmit(STATION, key, reason="x"),
        lambda key: shelf.discard(STATION, key, reason="x"),
        lambda key: shelf.keep_apart(STATION, key, reason="x"),
        lambda key: shelf.reopen(STATION, key, reason="x"),
    ]
    for act in acts:
        for asked in (key, "0" * 26):
            with pytest.raises(NotFound):
                act(asked)
    assert only(shelf).settled_at is None


def test_a_conflict_is_looked_at_beside_what_is_held(shelf: Shelf, store: Store) -> None:
    first, second = conflict(store, PatientID="0002", PatientName="Li^Si<script>")
    look = shelf.look(TOWNSHIP, only(shelf).kept_key)
    assert look.held is not None
    assert look.held.sop_instance_uid == first.SOPInstanceUID
    seen = {element.keyword: (element.kept, element.held, element.differs) for element in look.elements}
    assert seen["PatientID"] == ("0002", "0001", True)
    assert seen["PatientName"] == ("Li^Si<script>", "Zhang^San=张^三", True)
    assert seen["StudyInstanceUID"] == (second.StudyInstanceUID, second.StudyInstanceUID, False)
    assert seen["Rows"] == ("8", "8", False)
    assert "PixelData" not in seen


def test_what_cannot_be_read_says_why_and_is_looked_at_all_the_same(
    shelf: Shelf, refused: Callable[..., None]
) -> None:
    refused(encoded(data_set())[:301])
    look = shelf.look(TOWNSHIP, only(shelf).kept_key)
    assert (look.held, look.elements) == (None, [])
    assert len(look.problem) > 10


def test_a_long_value_is_shown_in_part(shelf: Shelf, refused: Callable[..., None]) -> None:
    refused(data_set(StudyInstanceUID=None, StudyDescription="y" * 900))
    shown = {element.keyword: element.kept for element in shelf.look(TOWNSHIP, only(shelf).kept_key).elements}
    assert shown["StudyDescription"] == "y" * 200


@pytest.mark.parametrize(
    "header", [b"MZ" * 64 + part10_header("1.2", "1.2.3", "1.2.840.10008.1.2.1")[128:], b""]
)
def test_the_exact_bytes_are_given_out_and_that_is_on_record(
    shelf: Shelf, refused: Callable[..., None], database: Database, header: bytes
) -> None:
    refused(b"no DICOM" * 300_000, header=header)
    kept, content = shelf.export(TOWNSHIP, only(shelf).kept_key)
    assert b"".join(content) == header + b"no DICOM" * 300_000
    with database.read() as connection:
        (row,) = connection.execute(audit_events.select().filter_by(actor="chief")).mappings()
    assert (row["event"], row["actor"], row["subject"]) == ("Export", "chief", kept.kept_key)


def test_damaged_bytes_are_neither_given_out_whole_nor_let_in(
    shelf: Shelf, archive: Archive, store: Store
) -> None:
    conflict(store, PatientID="0002")
    kept = only(shelf)
    blob = archive.blobs.root / kept.blob_key  # type: ignore[attr-defined] # this store has one
    blob.write_bytes(blob.read_bytes()[:-1] + b"\xff")
    with pytest.raises(StorageUnavailable, match="damaged"):
        b"".join(shelf.export(TOWNSHIP, kept.kept_key)[1])
    with pytest.raises(StorageUnavailable, match="damaged"):
        shelf.readmit(TOWNSHIP, kept.kept_key, reason="the same patient")
    assert only(shelf).settled_at is None


def test_the_same_patient_is_let_in_and_so_are_later_ones_that_say_the_same(
    shelf: Shelf, archive: Archive, store: Store, database: Database
) -> None:
    first, second = conflict(store, PatientID="0002")
    stored = shelf.readmit(TOWNSHIP, only(shelf).kept_key, reason="the ID was typed anew")
    assert stored.outcome is StoreOutcome.STORED
    assert shelf.items(EVERYWHERE, AsideFilter()) == []
    kept = only(shelf, settled=True)
    assert (kept.settled_as, kept.settled_by, kept.settled_reason) == (
        Settlement.READMITTED,
        "chief",
        "the ID was typed anew",
    )
    found = archive.instances_of(first.StudyInstanceUID, visible_to=Scope(everything=True))
    assert {each.sop_instance_uid for each in found} == {first.SOPInstanceUID, second.SOPInstanceUID}
    assert {each.origin_kind for each in found} == {"device"}
    third = data_set(StudyInstanceUID=first.StudyInstanceUID, PatientID="0002")
    assert store(third).outcome is StoreOutcome.STORED
    other = data_set(StudyInstanceUID=first.StudyInstanceUID, PatientID="0003")
    assert store(other).outcome is StoreOutcome.KEPT_AS_CONFLICT
    assert held(archive).changes == [
        "instance.stored",
        "patient.conflict",
        "aside.readmitted",
        "patient.flagged",
        "instance.stored",
        "instance.stored",
        "patient.conflict",
    ]
    with database.read() as connection:
        actions = [
            row["action"]
            for row in connection.execute(audit_events.select().filter_by(actor="chief")).mappings()
        ]
    assert actions == ["aside.readmitted"]


@pytest.mark.parametrize("act", ["discard", "keep_apart"])
def test_another_patients_stays_apart_until_that_is_taken_back(
    shelf: Shelf, store: Store, database: Database, act: str
) -> None:
    first, second = conflict(store, PatientID="0002")
    key = only(shelf).kept_key

    def is_open() -> bool:
        with database.read() as connection:
            return has_open_patient_conflict(connection, "township", [first.StudyInstanceUID])

    assert is_open()
    settled = getattr(shelf, act)(TOWNSHIP, key, reason="of the next patient")
    assert settled.settled_by == "chief"
    assert not is_open()
    assert store(second).outcome is StoreOutcome.ALREADY_HELD
    assert not is_open()
    for again in (shelf.discard, shelf.keep_apart, shelf.readmit):
        with pytest.raises(AlreadySettled):
            again(TOWNSHIP, key, reason="again")
    assert shelf.reopen(TOWNSHIP, key, reason="a mistake").settled_at is None
    assert is_open()
    with pytest.raises(AlreadySettled):
        shelf.reopen(TOWNSHIP, key, reason="again")


def test_what_the_hub_did_not_understand_is_let_in_once_it_does(
    shelf: Shelf, store: Store, refused: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = data_set()
    with monkeypatch.context() as patch:
        patch.setattr(archive_module, "is_indexable", lambda _: False)
        refused(sent)
        with pytest.raises(InvalidInstance):
            shelf.readmit(TOWNSHIP, only(shelf).kept_key, reason="try")
        assert only(shelf).settled_at is None
    stored = shelf.readmit(TOWNSHIP, only(shelf).kept_key, reason="the rule was wrong")
    assert (stored.outcome, stored.sop_instance_uid) == (StoreOutcome.STORED, sent.SOPInstanceUID)
    assert store(sent).outcome is StoreOutcome.ALREADY_HELD


def test_another_data_set_never_takes_the_place_of_the_one_that_is_held(
    shelf: Shelf, archive: Archive, store: Store
) -> None:
    first = data_set()
    store(first)
    first.InstanceNumber = 2
    store(first)
    before = held(archive)
    with pytest.raises(InvalidRequest, match="Another data set"):
        shelf.readmit(TOWNSHIP, only(shelf).kept_key, reason="the newer one")
    assert held(archive) == before
    assert only(shelf).settled_at is None


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001, "a\0"])
def test_every_decision_needs_a_reason(shelf: Shelf, refused: Callable[..., None], reason: str) -> None:
    refused()
    key = only(shelf).kept_key
    for act in (shelf.readmit, shelf.discard, shelf.keep_apart, shelf.reopen):
        with pytest.raises(InvalidRequest):
            act(TOWNSHIP, key, reason=reason)
    assert only(shelf).settled_at is None


def test_discarded_bytes_go_after_a_month_and_their_row_stays(
    shelf: Shelf, archive: Archive, refused: Callable[..., None], store: Store, clock: FixedClock
) -> None:
    refused()
    conflict(store, PatientID="0002")
    discarded = only(shelf, reason=AsideReason.QUARANTINE)
    shelf.discard(TOWNSHIP, discarded.kept_key, reason="a text file")
    shelf.keep_apart(TOWNSHIP, only(shelf).kept_key, reason="of the next patient")
    clock.advance(seconds=MONTH.total_seconds() - 1)
    assert sweep_discarded(archive, now=clock.now(), grace=MONTH) == 0
    clock.advance(seconds=2)
    assert sweep_discarded(archive, now=clock.now(), grace=MONTH) == 1
    assert sweep_discarded(archive, now=clock.now() + 10 * MONTH, grace=MONTH) == 0
    keys = {key for key, _ in archive.blobs.keys()}  # noqa: SIM118 - a store is no mapping
    assert discarded.blob_key not in keys
    assert len(keys) == 2
    gone = shelf.item(TOWNSHIP, discarded.kept_key)
    assert (gone.bytes_deleted_at, gone.settled_reason) == (clock.now(), "a text file")
    for act in (shelf.export, shelf.look):
        with pytest.raises(AlreadySettled, match="gone"):
            act(TOWNSHIP, discarded.kept_key)


def test_what_was_discarded_and_is_gone_is_kept_anew_when_it_comes_again(
    shelf: Shelf, archive: Archive, refused: Callable[..., None], clock: FixedClock
) -> None:
    refused()
    shelf.discard(TOWNSHIP, only(shelf).kept_key, reason="a text file")
    refused()
    assert shelf.items(TOWNSHIP, AsideFilter()) == []
    clock.advance(days=31)
    sweep_discarded(archive, now=clock.now(), grace=MONTH)
    refused()
    assert (only(shelf).settled_at, only(shelf).bytes_deleted_at) == (None, None)
    assert len(held(archive).blobs) == 1


def test_bytes_that_a_crash_left_after_their_row_was_marked_are_swept_as_orphans(
    shelf: Shelf,
    archive: Archive,
    refused: Callable[..., None],
    store: Store,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store(data_set())
    refused()
    shelf.discard(TOWNSHIP, only(shelf).kept_key, reason="a text file")
    clock.advance(days=31)
    with monkeypatch.context() as patch:
        patch.setattr(archive.blobs, "delete", lambda _: None)
        assert sweep_discarded(archive, now=clock.now(), grace=MONTH) == 1
    future = clock.now() + timedelta(days=3650)
    assert sweep(archive, now=future, grace=timedelta(hours=1)).orphans_deleted == 1


@pytest.mark.parametrize("quota", [AsideQuota(rows=2, size=10**9), AsideQuota(rows=100, size=50)])
def test_beyond_its_quota_a_site_is_told_to_send_again_later_and_others_are_not(
    archive: Archive,
    store: Store,
    refused: Callable[..., None],
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    quota: AsideQuota,
) -> None:
    monkeypatch.setattr(archive, "catalogue", Catalogue(database, quota))
    first = data_set()
    store(first)
    for number in range(2):
        refused(b"no DICOM %d" % number, header=b"")
    before = held(archive)
    with pytest.raises(QuotaExceeded):
        store(b"no DICOM, and a long one" * 2, header=b"")
    first.InstanceNumber = 2
    with pytest.raises(QuotaExceeded):
        store(first)
    assert held(archive) == before
    refused(b"no DICOM 0", header=b"")
    refused(b"no DICOM", "station", header=b"")
    assert store(data_set()).outcome is StoreOutcome.STORED


def test_an_alarm_is_raised_when_room_runs_out_or_nobody_looks(
    shelf: Shelf, refused: Callable[..., None], clock: FixedClock
) -> None:
    def kinds(actor: Actor = EVERYWHERE) -> list[tuple[AlarmKind, str]]:
        return [(alarm.kind, alarm.site_id) for alarm in shelf.alarms(actor.scope(Act.ADMINISTER))]

    for number in range(4):
        refused(b"no DICOM %d" % number)
    assert kinds() == []
    refused(b"one more")
    assert kinds() == [(AlarmKind.NEARLY_FULL, "township")]
    clock.advance(days=1, seconds=1)
    refused(b"elsewhere", "station", now=clock.now())
    assert kinds() == [(AlarmKind.NEARLY_FULL, "township"), (AlarmKind.WAITING_LONG, "township")]
    assert kinds(STATION) == []
    for kept in shelf.items(TOWNSHIP, AsideFilter()):
        shelf.keep_apart(TOWNSHIP, kept.kept_key, reason="looked at")
    assert kinds() == [(AlarmKind.NEARLY_FULL, "township")]
