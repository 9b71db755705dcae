"""Blobs as files: what is made durable before a put returns, and what a failing disk becomes."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import QuotaExceeded, StorageUnavailable
from storage.filesystem_blobs import FilesystemBlobs
from tests.fixtures.disk import DiskLog

KEY = "township/0a/01KAFXYZ0000000000000000AA"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data" / "blobs"


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    path = tmp_path / "sealed.part"
    path.write_bytes(b"sealed")
    return path


def test_a_put_returns_only_when_every_name_on_the_way_is_durable(
    root: Path, sealed: Path, disk_log: DiskLog
) -> None:
    FilesystemBlobs(root).put(KEY, sealed)
    linked = disk_log.place("link", root / KEY)
    for folder in (root / KEY).parents:
        if folder == root.parent.parent:
            break
        assert disk_log.place("fsync", folder.parent) >= 0, f"the name of {folder.name} may vanish"
    assert disk_log.last("fsync", (root / KEY).parent) > linked


def test_folders_that_another_process_made_and_never_synced_are_made_durable_too(
    root: Path, sealed: Path, disk_log: DiskLog
) -> None:
    (root / KEY).parent.mkdir(parents=True)
    blobs = FilesystemBlobs(root)
    disk_log.clear()
    blobs.put(KEY, sealed)
    for folder in (root.parent, root, root / "township", root / "township" / "0a"):
        assert disk_log.place("fsync", folder) >= 0, f"a name in {folder.name} may vanish"


def test_the_next_put_in_a_known_folder_syncs_only_that(root: Path, sealed: Path, disk_log: DiskLog) -> None:
    blobs = FilesystemBlobs(root)
    blobs.put(KEY, sealed)
    disk_log.clear()
    blobs.put(f"{KEY}B", sealed)
    assert disk_log.calls == [("link", root / f"{KEY}B"), ("fsync", (root / KEY).parent)]


def test_a_folder_that_was_removed_is_made_again(root: Path, sealed: Path) -> None:
    blobs = FilesystemBlobs(root)
    blobs.put(KEY, sealed)
    shutil.rmtree(root / "township")
    blobs.put(KEY, sealed)
    with blobs.open(KEY) as blob:
        assert blob.read() == b"sealed"


def raising(number: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, QuotaExceeded),
        (errno.EDQUOT, QuotaExceeded),
        (errno.EIO, StorageUnavailable),
        (errno.EROFS, StorageUnavailable),
        (errno.EACCES, StorageUnavailable),
        (errno.EXDEV, StorageUnavailable),
        (errno.EMFILE, StorageUnavailable),
        (errno.ESTALE, StorageUnavailable),
    ],
)
@pytest.mark.parametrize("call", ["link", "fsync", "mkdir"])
def test_a_put_that_the_disk_refuses_is_told_and_not_believed(
    root: Path, sealed: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, error: type[Exception]
) -> None:
    blobs = FilesystemBlobs(root)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, raising(number))
        with pytest.raises(error) as refusal:
            blobs.put(KEY, sealed)
    assert str(root) not in str(refusal.value)
    blobs.delete(KEY)
    blobs.put(KEY, sealed)


def test_after_a_failed_sync_of_a_folder_it_is_synced_again(
    root: Path, sealed: Path, monkeypatch: pytest.MonkeyPatch, disk_log: DiskLog
) -> None:
    blobs = FilesystemBlobs(root)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", raising(errno.EIO))
        with pytest.raises(StorageUnavailable):
            blobs.put(KEY, sealed)
    disk_log.clear()
    blobs.put(f"{KEY}B", sealed)
    assert disk_log.place("fsync", root / "township") >= 0


@pytest.mark.parametrize("act", ["put", "open", "keys", "room"])
def test_a_disk_that_went_away_is_storage_unavailable_and_is_not_made_anew(
    root: Path, sealed: Path, act: str
) -> None:
    """The folder of an unmounted disk lies on another one."""
    blobs = FilesystemBlobs(root)
    blobs.put(KEY, sealed)
    shutil.rmtree(root)
    acts: dict[str, Callable[[], object]] = {
        "put": lambda: blobs.put(f"{KEY}B", sealed),
        "open": lambda: blobs.open(KEY),
        "keys": lambda: list(blobs.keys()),
        "room": blobs.room,
    }
    with pytest.raises(StorageUnavailable):
        acts[act]()
    assert not root.exists()


def test_a_folder_that_cannot_be_listed_is_not_passed_over(
    root: Path, sealed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = FilesystemBlobs(root)
    blobs.put(KEY, sealed)
    listed = os.scandir

    def scan(path: str | os.PathLike[str]) -> object:
        if Path(path).name == "0a":
            raise OSError(errno.EIO, "I/O error")
        return listed(path)

    monkeypatch.setattr(os, "scandir", scan)
    with pytest.raises(StorageUnavailable):
        list(blobs.keys())


def test_a_blob_that_cannot_be_removed_is_told(root: Path, sealed: Path) -> None:
    blobs = FilesystemBlobs(root)
    blobs.put(KEY, sealed)
    with pytest.raises(StorageUnavailable):
        blobs.delete("township/0a")


def test_the_room_is_that_of_the_disk(root: Path) -> None:
    assert FilesystemBlobs(root).room() == pytest.approx(shutil.disk_usage(root).free, rel=0.05)


def test_a_full_disk_is_no_room(tiny_disk: Path) -> None:
    blobs = FilesystemBlobs(tiny_disk / "blobs")
    before = blobs.room()
    assert before is not None
    assert 0 < before <= 1024 * 1024
    filler = tiny_disk / "filler"
    with pytest.raises(OSError, match="space"):
        filler.write_bytes(bytes(2 * 1024 * 1024))
    assert blobs.room() == 0
