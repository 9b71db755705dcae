"""Where bytes land before they are kept: one file an instance, on the disk of the blobs if those are files.

A file here was never acknowledged: whoever receives discards it on abort, the sweep takes what a crash left.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from core.errors import InvalidInstance, QuotaExceeded, StorageUnavailable, TooLarge
from core.limits import DATA_SET_LIMIT, MIB
from core.uids import new_key
from storage.element_header import IMPLICIT_VR_LITTLE_ENDIAN
from storage.part10 import Part10Header, read_part10_preamble

PREAMBLE_LENGTH = 128


@dataclass(frozen=True, kw_only=True)
class EncodedInstance:
    """A whole instance on disk as a Part 10 file (PS3.10), its data set exactly as sent.

    `digest` is the SHA-256 of the data set alone: preamble and File Meta differ from sender to sender.
    `header_digest` is that of what stands before it, as `header_chunks` gives it out.
    The announced UIDs are those of the C-STORE command, the File Meta or the URL, where there were any.
    """

    path: Path
    data_set_offset: int
    size: int
    digest: str
    header_digest: str
    transfer_syntax_uid: str
    announced_sop_class_uid: str | None = None
    announced_sop_instance_uid: str | None = None
    announced_study_instance_uid: str | None = None


class IncomingFile:
    """One instance on its way in. Use as a context manager: whatever was not taken is removed at the end."""

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        self.size = 0
        self.data_set_offset = 0
        self._limit = limit
        self._digest = hashlib.sha256()
        self._header_digest = hashlib.sha256()
        try:
            self._file = path.open("xb", buffering=0)
        except OSError as error:
            raise _refusal(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def write_header(self, part10_header: bytes) -> None:
        """Write preamble and File Meta; the data set begins behind them."""
        self._append(part10_header)
        self.data_set_offset = self.size
        for chunk in header_chunks(BytesIO(part10_header), self.size):
            self._header_digest.update(chunk)

    def write(self, fragment: bytes | bytearray | memoryview) -> None:
        """Append a fragment of the data set.

        Raises:
            TooLarge: the data set passes the limit.
            QuotaExceeded: the disk is full.
            StorageUnavailable: the disk failed.
        """
        self._append(fragment)
        self._digest.update(fragment)

    def write_part10(self, fragment: bytes | bytearray | memoryview) -> None:
        """Append a fragment of a whole Part 10 file, header and all; raises as `write` does."""
        self._append(fragment)

    def _append(self, fragment: bytes | bytearray | memoryview) -> None:
        if self.size - self.data_set_offset + len(fragment) > self._limit:
            raise TooLarge(f"The data set is longer than {self._limit} bytes.")
        remaining = memoryview(fragment)
        try:
            while remaining:
                remaining = remaining[self._file.write(remaining) :]
        except OSError as error:
            raise _refusal(error) from error
        self.size += len(fragment)

    def sealed(
        self,
        *,
        transfer_syntax_uid: str,
        announced_sop_class_uid: str | None = None,
        announced_sop_instance_uid: str | None = None,
    ) -> EncodedInstance:
        """Make the bytes durable and say what they are; after a failed fsync they are not trusted."""
        self._make_durable()
        return EncodedInstance(
            path=self.path,
            data_set_offset=self.data_set_offset,
            size=self.size,
            digest=self._digest.hexdigest(),
            header_digest=self._header_digest.hexdigest(),
            transfer_syntax_uid=transfer_syntax_uid,
            announced_sop_class_uid=announced_sop_class_uid,
            announced_sop_instance_uid=announced_sop_instance_uid,
        )

    def sealed_part10(self, *, study_instance_uid: str | None = None) -> EncodedInstance:
        """Make a file that came through `write_part10` durable and read from its own header what it is.

        What has no readable header is taken for a bare data set: the archive then puts it in quarantine.
        `study_instance_uid` is the study it was announced for.
        """
        self._make_durable()
        try:
            with self.path.open("rb") as stream:
                header = _part10_header(stream)
                stream.seek(0)
                for chunk in header_chunks(stream, header.data_set_offset):
                    self._header_digest.update(chunk)
                for chunk in chunks(stream):
                    self._digest.update(chunk)
        except OSError as error:
            raise _refusal(error) from error
        return EncodedInstance(
            path=self.path,
            data_set_offset=header.data_set_offset,
            size=self.size,
            digest=self._digest.hexdigest(),
            header_digest=self._header_digest.hexdigest(),
            transfer_syntax_uid=header.transfer_syntax_uid,
            announced_sop_class_uid=header.media_storage_sop_class_uid,
            announced_sop_instance_uid=header.media_storage_sop_instance_uid,
            announced_study_instance_uid=study_instance_uid,
        )

    def durable(self) -> Path:
        """Make bytes that are no instance durable, for the blob store to take; raises as `write` does."""
        self._make_durable()
        return self.path

    def _make_durable(self) -> None:
        try:
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            # The next fsync of these bytes may well succeed without having written them.
            self.discard()
            raise _refusal(error) from error

    def discard(self) -> None:
        """Remove the file; harmless once the archive has taken it."""
        self._file.close()
        self.path.unlink(missing_ok=True)


class Incoming:
    """The folder in which instances land."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def new_file(self, now: datetime, limit: int = DATA_SET_LIMIT) -> IncomingFile:
        """Open a fresh file for one instance of at most `limit` bytes of data set."""
        return IncomingFile(self.directory / f"{new_key(now)}.part", limit)

    def room(self) -> int:
        """Return the free bytes of the disk. Raises StorageUnavailable where it is not there."""
        try:
            return shutil.disk_usage(self.directory).free
        except OSError as error:
            raise _refusal(error) from error


def _part10_header(stream: BinaryIO) -> Part10Header:
    try:
        return read_part10_preamble(stream)
    except InvalidInstance:
        return Part10Header(
            data_set_offset=0,
            transfer_syntax_uid=IMPLICIT_VR_LITTLE_ENDIAN,
            media_storage_sop_class_uid=None,
            media_storage_sop_instance_uid=None,
        )


def header_chunks(stream: BinaryIO, length: int) -> Iterator[bytes]:
    """Yield what stands before a data set with its preamble zeroed: it may hold anything (PS3.10 7.1)."""
    chunk = stream.read(min(length, MIB))
    if chunk[PREAMBLE_LENGTH:].startswith(b"DICM"):
        chunk = bytes(PREAMBLE_LENGTH) + chunk[PREAMBLE_LENGTH:]
    while chunk:
        yield chunk
        length -= len(chunk)
        chunk = stream.read(min(length, MIB))


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of a stream."""
    while chunk := stream.read(MIB):
        yield chunk


def _refusal(error: OSError) -> QuotaExceeded | StorageUnavailable:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return QuotaExceeded("The disk for incoming instances is full.")
    return StorageUnavailable("The disk for incoming instances failed.")
