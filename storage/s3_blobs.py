"""Blobs in a bucket of any S3-compatible object store; nothing in it is believed until it was read back."""

import io
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final, cast
from xml.etree.ElementTree import ParseError

from minio import Minio
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from core.errors import Misconfigured, QuotaExceeded, StorageUnavailable
from core.limits import KIB, MIB
from storage.s3_connections import connection_pool, within
from storage.s3_location import S3Location

ACT_SECONDS: Final = 20.0
"""For one act, however many requests it takes: a device waits 30 s for its response, many no longer."""
SLOWEST_BYTES_PER_SECOND: Final = MIB
"""What an act has on top of that for the bytes it moves; a slower store is taken to be away."""
SIGNATURE_LIFE: Final = timedelta(minutes=15)
"""As far as clocks may lie apart (S3 allows the same)."""
CHUNK: Final = MIB
READ_BUFFER: Final = 128 * KIB
FIRST_RANGE: Final = 256 * KIB
"""Fetched where reading begins; who reads on is given twice as much each time, up to LONGEST_RANGE."""
LONGEST_RANGE: Final = 16 * MIB
_FULL: Final = frozenset({"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"})
_MADE_BY_ANOTHER: Final = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})
_HTTP_INSUFFICIENT_STORAGE: Final = 507
_HTTP_PRECONDITION_FAILED: Final = 412
_ERROR_CODE: Final = re.compile(r"<Code>([A-Za-z0-9.]{1,64})</Code>")


class S3Blobs:
    """A BlobStore in a bucket.

    Each blob goes up in one conditional put, streamed from its file: the store itself sees to it that no key
    is put twice, whatever the size, and an upload that was cut leaves nothing behind.
    """

    def __init__(self, location: S3Location, *, access_key: str, secret_key: str) -> None:
        self._bucket = location.bucket
        self._pool = connection_pool()
        self._client = Minio(
            location.endpoint,
            access_key=access_key,
            secret_key=secret_key,
            secure=location.tls,
            region=location.region,
            http_client=self._pool,
        )
        self._keeps_its_word = False

    def prepare(self, seconds: float = ACT_SECONDS) -> None:
        """Make the bucket where it is missing, and see that the store refuses a second put of one key.

        Not needed before a put, which does it where it was not done; but it tells at once.

        Raises:
            Misconfigured: the store would replace what it keeps.
            StorageUnavailable: it cannot be reached, or refuses.
        """
        key = (
            f"probe/{secrets.token_hex(16)}"  # one that was left behind is swept like any blob without a row
        )
        with within(seconds), _translated("The bucket cannot be used"):
            self._make_bucket()
            was_kept = self._put_once(key, io.BytesIO(b"first"), 5)
            was_replaced = self._put_once(key, io.BytesIO(b"other"), 5)
            kept = self._client.get_object(self._bucket, key)
            content = kept.read(5)
            _dispose(kept)
            with suppress(MinioException, HTTPError, OSError):
                self._client.remove_object(self._bucket, key)
        if was_replaced or not was_kept or content != b"first":
            raise Misconfigured(
                "This object store ignores If-None-Match, so it could replace an image that it keeps:"
                " use one that honours conditional puts."
            )
        self._keeps_its_word = True

    def put(self, key: str, path: Path) -> None:
        """Upload the file, then read the blob back and compare it byte by byte.

        Raises:
            QuotaExceeded: the store says that it is full.
            StorageUnavailable: it cannot be reached, failed, is too slow, holds the key already, gave back
                other bytes than it was given, or would replace what it keeps.
        """
        with _translated("The object store failed to keep a blob"), path.open("rb") as file:
            size = path.stat().st_size
            with within(ACT_SECONDS + 2 * size / SLOWEST_BYTES_PER_SECOND):
                self._require_its_word()
                if not self._put_once(key, file, size):
                    raise StorageUnavailable(f"The object store holds blob {key} already.")
                file.seek(0)
                if not self._holds(key, file):
                    self.delete(key)
                    raise StorageUnavailable("The object store gave back other bytes than it was given.")

    def open(self, key: str) -> BinaryIO:
        """Open a blob, seekable; bytes are fetched in ranges, as they are read."""
        with within(ACT_SECONDS), _translated(f"Blob {key} cannot be read"):
            found = self._client.stat_object(self._bucket, key)
            is_told = "Content-Length" in (found.metadata or {})  # the client takes a missing length for 0
            if found.size is None or not is_told:
                raise StorageUnavailable(f"The object store does not say how long blob {key} is.")
        return cast(BinaryIO, io.BufferedReader(_RangedReader(self, key, found.size), READ_BUFFER))

    def read_at(self, key: str, offset: int, length: int) -> bytes:
        """Return just these bytes of a blob, in one request."""
        if length == 0:
            return b""
        with within(ACT_SECONDS + length / SLOWEST_BYTES_PER_SECOND):
            answer = self.fetch(key, offset, length)
            try:
                with _translated(f"Blob {key} broke off"):
                    piece = answer.read(length)
            finally:
                _dispose(answer)
        if len(piece) != length:
            raise StorageUnavailable(f"Blob {key} broke off.")
        return piece

    def delete(self, key: str) -> None:
        """Remove a blob; harmless when it is gone already."""
        with within(ACT_SECONDS), _translated(f"Blob {key} cannot be removed"):
            self._client.remove_object(self._bucket, key)

    def keys(self) -> Iterator[tuple[str, datetime]]:
        """Yield every key with the moment it was put, by the store's clock."""
        listing = iter(self._client.list_objects(self._bucket, recursive=True))
        while True:
            with within(ACT_SECONDS), _translated("The object store cannot be listed"):
                found = next(listing, None)
            if found is None:
                return
            if found.object_name and found.last_modified:
                yield found.object_name, found.last_modified

    def room(self) -> int | None:
        """An object store does not say."""
        return None

    def fetch(self, key: str, offset: int, length: int, size: int | None = None) -> BaseHTTPResponse:
        """Begin to read a part of a blob, of `size` bytes if known; the caller disposes of what it gets."""
        with within(ACT_SECONDS), _translated(f"Blob {key} cannot be read"):
            answer = self._client.get_object(self._bucket, key, offset, length)
            sent, _, whole = answer.headers.get("Content-Range", "").partition("/")
            if sent != f"bytes {offset}-{offset + length - 1}" or (size is not None and whole != str(size)):
                answer.close()
                raise StorageUnavailable(f"The object store sent another part of blob {key}.")
            return answer

    def _make_bucket(self) -> None:
        if self._client.bucket_exists(self._bucket):
            return
        try:
            self._client.make_bucket(self._bucket)
        except S3Error as error:
            if error.code not in _MADE_BY_ANOTHER:
                raise

    def _require_its_word(self) -> None:
        if self._keeps_its_word:
            return
        try:
            self.prepare()
        except Misconfigured as error:
            raise StorageUnavailable(str(error)) from error

    def _put_once(self, key: str, content: BinaryIO, size: int) -> bool:
        """Put a blob unless the key is held; return whether it was kept.

        The client's own put takes no condition and holds the content in memory, so it only signs the request.
        """
        answer = self._pool.urlopen(
            "PUT",
            self._client.get_presigned_url("PUT", self._bucket, key, SIGNATURE_LIFE),
            body=content,
            headers={
                "Content-Length": str(size),
                "Content-Type": "application/octet-stream",
                "If-None-Match": "*",
            },
        )
        if answer.status == _HTTP_PRECONDITION_FAILED:
            return False
        if answer.status != 200:
            raise _refusal(answer)
        return True

    def _holds(self, key: str, content: BinaryIO) -> bool:
        """Whether the store gives back exactly these bytes."""
        kept = self._client.get_object(self._bucket, key)
        try:
            while chunk := content.read(CHUNK):
                if kept.read(len(chunk)) != chunk:
                    return False
            return not kept.read(1)
        finally:
            _dispose(kept)


