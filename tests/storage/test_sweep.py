"""Sweeping: what nobody was told is kept goes, after the grace; what has a row, or is young, never does."""

import errno
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from core.errors import InvalidInstance, StorageUnavailable
from storage.archive import Archive
from storage.filesystem_blobs import FilesystemBlobs
from storage.instance import StoredInstance, StoreOutcome
from storage.sweep import SweepReport
from storage.tables import instances, kept_aside
from tests.fixtures.archive import sweep
from tests.fixtures.held import held
from tests.fixtures.instances import data_set

GRACE = timedelta(hours=24)
NOW = datetime(2027, 3, 1, tzinfo=UTC)
NOTHING = SweepReport(orphans_deleted=0, incoming_deleted=0)

Store = Callable[..., StoredInstance]


def blobs_of(archive: Archive) -> FilesystemBlobs:
    assert isinstance(archive.blobs, FilesystemBlobs)
    return archive.blobs


def age(path: Path, **since: float) -> None:
    """Let a file have been written so long before NOW."""
    moment = (NOW - timedelta(**since)).timestamp()
    os.utime(path, (moment, moment))


def lay(folder: Path, name: str, **since: float) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left behind")
    age(path, **since)
    return path


@pytest.fixture
def full(archive: Archive, store: Store) -> Archive:
    """An archive of instances, one set aside, and one in quarantine, all far older than the grace."""
    for number in range(8):
        store(data_set(InstanceNumber=number, SOPInstanceUID=f"1.{number}"))
    assert store(data_set(SOPInstanceUID="1.1")).outcome is StoreOutcome.KEPT_AS_CONFLICT
    with pytest.raises(InvalidInstance):
        store(b"cannot be read")
    for key in held(archive).blobs:
        age(blobs_of(archive).root / key, days=400)
    return archive


def test_whatever_a_row_names_stays_however_old_it_is(full: Archive) -> None:
    before = held(full)
    assert len(before.blobs) == 10
    assert sweep(full, now=NOW, grace=GRACE) == NOTHING
    assert sweep(full, now=NOW + timedelta(days=36500), grace=timedelta(0)) == NOTHING
    assert held(full) == before


@pytest.mark.parametrize(
    ("since", "swept"),
    [
        ({"hours": 24, "seconds": 1}, True),
        ({"days": 3650}, True),
        ({"hours": 24}, False),
        ({"hours": 23, "minutes": 59}, False),
        ({"seconds": 0}, False),
        ({"days": -1}, False),
    ],
)
def test_only_what_is_older_than_the_grace_goes(full: Archive, since: dict[str, float], swept: bool) -> None:
    orphan = lay(blobs_of(full).root, "township/0a/01ORPHAN", **since)
    left = lay(full.incoming.directory, "01LEFT.part", **since)
    before = held(full)
    expected = SweepReport(orphans_deleted=int(swept), incoming_deleted=int(swept))
    assert sweep(full, now=NOW, grace=GRACE, dry_run=True) == expected
    assert orphan.exists()
    assert left.exists()
    assert sweep(full, now=NOW, grace=GRACE) == expected
    assert (orphan.exists(), left.exists()) == (not swept, not swept)
    assert sweep(full, now=NOW, grace=GRACE) == NOTHING
    assert held(full).instances == before.instances
    assert held(full).aside == before.aside


def test_more_orphans_than_one_batch_all_go(full: Archive) -> None:
    for number in range(1234):
        lay(blobs_of(full).root, f"township/{number % 7:02x}/{number:026}", days=2)
    assert sweep(full, now=NOW, grace=GRACE, dry_run=True).orphans_deleted == 1234
    assert sweep(full, now=NOW, grace=GRACE) == SweepReport(orphans_deleted=1234, incoming_deleted=0)
    assert held(full).orphans == set()
    assert len(held(full).blobs) == 10


DAMAGES = {
    # what is left behind: how often; what needs a store takes the longest
    "extra blob": 9,
    "empty blob": 3,
    "left file": 9,
    "lost row": 1,
    "lost row aside": 1,
    "sound": 1,
}


