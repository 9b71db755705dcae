"""What the one door does not let in: refused, and durable in quarantine before that is said."""

from collections.abc import Callable
from hashlib import sha256

import pytest
from sqlalchemy import select

from core.errors import DataSetMismatch, InvalidInstance, QuotaExceeded
from database.engine import Database
from storage.archive import Archive
from storage.incoming import EncodedInstance
from storage.instance import StoredInstance, StoreOutcome
from storage.tables import kept_aside
from tests.fixtures.archive import device_at
from tests.fixtures.held import held
from tests.fixtures.instances import ULTRASOUND_IMAGE, data_set, encoded, receive

TOWNSHIP = device_at("township")
UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")

Store = Callable[..., StoredInstance]


@pytest.mark.parametrize("keyword", UIDS)
@pytest.mark.parametrize(
    "uid", [None, "", "9" * 65, "1.2.a", "../../etc/passwd", "1.2/3", "1.2 3", "1.2\\1.3", "1.2;DROP", "1.²"]
)
def test_what_cannot_be_indexed_is_durable_in_quarantine_before_it_is_refused(
    archive: Archive, store: Store, database: Database, keyword: str, uid: str | None
) -> None:
    sent = data_set(**{keyword: uid})
    for _ in range(3):
        with pytest.raises(InvalidInstance, match=keyword):
            store(sent, announced_sop_instance_uid="1.2.3")
    now = held(archive)
    assert (now.instances, now.changes, now.orphans) == ([], [], set())
    assert now.aside == [("quarantine", sha256(encoded(sent)).hexdigest())]
    assert len(now.blobs) == 1
    with database.read() as connection:
        (row,) = connection.execute(select(kept_aside)).all()
    assert (row.site_id, row.sop_instance_uid, row.source) == ("township", "1.2.3", TOWNSHIP.source)
    assert keyword in row.detail
    assert all(secret not in row.detail for secret in ("Zhang", "张", "0001", "19700102"))


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"not DICOM at all, whatever anyone says",
        bytes(4000),
        b"\xff" * 4000,
        encoded(data_set())[:301],
        encoded(data_set())[:-3],
        encoded(data_set())[5:],
    ],
    ids=["empty", "text", "zeros", "ones", "cut in the header", "cut in the pixels", "without its start"],
)
def test_what_cannot_be_read_is_kept_all_the_same(archive: Archive, store: Store, broken: bytes) -> None:
    for _ in range(2):
        with pytest.raises(InvalidInstance):
            store(broken)
    now = held(archive)
    assert (now.instances, now.aside) == ([], [("quarantine", sha256(broken).hexdigest())])
    assert len(now.blobs) == 1


def test_more_than_the_reader_takes_is_refused_for_good_and_kept(archive: Archive, store: Store) -> None:
    deep = data_set()
    for _ in range(70):
        inner, deep = deep, data_set()
        deep.RequestAttributesSequence = [inner]
    with pytest.raises(InvalidInstance):
        store(deep)
    assert [reason for reason, _ in held(archive).aside] == ["quarantine"]


@pytest.mark.parametrize(
    ("announced", "error"),
    [
        ({}, None),
        ({"announced_sop_instance_uid": "own", "announced_sop_class_uid": ULTRASOUND_IMAGE}, None),
        ({"announced_sop_instance_uid": "1.2.3"}, DataSetMismatch),
        ({"announced_sop_class_uid": "1.2.840.10008.5.1.4.1.1.7"}, DataSetMismatch),
        ({"announced_sop_instance_uid": ""}, DataSetMismatch),
    ],
)
def test_an_object_other_than_announced_is_refused_and_kept(
    archive: Archive, store: Store, announced: dict[str, str], error: type[Exception] | None
) -> None:
    sent = data_set()
    announced = {key: sent.SOPInstanceUID if uid == "own" else uid for key, uid in announced.items()}
    if error is None:
        assert store(sent, **announced).outcome is StoreOutcome.STORED
        return
    with pytest.raises(error):
        store(sent, **announced)
    assert [reason for reason, _ in held(archive).aside] == ["quarantine"]
    assert held(archive).instances == []
    assert store(sent).outcome is StoreOutcome.STORED


def test_an_instance_announced_for_another_study_is_refused(archive: Archive) -> None:
    arrived = receive(archive.incoming, data_set())
    announced = EncodedInstance(**(vars(arrived) | {"announced_study_instance_uid": "1.2.9"}))
    with pytest.raises(DataSetMismatch, match="study"):
        archive.store(announced, TOWNSHIP)
    assert [reason for reason, _ in held(archive).aside] == ["quarantine"]


@pytest.mark.parametrize(
    ("room", "incoming_room", "kept"),
    [
        (None, 1000, True),
        (1000, 1000, True),
        (999, 1000, False),
        (0, 1000, False),
        (None, 999, False),
        (1000, 0, False),
    ],
)
def test_the_last_of_each_disk_is_kept_free(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, room: int | None, incoming_room: int, kept: bool
) -> None:
    """Only files tell their room; in front of an object store it is the disk of `incoming` that fills."""
    monkeypatch.setattr(archive, "_disk_reserve_bytes", 1000)
    monkeypatch.setattr(archive.blobs, "room", lambda: room)
    monkeypatch.setattr(archive.incoming, "room", lambda: incoming_room)
    arrived = receive(archive.incoming, data_set())
    if kept:
        assert archive.store(arrived, TOWNSHIP).outcome is StoreOutcome.STORED
        return
    for refused in (arrived, receive(archive.incoming, b"cannot be read either")):
        with pytest.raises(QuotaExceeded):
            archive.store(refused, TOWNSHIP)
    assert held(archive).blobs == set()
