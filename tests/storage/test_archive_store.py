"""The one door: what is stored, held already, kept beside, put in quarantine, and refused."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import event, select

from core.access import Scope
from core.origin import Origin, OriginKind
from core.uids import new_uid
from database.change_feed import ChangeKind, changes_of_study
from database.engine import Database
from storage.archive import Archive
from storage.instance import StoredInstance, StoreOutcome
from storage.tables import studies
from tests.fixtures.archive import device_at
from tests.fixtures.clock import FixedClock
from tests.fixtures.disk import DiskLog
from tests.fixtures.held import held, only_instance
from tests.fixtures.instances import ULTRASOUND_IMAGE, data_set, encoded

EVERYTHING = Scope(everything=True)
TOWNSHIP, STATION = device_at("township"), device_at("station")

Store = Callable[..., StoredInstance]


def test_an_instance_is_stored_with_what_it_says_and_where_it_came_from(
    archive: Archive, store: Store, clock: FixedClock, database: Database
) -> None:
    sent = data_set(NumberOfFrames=3, InstanceNumber=7)
    receipt = store(sent, Origin(kind=OriginKind.ACCOUNT, site_id="township", source="A1"))
    assert receipt == StoredInstance(
        outcome=StoreOutcome.STORED,
        site_id="township",
        study_instance_uid=sent.StudyInstanceUID,
        series_instance_uid=sent.SeriesInstanceUID,
        sop_instance_uid=sent.SOPInstanceUID,
        sop_class_uid=ULTRASOUND_IMAGE,
        anomalies=receipt.anomalies,
    )
    instance = only_instance(archive)
    assert (instance.number_of_frames, instance.instance_number, instance.rows) == (3, 7, 8)
    assert (instance.origin_kind, instance.received_at) == ("account", clock.now())
    assert instance.digest == sha256(encoded(sent)).hexdigest()
    with database.read() as connection:
        (change,) = changes_of_study(connection, "township", sent.StudyInstanceUID)
    assert (change.kind, change.subject, change.actor) == (
        ChangeKind.INSTANCE_STORED,
        sent.SOPInstanceUID,
        "account:A1",
    )
    assert change.body == {
        "modality": "US",
        "sop_class_uid": ULTRASOUND_IMAGE,
        "series_instance_uid": sent.SeriesInstanceUID,
        "origin_kind": "account",
    }


@pytest.mark.parametrize("header", [None, b"", b"z" * 128 + b"DICM", b"\x02\x00\x10\x00UI\x02\x001 "])
def test_the_same_data_set_again_is_held_once_whatever_stands_before_it(
    archive: Archive, store: Store, header: bytes | None
) -> None:
    sent = data_set()
    assert store(sent).outcome is StoreOutcome.STORED
    before = held(archive)
    for _ in range(5):
        assert store(sent, header=header).outcome is StoreOutcome.ALREADY_HELD
    assert held(archive) == before
    assert (len(before.instances), len(before.blobs), before.changes) == (1, 1, ["instance.stored"])


def test_another_data_set_under_one_uid_is_kept_beside_once_however_often_it_comes(
    archive: Archive, store: Store
) -> None:
    first = data_set()
    others = [
        data_set(SOPInstanceUID=first.SOPInstanceUID, PatientID=f"other-{number}") for number in range(2)
    ]
    store(first)
    for other in others:
        assert store(other).outcome is StoreOutcome.KEPT_AS_CONFLICT
    for _ in range(4):
        for sent in (first, *others):
            assert store(sent).outcome is StoreOutcome.ALREADY_HELD
    now = held(archive)
    assert now.instances == [sha256(encoded(first)).hexdigest()]
    assert sorted(now.aside) == sorted(("conflict", sha256(encoded(other)).hexdigest()) for other in others)
    assert now.changes == ["instance.stored", "instance.conflict", "instance.conflict"]
    assert (len(now.blobs), now.orphans) == (3, set())
    assert b"".join(archive.whole(only_instance(archive))).endswith(encoded(first))


def test_one_different_byte_of_pixels_is_another_data_set(archive: Archive, store: Store) -> None:
    first = data_set()
    store(first)
    first.PixelData = bytes([*first.PixelData[:-1], first.PixelData[-1] ^ 1])
    assert store(first).outcome is StoreOutcome.KEPT_AS_CONFLICT


def test_two_sites_holding_one_uid_hold_two_instances_and_learn_nothing_of_each_other(
    archive: Archive, store: Store
) -> None:
    sent, other = data_set(), data_set()
    other.SOPInstanceUID = sent.SOPInstanceUID
    assert store(sent, TOWNSHIP).outcome is StoreOutcome.STORED
    assert store(other, STATION).outcome is StoreOutcome.STORED
    assert store(sent, STATION).outcome is StoreOutcome.KEPT_AS_CONFLICT
    assert store(sent, device_at("third")).outcome is StoreOutcome.STORED
    now = held(archive)
    assert (len(now.instances), len(now.blobs), now.orphans) == (3, 4, set())
    assert {key.split("/")[0] for key in now.blobs} == {"township", "station", "third"}


def test_a_study_is_described_by_its_first_instance_and_lasts_until_its_latest(
    archive: Archive, store: Store, clock: FixedClock, database: Database
) -> None:
    study, first = new_uid(), clock.now()
    store(data_set(StudyInstanceUID=study, PatientName="First"))
    latest = clock.advance(minutes=3)
    store(data_set(StudyInstanceUID=study, PatientName="Second"))
    with database.read() as connection:
        (row,) = connection.execute(select(studies)).all()
    assert (row.patient_name, row.first_received_at, row.last_received_at) == ("First", first, latest)


UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")


@pytest.mark.parametrize("keyword", UIDS)
@pytest.mark.parametrize("uid", ["..", ".", "1", "1.", "01.2", "1..2", "9" * 64])
def test_an_ill_formed_uid_that_can_be_indexed_is_stored_and_flagged(
    archive: Archive, store: Store, keyword: str, uid: str
) -> None:
    receipt = store(data_set(**{keyword: uid}))
    assert receipt.outcome is StoreOutcome.STORED
    assert f"ill-formed-uid:{keyword}" in receipt.anomalies
    assert only_instance(archive).anomalies == receipt.anomalies
    assert all(key.count("/") == 2 and ".." not in key for key in held(archive).blobs)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientName", "^".join(["长" * 60] * 5)),
        ("PatientName", "x" * 5000),
        ("PatientID", "x" * 3000),
        ("Modality", "x" * 200),
        ("PatientSex", "unknown to us all"),
        ("StudyDescription", "y" * 5000),
        ("BodyPartExamined", "z" * 100),
        ("StudyTime", "25:61:61"),
        ("StudyDate", "someday"),
        ("PatientBirthDate", "00000000"),
        ("SeriesNumber", None),
        ("PatientName", "<script>alert(1)</script>"),
        ("PatientName", None),
        ("Modality", None),
    ],
)
def test_values_beyond_all_rules_do_not_keep_an_exam_out(
    store: Store, archive: Archive, keyword: str, value: Any
) -> None:
    assert store(data_set(**{keyword: value})).outcome is StoreOutcome.STORED
    assert len(held(archive).instances) == 1


def test_success_comes_after_file_name_and_row_are_durable_in_this_order(
    archive: Archive, store: Store, disk_log: DiskLog, database: Database
) -> None:
    event.listen(
        database.engine, "commit", lambda _: disk_log.calls.append(("commit", archive.incoming.directory))
    )
    store(data_set())
    (blob,) = (archive.blobs.root / key for key in held(archive).blobs)  # type: ignore[attr-defined] # this store has one
    calls = [(call, path) for call, path in disk_log.calls if call != "unlink"]
    sealed = next(number for number, (call, path) in enumerate(calls) if path.suffix == ".part")
    linked, named = calls.index(("link", blob)), disk_log.last("fsync", blob.parent)
    committed = max(number for number, (call, _) in enumerate(disk_log.calls) if call == "commit")
    assert calls[sealed][0] == "fsync"
    assert sealed < linked < named < committed
    ask = "PRAGMA synchronous" if database.is_sqlite else "SHOW synchronous_commit"
    with database.read() as connection:
        assert connection.exec_driver_sql(ask).scalar() in {2, "on"}


def test_a_note_of_a_transfer_goes_stale_by_itself(archive: Archive, clock: FixedClock) -> None:
    archive.note_transfer("one", "township", "1.2.3")
    archive.note_transfer("two", "station", "1.2.3")
    assert archive.studies_in_transfer() == {("township", "1.2.3"), ("station", "1.2.3")}
    clock.advance(seconds=20)
    archive.note_transfer("one", "township", "1.2.4")
    assert archive.studies_in_transfer() == {("township", "1.2.4"), ("station", "1.2.3")}
    clock.advance(seconds=10)
    assert archive.studies_in_transfer() == {("township", "1.2.4")}
    archive.end_transfer("one")
    archive.end_transfer("one")
    assert archive.studies_in_transfer() == set()


def test_notes_of_processes_that_died_are_forgotten_at_the_next_end(
    archive: Archive, clock: FixedClock, database: Database
) -> None:
    for number in range(5):
        archive.note_transfer(f"dead-{number}", "township", "1.2.3")
    clock.advance(minutes=10)
    archive.note_transfer("alive", "township", "1.2.4")
    archive.end_transfer("another")
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT transfer_key FROM transfers").scalars().all() == ["alive"]