def test_five_hundred_random_damages_are_told_apart(full: Archive, store: Store) -> None:
    """Each is a blob or a file of its own age, with or without its row; only the old without one go."""
    chance = random.Random(20270301)
    root, database = blobs_of(full).root, full.catalogue.database
    survivors, goners = set(), set()
    for number in range(500):
        old = chance.random() < 0.5
        since = {"hours": chance.uniform(24.01, 9999) if old else chance.uniform(0, 23.99)}
        (kind,) = chance.choices(list(DAMAGES), list(DAMAGES.values()))
        if kind in {"extra blob", "empty blob"}:
            path = lay(root, f"station/{number % 256:02x}/{number:026}", **since)
            if kind == "empty blob":
                path.write_bytes(b"")
                age(path, **since)
        elif kind == "left file":
            path = lay(full.incoming.directory, f"{number:026}.part", **since)
        else:
            uid = "1.1" if kind == "lost row aside" else f"2.{number}"
            before = {key for key, _ in full.blobs.keys()}  # noqa: SIM118 - a store is no mapping
            store(data_set(SOPInstanceUID=uid))
            (newest,) = {key for key, _ in full.blobs.keys()} - before  # noqa: SIM118 - as above
            table = kept_aside if kind == "lost row aside" else instances
            if kind != "sound":
                with database.write() as connection:
                    connection.execute(delete(table).where(table.c.blob_key == newest))
            path = root / newest
            age(path, **since)
        (goners if old and kind != "sound" else survivors).add(path)
    report = sweep(full, now=NOW, grace=GRACE)
    assert report.orphans_deleted + report.incoming_deleted == len(goners)
    assert [path for path in goners if path.exists()] == []
    assert [path for path in survivors if not path.exists()] == []
    held(full)


def test_the_row_of_a_blob_that_is_gone_is_left_for_people_to_see(full: Archive) -> None:
    with full.catalogue.database.read() as connection:
        key = connection.scalars(select(instances.c.blob_key)).first()
    (blobs_of(full).root / str(key)).unlink()
    assert sweep(full, now=NOW, grace=GRACE) == NOTHING
    with full.catalogue.database.read() as connection:
        assert len(connection.scalars(select(instances.c.blob_key)).all()) == 8


def test_folders_in_incoming_are_nobodys_to_sweep(full: Archive) -> None:
    inner = lay(full.incoming.directory, "folder/file", days=9)
    os.utime(inner.parent, (0, 0))
    assert sweep(full, now=NOW, grace=GRACE) == NOTHING
    assert inner.exists()


@pytest.mark.sqlite_only("it moves the file away")
def test_a_catalogue_that_is_away_sweeps_nothing(full: Archive) -> None:
    orphan = lay(blobs_of(full).root, "township/0a/01ORPHAN", days=9)
    left = lay(full.incoming.directory, "01LEFT.part", days=9)
    file = Path(str(full.catalogue.database.engine.url.database))
    file.rename(file.with_suffix(".away"))
    with pytest.raises(StorageUnavailable):
        sweep(full, now=NOW, grace=GRACE)
    assert orphan.exists()
    assert left.exists()
    file.with_suffix(".away").rename(file)
    assert sweep(full, now=NOW, grace=GRACE) == SweepReport(orphans_deleted=1, incoming_deleted=1)


def test_an_empty_catalogue_restored_by_mistake_does_not_empty_the_archive(full: Archive) -> None:
    """Where nothing at all has a row, it is the rows that were lost, not the blobs that are rubbish."""
    with full.catalogue.database.write() as connection:
        connection.execute(delete(instances))
        connection.execute(delete(kept_aside))
    with pytest.raises(StorageUnavailable):
        sweep(full, now=NOW, grace=GRACE)
    assert len(held(full).blobs) == 10


@pytest.mark.parametrize("damage", ["no folder", "no permission"])
def test_a_disk_that_fails_is_storage_unavailable(
    full: Archive, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    before = held(full)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    if damage == "no folder":
        full.incoming.directory.rmdir()
    else:
        lay(full.incoming.directory, "01LEFT.part", days=9)
        monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(StorageUnavailable):
        sweep(full, now=NOW, grace=GRACE)
    monkeypatch.undo()
    assert held(full) == before
