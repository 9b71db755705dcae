"""Blobs as files on one disk: linked into place from `incoming`, names made durable with their folders."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from core.errors import QuotaExceeded, StorageUnavailable


class FilesystemBlobs:
    """A BlobStore in a folder; its `incoming` must lie on the same disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        missing = [folder for folder in (root, *root.parents) if not folder.exists()]
        root.mkdir(parents=True, exist_ok=True)
        for folder in missing:
            _sync_folder(folder.parent)
        self._durable: set[Path] = set()

    def put(self, key: str, path: Path) -> None:
        """Link the sealed file into place: atomic, and never over another blob."""
        target = self._path(key)
        with _translated("The blob store failed to keep a blob."):
            self._make_folder(target.parent)
            os.link(path, target)
            _sync_folder(target.parent)

    def open(self, key: str) -> BinaryIO:
        """Open a blob for reading."""
        with _translated(f"Blob {key} cannot be read."):
            return self._path(key).open("rb")

    def read_at(self, key: str, offset: int, length: int) -> bytes:
        """Return just these bytes of a blob."""
        with _translated(f"Blob {key} cannot be read."), self._path(key).open("rb", buffering=0) as blob:
            blob.seek(offset)
            return _whole_piece(blob, key, length)

    def delete(self, key: str) -> None:
        """Remove a blob."""
        with _translated(f"Blob {key} cannot be removed."):
            self._path(key).unlink(missing_ok=True)

    def keys(self) -> Iterator[tuple[str, datetime]]:
        """Yield every key with the time its file was last written."""
        with _translated("The blob store cannot be listed."):
            for folder, _, names in os.walk(self.root, onerror=_raise):
                for name in names:
                    path = Path(folder) / name
                    try:
                        written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                    except FileNotFoundError:
                        continue
                    yield path.relative_to(self.root).as_posix(), written_at

    def room(self) -> int | None:
        """Return the free bytes of the disk."""
        with _translated("The disk of the blob store is not there."):
            return shutil.disk_usage(self.root).free

    def _path(self, key: str) -> Path:
        return self.root / key

    def _make_folder(self, folder: Path) -> None:
        """Make a folder whose name is durable, below a root that is never made anew: its disk may be away.

        A folder that is there already may be another's who has not synced its name yet, or did not live to.
        """
        if folder in self._durable and folder.is_dir():
            return
        if folder != self.root:
            self._make_folder(folder.parent)
            folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)
        self._durable.add(folder)


def _whole_piece(blob: FileIO, key: str, length: int) -> bytes:
    """Read so many bytes: the system gives at most two gigabytes at once."""
    pieces = []
    while length > 0:
        piece = blob.read(length)
        if not piece:
            raise StorageUnavailable(f"Blob {key} is shorter than it should be.")
        pieces.append(piece)
        length -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


@contextmanager
def _translated(message: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise QuotaExceeded("The disk of the blob store is full.") from error
        raise StorageUnavailable(message) from error


def _raise(error: OSError) -> None:
    raise error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
