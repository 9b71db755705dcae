"""What every BlobStore must do, whatever it keeps its bytes in."""

import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import StorageUnavailable
from core.limits import MIB
from storage.blob_store import BlobStore
from storage.filesystem_blobs import FilesystemBlobs

KEY = "township/0a/01KAFXYZ0000000000000000AA"
OTHER = "station/ff/01KAFXYZ0000000000000000BB"
CONTENT = bytes(range(256)) * 20

Reopen = Callable[[], BlobStore]


@pytest.fixture(params=["filesystem", "s3"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Reopen:
    """Open the same store again, as another process would. A new kind of store joins here."""
    if request.param == "filesystem":
        return lambda: FilesystemBlobs(tmp_path / "blobs")
    object_store, bucket = map(request.getfixturevalue, ("object_store", "bucket"))
    object_store.blobs(bucket).prepare()
    return lambda: object_store.blobs(bucket)


@pytest.fixture
def blobs(reopen: Reopen) -> BlobStore:
    return reopen()


@pytest.fixture
def sealed(tmp_path: Path) -> Callable[[bytes], Path]:
    """Return a durable file as `incoming` holds it, on the store's disk."""
    numbers = iter(range(10**6))

    def write(content: bytes) -> Path:
        path = tmp_path / "incoming" / f"{next(numbers)}.part"
        path.parent.mkdir(exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return path

    return write


def content_of(blobs: BlobStore, key: str) -> bytes:
    with blobs.open(key) as blob:
        return blob.read()


def keys_of(blobs: BlobStore) -> set[str]:
    return {key for key, _ in blobs.keys()}  # noqa: SIM118 - a store is no mapping


@pytest.mark.parametrize(
    "content", [b"", b"\0", CONTENT, os.urandom(5 * MIB + 1)], ids=lambda each: str(len(each))
)
def test_a_blob_is_read_as_it_was_put_also_by_another_process(
    blobs: BlobStore, reopen: Reopen, sealed: Callable[[bytes], Path], content: bytes
) -> None:
    blobs.put(KEY, sealed(content))
    assert content_of(blobs, KEY) == content
    assert content_of(reopen(), KEY) == content


@pytest.mark.parametrize("size", [16 * MIB - 1, 16 * MIB, 16 * MIB + 1, 40 * MIB])
def test_a_large_blob_is_read_as_it_was_put(
    blobs: BlobStore, sealed: Callable[[bytes], Path], size: int
) -> None:
    path = sealed(random.Random(size).randbytes(size))
    blobs.put(KEY, path)
    with blobs.open(KEY) as blob, path.open("rb") as put:
        while piece := put.read(3 * MIB):
            assert blob.read(len(piece)) == piece
        assert blob.read(1) == b""
        for offset in (size - 1, 0, size // 2, MIB - 1):
            blob.seek(offset)
            put.seek(offset)
            assert blob.read(2 * MIB) == put.read(2 * MIB)


def test_a_blob_outlives_the_file_it_came_from(blobs: BlobStore, sealed: Callable[[bytes], Path]) -> None:
    path = sealed(CONTENT)
    blobs.put(KEY, path)
    assert path.read_bytes() == CONTENT
    path.unlink()
    assert content_of(blobs, KEY) == CONTENT


def test_a_blob_is_read_from_anywhere(blobs: BlobStore, sealed: Callable[[bytes], Path]) -> None:
    blobs.put(KEY, sealed(CONTENT))
    with blobs.open(KEY) as blob:
        assert blob.seekable()
        for offset, length in (
            (300, 10),
            (0, 5),
            (len(CONTENT) - 3, 100),
            (len(CONTENT), 1),
            (1, 0),
            (299, 10),
        ):
            blob.seek(offset)
            assert blob.tell() == offset
            assert blob.read(length) == CONTENT[offset : offset + length]
        assert blob.seek(0, os.SEEK_END) == len(CONTENT)
        assert blob.read() == b""
        assert blob.seek(-7, os.SEEK_END) == len(CONTENT) - 7
        assert blob.read() == CONTENT[-7:]


def test_just_the_bytes_that_are_asked_for_are_read(
    blobs: BlobStore, sealed: Callable[[bytes], Path]
) -> None:
    blobs.put(KEY, sealed(CONTENT))
    for offset, length in ((0, 1), (300, 10), (len(CONTENT) - 1, 1), (0, len(CONTENT)), (7, 0)):
        assert blobs.read_at(KEY, offset, length) == CONTENT[offset : offset + length]
    for key, offset, length in (
        (KEY, len(CONTENT) - 3, 4),
        (KEY, len(CONTENT), 1),
        (KEY, 10**12, 1),
        (OTHER, 0, 1),
    ):
        with pytest.raises(StorageUnavailable):
            blobs.read_at(key, offset, length)


def test_a_blob_can_be_read_by_many_at_once(blobs: BlobStore, sealed: Callable[[bytes], Path]) -> None:
    blobs.put(KEY, sealed(CONTENT))
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: content_of(blobs, KEY), range(32))) == {CONTENT}


def test_a_key_is_never_put_twice(blobs: BlobStore, sealed: Callable[[bytes], Path]) -> None:
    blobs.put(KEY, sealed(CONTENT))
    for content in (b"other", CONTENT, b""):
        with pytest.raises(StorageUnavailable):
            blobs.put(KEY, sealed(content))
    assert content_of(blobs, KEY) == CONTENT


def test_of_racing_puts_under_one_key_one_wins_whole(
    blobs: BlobStore, sealed: Callable[[bytes], Path]
) -> None:
    paths = [sealed(bytes([number]) * 100_000) for number in range(12)]

    def put(path: Path) -> bool:
        try:
            blobs.put(KEY, path)
        except StorageUnavailable:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        won = list(pool.map(put, paths))
    assert won.count(True) == 1
    assert content_of(blobs, KEY) == paths[won.index(True)].read_bytes()


def test_racing_puts_under_fresh_keys_are_all_kept(blobs: BlobStore, sealed: Callable[[bytes], Path]) -> None:
    kept = {
        f"site-{number % 3}/{number % 5:02x}/{number:026}": sealed(b"%d" % number) for number in range(60)
    }
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda item: blobs.put(*item), kept.items()))
    assert keys_of(blobs) == set(kept)
    assert all(content_of(blobs, key) == path.read_bytes() for key, path in kept.items())


