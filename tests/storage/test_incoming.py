"""Bytes on their way in: durable and digested when sealed, limited, and gone when nobody took them."""

import errno
import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import HubError, QuotaExceeded, StorageUnavailable, TooLarge
from core.limits import MIB
from storage.incoming import Incoming, IncomingFile
from storage.part10 import part10_header
from tests.fixtures.clock import FixedClock
from tests.fixtures.disk import DiskLog
from tests.fixtures.instances import ULTRASOUND_IMAGE, data_set, encoded

LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
HEADER = part10_header(ULTRASOUND_IMAGE, "1.2.3", LITTLE_ENDIAN)


@pytest.fixture
def incoming(tmp_path: Path) -> Incoming:
    return Incoming(tmp_path / "data" / "incoming")


def names(incoming: Incoming) -> list[str]:
    return sorted(path.name for path in incoming.directory.iterdir())


@pytest.mark.parametrize(
    "header", [b"", HEADER, b"x" * 128 + HEADER[128:]], ids=["none", "ours", "another's preamble"]
)
@pytest.mark.parametrize(
    "fragments",
    [[], [b""], [b"ab", b"", b"cde"], [bytearray(b"ab"), memoryview(b"xabcde")[3:]], [os.urandom(3 * MIB)]],
)
def test_a_sealed_file_is_what_was_written_and_says_so(
    incoming: Incoming, clock: FixedClock, disk_log: DiskLog, header: bytes, fragments: list[bytes]
) -> None:
    with incoming.new_file(clock.now()) as file:
        file.write_header(header)
        for fragment in fragments:
            file.write(fragment)
        sealed = file.sealed(
            transfer_syntax_uid=LITTLE_ENDIAN, announced_sop_class_uid="1.2", announced_sop_instance_uid="1.3"
        )
        payload = b"".join(bytes(fragment) for fragment in fragments)
        assert sealed.path.read_bytes() == header + payload
        assert disk_log.calls == [("fsync", sealed.path)]
    assert (sealed.data_set_offset, sealed.size) == (len(header), len(header) + len(payload))
    assert sealed.digest == hashlib.sha256(payload).hexdigest()
    given = HEADER if header else b""
    assert sealed.header_digest == hashlib.sha256(given).hexdigest()
    assert (sealed.transfer_syntax_uid, sealed.announced_sop_class_uid) == (LITTLE_ENDIAN, "1.2")
    assert (sealed.announced_sop_instance_uid, sealed.announced_study_instance_uid) == ("1.3", None)


@pytest.mark.parametrize("header", [HEADER, b"y" * 128 + HEADER[128:], HEADER[132:], b""], ids=len)
def test_a_whole_file_says_the_same_as_its_parts(
    incoming: Incoming, clock: FixedClock, header: bytes
) -> None:
    payload = encoded(data_set())
    with incoming.new_file(clock.now()) as one, incoming.new_file(clock.now()) as other:
        one.write_header(header)
        one.write(payload)
        parts = one.sealed(transfer_syntax_uid=LITTLE_ENDIAN)
        for start in range(0, len(header + payload), 100):
            other.write_part10((header + payload)[start : start + 100])
        whole = other.sealed_part10(study_instance_uid="1.2.9")
    assert (whole.digest, whole.header_digest) == (parts.digest, parts.header_digest)
    assert (whole.data_set_offset, whole.size) == (parts.data_set_offset, parts.size)
    assert whole.transfer_syntax_uid == LITTLE_ENDIAN
    assert whole.announced_study_instance_uid == "1.2.9"
    assert whole.announced_sop_class_uid == (ULTRASOUND_IMAGE if header else None)


@pytest.mark.parametrize("content", [b"", b"no DICOM at all", bytes(5000)])
def test_a_file_that_cannot_be_read_is_sealed_for_quarantine(
    incoming: Incoming, clock: FixedClock, content: bytes
) -> None:
    with incoming.new_file(clock.now()) as file:
        file.write_part10(content)
        sealed = file.sealed_part10()
        assert sealed.path.read_bytes() == content
    assert (sealed.data_set_offset, sealed.size) == (0, len(content))
    assert sealed.digest == hashlib.sha256(content).hexdigest()


def take(file: IncomingFile) -> None:
    file.write(b"x")


def seal(file: IncomingFile) -> None:
    file.write(b"x")
    file.sealed(transfer_syntax_uid=LITTLE_ENDIAN)


def fail(file: IncomingFile) -> None:
    file.write(b"x")
    raise LookupError


@pytest.mark.parametrize("act", [take, seal, fail])
def test_what_was_not_taken_is_removed_however_it_ends(
    incoming: Incoming, clock: FixedClock, act: Callable[[IncomingFile], None]
) -> None:
    try:
        with incoming.new_file(clock.now()) as file:
            assert len(names(incoming)) == 1
            act(file)
    except LookupError:
        pass
    assert names(incoming) == []
    file.discard()


