"""Where bytes are kept. Keys are the hub's own: nothing of a data set, AE title or header is ever in one."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol


class BlobStore(Protocol):
    """Puts once, reads anywhere, lists and deletes; every put is durable when it returns."""

    def put(self, key: str, path: Path) -> None:
        """Keep the sealed file at `path` under a fresh key.

        Raises:
            QuotaExceeded: there is no room.
            StorageUnavailable: the store cannot be reached, failed, or holds the key already.
        """

    def open(self, key: str) -> BinaryIO:
        """Open a blob for reading, seekable. Raises StorageUnavailable when it cannot be had."""

    def read_at(self, key: str, offset: int, length: int) -> bytes:
        """Return just these bytes of a blob, in one read.

        Raises:
            StorageUnavailable: the blob cannot be had, or ends before.
        """

    def delete(self, key: str) -> None:
        """Remove a blob; harmless when it is gone already."""

    def keys(self) -> Iterator[tuple[str, datetime]]:
        """Yield every key with the moment its blob was last written."""

    def room(self) -> int | None:
        """Return the free bytes, or None where the store does not know."""
