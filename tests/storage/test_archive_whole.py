"""Giving an instance out whole: as received but for the preamble, or not at all."""

import errno
import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest
from pydicom import dcmread

from core.errors import StorageUnavailable
from core.limits import MIB
from storage.archive import Archive
from storage.part10 import part10_header
from tests.fixtures.archive import device_at
from tests.fixtures.held import only_instance
from tests.fixtures.instances import ULTRASOUND_IMAGE, data_set, encoded, receive

LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
META = part10_header(ULTRASOUND_IMAGE, "1.2.3", LITTLE_ENDIAN)[128:]
EXECUTABLE = b"MZ" + b"\x90" * 126

Keep = Callable[..., Path]


@pytest.fixture
def keep(archive: Archive) -> Keep:
    """Store one instance and return where its blob lies."""

    def store(payload: bytes | None = None, header: bytes = bytes(128) + META) -> Path:
        archive.store(
            receive(archive.incoming, payload or encoded(data_set()), header=header), device_at("township")
        )
        return archive.blobs.root / only_instance(archive).blob_key  # type: ignore[attr-defined] # this store has one

    return store


def large() -> bytes:
    return encoded(data_set(Rows=1024, Columns=3584, PixelData=bytes(range(256)) * 14 * 1024))


def given(archive: Archive) -> bytes:
    return b"".join(archive.whole(only_instance(archive)))


@pytest.mark.parametrize(
    "preamble", [bytes(128), EXECUTABLE, b"\xff" * 128], ids=["zeros", "executable", "ones"]
)
@pytest.mark.parametrize("payload", [encoded(data_set()), large()], ids=["small", "large"])
def test_an_instance_comes_back_as_it_was_sent_with_its_preamble_zeroed(
    archive: Archive, keep: Keep, preamble: bytes, payload: bytes
) -> None:
    blob = keep(payload, preamble + META)
    assert blob.read_bytes() == preamble + META + payload
    assert given(archive) == bytes(128) + META + payload
    assert dcmread(BytesIO(given(archive))).PatientID == "0001"


@pytest.mark.parametrize("header", [b"", META[4:]], ids=["bare", "File Meta without preamble"])
def test_where_there_is_no_preamble_nothing_is_zeroed(archive: Archive, keep: Keep, header: bytes) -> None:
    payload = encoded(data_set())
    keep(payload, header)
    assert given(archive) == header + payload


def test_any_flipped_bit_of_a_small_instance_keeps_all_of_it_back(archive: Archive, keep: Keep) -> None:
    blob = keep()
    sound = blob.read_bytes()
    instance = only_instance(archive)
    given_out: list[int] = []
    with blob.open("r+b", buffering=0) as file:
        for position in range(128, len(sound)):
            file.seek(position)
            file.write(bytes([sound[position] ^ (1 << position % 8)]))
            chunks = archive.whole(instance)
            try:
                next(chunks)
                given_out.append(position)
            except StorageUnavailable:
                pass
            file.seek(position)
            file.write(sound[position : position + 1])
    assert given_out == []
    assert given(archive) == sound


def test_a_flipped_bit_of_the_preamble_harms_nothing(archive: Archive, keep: Keep) -> None:
    blob = keep()
    sound = given(archive)
    damaged = bytearray(blob.read_bytes())
    damaged[5] ^= 1
    blob.write_bytes(damaged)
    assert given(archive) == sound


@pytest.mark.parametrize("position", [200, 400, 2**20, 2 * 2**20 + 7, -1])
def test_a_flipped_bit_anywhere_never_lets_a_whole_large_instance_out(
    archive: Archive, keep: Keep, position: int
) -> None:
    blob = keep(large())
    damaged = bytearray(blob.read_bytes())
    damaged[position] ^= 0x80
    blob.write_bytes(damaged)
    received = bytearray()

    def read() -> None:
        for chunk in archive.whole(only_instance(archive)):
            received.extend(chunk)

    with pytest.raises(StorageUnavailable, match="damaged"):
        read()
    assert len(received) <= len(damaged) - MIB // 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda content: content[:100],
        lambda content: content[:-1],
        lambda content: content + b"\0",
        lambda content: content + content,
        lambda content: bytes(len(content)),
        lambda content: content[:140] + content[141:],
        lambda content: content[:128] + content[132:],
    ],
    ids=["empty", "cut early", "cut late", "longer", "twice", "zeros", "one byte out", "no prefix"],
)
@pytest.mark.parametrize("payload", [encoded(data_set()), large()], ids=["small", "large"])
def test_a_blob_of_another_length_or_content_is_never_given_out_whole(
    archive: Archive, keep: Keep, payload: bytes, damage: Callable[[bytes], bytes]
) -> None:
    blob = keep(payload)
    blob.write_bytes(damage(blob.read_bytes()))
    with pytest.raises(StorageUnavailable, match="damaged"):
        given(archive)


def test_a_blob_that_is_gone_cannot_be_given(archive: Archive, keep: Keep) -> None:
    keep().unlink()
    with pytest.raises(StorageUnavailable):
        given(archive)


def test_no_error_names_the_patient(archive: Archive, keep: Keep) -> None:
    blob = keep()
    blob.write_bytes(bytes(10))
    with pytest.raises(StorageUnavailable) as refusal:
        given(archive)
    assert "Zhang" not in str(refusal.value)
    assert "0001" not in str(refusal.value).replace(only_instance(archive).sop_instance_uid, "")


class FailingDisk(BytesIO):
    """A blob whose disk fails behind its first MiB."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() >= MIB:
            raise OSError(errno.EIO, "I/O error")
        return super().read(size)


def test_a_disk_that_fails_while_reading_is_storage_unavailable(
    archive: Archive, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = keep(large()).read_bytes()

    def open_failing(_: str) -> BinaryIO:
        return FailingDisk(content)

    monkeypatch.setattr(archive.blobs, "open", open_failing)
    with pytest.raises(StorageUnavailable):
        given(archive)


def test_neither_a_long_file_meta_nor_a_long_data_set_is_held_in_memory(archive: Archive, keep: Keep) -> None:
    private = struct.pack("<HH2sHL", 2, 0x0102, b"OB", 0, 5 * MIB) + bytes(5 * MIB)
    keep(large(), bytes(128) + META + private)
    chunks = [len(chunk) for chunk in archive.whole(only_instance(archive))]
    assert sum(chunks) == only_instance(archive).size
    assert max(chunks) <= 2 * MIB
    assert min(chunks) > 0


def test_the_file_as_kept_can_be_read_in_parts(archive: Archive, keep: Keep) -> None:
    content = keep(large()).read_bytes()
    with archive.open(only_instance(archive)) as blob:
        blob.seek(2 * MIB)
        assert blob.read(1000) == content[2 * MIB : 2 * MIB + 1000]