def test_every_file_has_a_name_of_its_own_that_says_nothing(incoming: Incoming, clock: FixedClock) -> None:
    files = [incoming.new_file(clock.now()) for _ in range(50)]
    assert len(set(names(incoming))) == 50
    assert all(name.endswith(".part") and len(name) == 31 for name in names(incoming))
    for file in files:
        file.discard()


@pytest.mark.parametrize(
    ("header", "fragments", "allowed"),
    [
        (50, [100], True),
        (50, [60, 40], True),
        (100, [100], True),
        (50, [101], False),
        (50, [60, 41], False),
        (50, [100, 1], False),
        (50, [100, 0], True),
        (101, [], False),
    ],
)
def test_a_data_set_may_have_as_many_bytes_as_the_limit_says(
    incoming: Incoming, clock: FixedClock, header: int, fragments: list[int], allowed: bool
) -> None:
    def write() -> None:
        file.write_header(bytes(header))
        for length in fragments:
            file.write(bytes(length))

    with incoming.new_file(clock.now(), limit=100) as file:
        if allowed:
            write()
            assert file.sealed(transfer_syntax_uid=LITTLE_ENDIAN).size == header + sum(fragments)
        else:
            with pytest.raises(TooLarge, match="100 bytes"):
                write()
            assert file.path.stat().st_size <= header + 100
    assert names(incoming) == []


class ShortWrites(io.FileIO):
    """A file of a disk that takes a few bytes at a time."""

    def write(self, data: Any) -> int:
        return super().write(memoryview(data)[:7]) or 0


def test_a_write_that_the_disk_cuts_short_goes_on_where_it_stopped(
    incoming: Incoming, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "open", lambda path, mode, **_: ShortWrites(path, mode.strip("b")))
    with incoming.new_file(clock.now()) as file:
        file.write(bytes(range(100)))
        sealed = file.sealed(transfer_syntax_uid=LITTLE_ENDIAN)
        monkeypatch.undo()
        assert sealed.path.read_bytes() == bytes(range(100))
        assert (sealed.size, sealed.digest) == (100, hashlib.sha256(bytes(range(100))).hexdigest())


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, QuotaExceeded),
        (errno.EDQUOT, QuotaExceeded),
        (errno.EFBIG, QuotaExceeded),
        (errno.EIO, StorageUnavailable),
        (errno.EROFS, StorageUnavailable),
        (errno.ESTALE, StorageUnavailable),
    ],
)
def test_after_a_failed_sync_nothing_is_believed_not_even_the_next_one(
    incoming: Incoming, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, number: int, error: type[HubError]
) -> None:
    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    with incoming.new_file(clock.now()) as file:
        file.write(b"x")
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", refuse)
            with pytest.raises(error) as refusal:
                file.sealed(transfer_syntax_uid=LITTLE_ENDIAN)
        assert str(incoming.directory) not in str(refusal.value)
        with pytest.raises(ValueError, match="closed"):
            file.sealed(transfer_syntax_uid=LITTLE_ENDIAN)
    assert names(incoming) == []


def test_a_folder_that_went_away_is_storage_unavailable(incoming: Incoming, clock: FixedClock) -> None:
    incoming.directory.rmdir()
    with pytest.raises(StorageUnavailable):
        incoming.new_file(clock.now())


def test_a_full_disk_is_quota_exceeded_and_nothing_is_left_on_it(tiny_disk: Path, clock: FixedClock) -> None:
    incoming = Incoming(tiny_disk / "incoming")
    for door in ("write", "write_part10"):
        with incoming.new_file(clock.now()) as file, pytest.raises(QuotaExceeded):
            getattr(file, door)(bytes(2 * MIB))
        assert names(incoming) == []
    with incoming.new_file(clock.now()) as file:
        file.write(bytes(500_000))
        assert file.sealed(transfer_syntax_uid=LITTLE_ENDIAN).size == 500_000


PAST_THE_LIMIT = """
import pathlib, resource, sys
from datetime import UTC, datetime
from core.errors import QuotaExceeded
from storage.incoming import Incoming
incoming = Incoming(pathlib.Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
with incoming.new_file(datetime.now(UTC)) as file:
    file.write(bytes(90_000))
    try:
        file.write(bytes(90_000))
    except QuotaExceeded as refusal:
        print(refusal)
print(len(list(incoming.directory.iterdir())))
"""


def test_a_limit_of_the_operating_system_is_quota_exceeded_too(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", PAST_THE_LIMIT, str(tmp_path / "incoming")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == ["The disk for incoming instances is full.", "0"]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_reading_back_a_whole_file_may_fail_too(
    incoming: Incoming, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with incoming.new_file(clock.now()) as file:
        file.write_part10(HEADER + b"x")
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", refuse)
            with pytest.raises((StorageUnavailable, QuotaExceeded)):
                file.sealed_part10()
    assert names(incoming) == []


def test_the_room_is_that_of_the_disk_where_instances_land(tiny_disk: Path) -> None:
    incoming = Incoming(tiny_disk / "incoming")
    assert 0 < incoming.room() <= MIB
    incoming.directory.rmdir()
    with pytest.raises(StorageUnavailable):
        incoming.room()