def test_what_is_not_there_cannot_be_put(blobs: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        blobs.put(KEY, tmp_path / "no such file")
    assert keys_of(blobs) == set()


@pytest.mark.parametrize("key", [KEY, "township", "township/0a", "x"])
def test_what_was_never_put_cannot_be_read(
    blobs: BlobStore, sealed: Callable[[bytes], Path], key: str
) -> None:
    blobs.put(f"{KEY}B", sealed(CONTENT))
    with pytest.raises(StorageUnavailable), blobs.open(key) as blob:
        blob.read()


def test_a_deleted_blob_is_gone_and_deleting_again_is_harmless(
    blobs: BlobStore, sealed: Callable[[bytes], Path]
) -> None:
    blobs.put(KEY, sealed(CONTENT))
    blobs.put(OTHER, sealed(b"other"))
    for key in (KEY, KEY, "never/00/put"):
        blobs.delete(key)
    assert keys_of(blobs) == {OTHER}
    with pytest.raises(StorageUnavailable), blobs.open(KEY) as blob:
        blob.read()
    assert content_of(blobs, OTHER) == b"other"


def test_every_key_is_listed_with_the_moment_of_its_writing(
    blobs: BlobStore, reopen: Reopen, sealed: Callable[[bytes], Path]
) -> None:
    assert list(blobs.keys()) == []
    before = datetime.now(UTC)
    for key in (KEY, OTHER):
        blobs.put(key, sealed(CONTENT))
    listed = dict(reopen().keys())
    assert set(listed) == {KEY, OTHER}
    for moment in listed.values():
        assert moment.tzinfo is not None
        assert before - timedelta(seconds=2) <= moment <= datetime.now(UTC) + timedelta(seconds=2)


def test_listing_goes_on_while_blobs_are_deleted(blobs: BlobStore, sealed: Callable[[bytes], Path]) -> None:
    for number in range(50):
        blobs.put(f"township/{number:02x}/{number}", sealed(b"x"))
    for key, _ in blobs.keys():  # noqa: SIM118 - a store is no mapping
        blobs.delete(key)
    assert keys_of(blobs) == set()


def test_the_room_is_a_number_of_bytes_or_not_known(blobs: BlobStore) -> None:
    room = blobs.room()
    assert room is None or room > 0
