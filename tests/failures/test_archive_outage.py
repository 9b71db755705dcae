"""Catalogue or blob store fail in the middle of a store: nothing is acknowledged, a resend is enough."""

import errno
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import HubError, InvalidInstance, QuotaExceeded, StorageUnavailable
from database.engine import Database
from storage.archive import Archive
from storage.incoming import EncodedInstance
from storage.instance import StoreOutcome
from tests.fixtures.archive import device_at, sweep
from tests.fixtures.clock import FixedClock
from tests.fixtures.held import held
from tests.fixtures.instances import data_set, encoded, receive

pytestmark = pytest.mark.sqlite_only("it moves the file away, or is about the disk of the blobs")

TOWNSHIP = device_at("township")
PAYLOADS = {"an instance": encoded(data_set()), "what cannot be read": b"cannot be read"}


def outcome(archive: Archive, arrived: EncodedInstance) -> StoreOutcome | None:
    """Store; None where it was refused for what it is."""
    try:
        return archive.store(arrived, TOWNSHIP).outcome
    except InvalidInstance:
        return None


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_a_catalogue_that_goes_away_between_put_and_admit_leaves_an_orphan_and_a_resend_is_stored(
    archive: Archive, database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, payload: bytes
) -> None:
    file = Path(str(database.engine.url.database))
    arrived = receive(archive.incoming, payload)
    put = archive.blobs.put

    def put_and_lose_the_catalogue(key: str, path: Path) -> None:
        put(key, path)
        file.rename(file.with_suffix(".away"))

    monkeypatch.setattr(archive.blobs, "put", put_and_lose_the_catalogue)
    with pytest.raises(StorageUnavailable):
        archive.store(arrived, TOWNSHIP)
    with pytest.raises(StorageUnavailable):
        archive.store(arrived, TOWNSHIP)
    monkeypatch.undo()
    file.with_suffix(".away").rename(file)
    lost = held(archive)
    assert (lost.instances, lost.aside, lost.changes, len(lost.orphans)) == ([], [], [], 1)

    first = outcome(archive, arrived)
    assert first is (StoreOutcome.STORED if payload is PAYLOADS["an instance"] else None)
    now = held(archive)
    assert len(now.instances) + len(now.aside) == 1
    assert now.orphans == lost.orphans
    grace = timedelta(hours=1)
    report = sweep(archive, now=clock.now() + timedelta(days=3650), grace=grace)
    assert report.orphans_deleted == 1
    assert held(archive).orphans == set()
    assert held(archive).instances == now.instances


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
@pytest.mark.parametrize("error", [QuotaExceeded, StorageUnavailable])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_blob_store_that_fails_writes_no_row(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, payload: bytes, error: type[HubError], when: str
) -> None:
    arrived = receive(archive.incoming, payload)
    put = archive.blobs.put

    def fail(key: str, path: Path) -> None:
        if when == "after":
            put(key, path)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(archive.blobs, "put", fail)
        for _ in range(2):
            with pytest.raises(error):
                archive.store(arrived, TOWNSHIP)
    now = held(archive)
    assert (now.instances, now.aside, now.changes) == ([], [], [])
    outcome(archive, arrived)
    assert len(held(archive).instances) + len(held(archive).aside) == 1


def refusing(call: Callable[..., None], number: int) -> Callable[..., None]:
    """Fail at the n-th call, and never again."""
    calls = iter(range(10**6))

    def act(*arguments: object, **options: object) -> None:
        if next(calls) == number:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        call(*arguments, **options)

    return act


@pytest.mark.parametrize("number", range(6))
def test_a_sync_that_fails_anywhere_is_a_store_that_failed(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The file's own, or that of any folder: success is only said when all of them came back."""
    fsyncs = os.fsync
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refusing(fsyncs, number))
        try:
            archive.store(receive(archive.incoming, data_set(SOPInstanceUID="1.2.3")), TOWNSHIP)
            failed = False
        except StorageUnavailable:
            failed = True
    assert failed is (number < 5)  # the file, blobs/, township/, its folder, and the blob's name in it
    assert len(held(archive).instances) == (0 if failed else 1)
    outcome(archive, receive(archive.incoming, data_set(SOPInstanceUID="1.2.3")))
    assert len(held(archive).instances) == 1


def test_a_blob_that_cannot_be_removed_after_a_lost_race_is_an_orphan_not_a_loss(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = encoded(data_set())

    def lose(_: str) -> None:
        raise StorageUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(archive.catalogue, "held_digest", lambda *_: None)
        patch.setattr(archive.blobs, "delete", lose)
        archive.store(receive(archive.incoming, payload), TOWNSHIP)
        with pytest.raises(StorageUnavailable):
            archive.store(receive(archive.incoming, payload), TOWNSHIP)
    now = held(archive)
    assert (len(now.instances), len(now.orphans)) == (1, 1)
    assert outcome(archive, receive(archive.incoming, payload)) is StoreOutcome.ALREADY_HELD