class _RangedReader(io.RawIOBase):
    """A blob as a seekable file. Reading on costs little; to seek elsewhere begins another request."""

    def __init__(self, blobs: S3Blobs, key: str, size: int) -> None:
        self._blobs = blobs
        self._key = key
        self._size = size
        self._position = 0
        self._next_range = FIRST_RANGE
        self._answer: BaseHTTPResponse | None = None
        self._left_in_answer = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        target = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence] + offset
        if target < 0:
            raise ValueError("A file has no bytes before its first.")
        if target != self._position:
            self._drop_answer()
            self._position = target
            self._next_range = FIRST_RANGE
        return target

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # its only caller is BufferedReader
        wanted = min(len(buffer), self._size - self._position)
        if wanted <= 0:
            return 0
        if self._answer is None:
            self._left_in_answer = min(self._next_range, self._size - self._position)
            self._answer = self._blobs.fetch(self._key, self._position, self._left_in_answer, self._size)
            self._next_range = min(2 * self._next_range, LONGEST_RANGE)
        wanted = min(wanted, self._left_in_answer)
        with within(ACT_SECONDS), _translated(f"Blob {self._key} broke off"):
            chunk = self._answer.read(wanted)
        if len(chunk) != wanted:
            raise StorageUnavailable(f"Blob {self._key} broke off.")
        buffer[:wanted] = chunk
        self._position += wanted
        self._left_in_answer -= wanted
        if not self._left_in_answer:
            self._drop_answer()
        return wanted

    def close(self) -> None:
        self._drop_answer()
        super().close()

    def _drop_answer(self) -> None:
        if self._answer is not None:
            _dispose(self._answer)
            self._answer = None


def _dispose(answer: BaseHTTPResponse) -> None:
    """Give the connection back; one that still has bytes to come is closed."""
    answer.close()
    answer.release_conn()


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Turn every error of the client into ours; its text quotes what the store sent, so it is not shown."""
    try:
        yield
    except S3Error as error:
        raise _error(what, error.code or "") from error
    except (HTTPError, OSError) as error:
        raise StorageUnavailable(f"{what}: no answer, or it broke off.") from error
    except (MinioException, ParseError, ValueError) as error:
        raise StorageUnavailable(f"{what}: the answer is none of an object store.") from error


def _refusal(answer: BaseHTTPResponse) -> QuotaExceeded | StorageUnavailable:
    found = _ERROR_CODE.search(answer.data.decode(errors="replace"))
    if answer.status == _HTTP_INSUFFICIENT_STORAGE:
        return QuotaExceeded("The object store is full.")
    return _error("The object store failed to keep a blob", found[1] if found else f"HTTP {answer.status}")


def _error(what: str, code: str) -> QuotaExceeded | StorageUnavailable:
    if code in _FULL:
        return QuotaExceeded(f"The object store is full ({code}).")
    shown = code if re.fullmatch("[A-Za-z0-9. ]{1,64}", code) else "no reason given"
    return StorageUnavailable(f"{what} ({shown}).")
