"""Blobs as files on one disk: linked into place from `incoming`, names made durable with their folders."""

import errno
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from core.errors import QuotaExceeded, StorageUnavailable


class FilesystemBlobs:
    """A BlobStore in a folder; its `incoming` must lie on the same disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def put(self, key: str, path: Path) -> None:
        """Link the sealed file into place: atomic, and never over another blob."""
        target = self._path(key)
        try:
            self._make_folder(target.parent)
            os.link(path, target)
            _sync_folder(target.parent)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise QuotaExceeded("The disk of the blob store is full.") from error
            raise StorageUnavailable("The blob store failed to keep a blob.") from error

    def open(self, key: str) -> BinaryIO:
        """Open a blob for reading."""
        try:
            return self._path(key).open("rb")
        except OSError as error:
            raise StorageUnavailable(f"Blob {key} cannot be read.") from error

    def delete(self, key: str) -> None:
        """Remove a blob."""
        self._path(key).unlink(missing_ok=True)

    def keys(self) -> Iterator[tuple[str, datetime]]:
        """Yield every key with the time its file was last written."""
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = Path(folder) / name
                try:
                    written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                except FileNotFoundError:
                    continue
                yield path.relative_to(self.root).as_posix(), written_at

    def room(self) -> int | None:
        """Return the free bytes of the disk."""
        return shutil.disk_usage(self.root).free

    def _path(self, key: str) -> Path:
        return self.root / key

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
