"""The files of a ZIP, within limits. Their names are only shown, never used as a path."""

import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, cast

from core.errors import TooLarge
from core.limits import ARCHIVE_ENTRIES, ARCHIVE_INFLATED, ARCHIVE_RATIO, MIB

ZIP_BEGINS: Final = b"PK\x03\x04"

Opener = Callable[[], AbstractContextManager[BinaryIO]]
"""Opens one file for reading from any place in it."""


def zip_entries(source: Path) -> list[tuple[str, Opener]]:
    """List a ZIP's files.

    Raises:
        zipfile.BadZipFile: it is none.
        TooLarge: more entries or bytes than a medium has, or packed beyond what images can be.
    """
    with zipfile.ZipFile(source) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    inflated = sum(entry.file_size for entry in entries)
    if len(entries) > ARCHIVE_ENTRIES or inflated > ARCHIVE_INFLATED:
        raise TooLarge(f"The ZIP holds more than {ARCHIVE_ENTRIES} files or {ARCHIVE_INFLATED} bytes.")
    if inflated > MIB and inflated > ARCHIVE_RATIO * source.stat().st_size:
        raise TooLarge(f"The ZIP is packed more than {ARCHIVE_RATIO} times: no images are.")
    return [(entry.filename, partial(_open_entry, source, entry)) for entry in entries]


@contextmanager
def _open_entry(source: Path, entry: zipfile.ZipInfo) -> Iterator[BinaryIO]:
    """Unpack one entry to a nameless file; what it says of its size is not believed."""
    with (
        zipfile.ZipFile(source) as archive,
        archive.open(entry) as packed,
        tempfile.TemporaryFile() as unpacked,
    ):
        size = 0
        while chunk := packed.read(MIB):
            size += len(chunk)
            if size > entry.file_size:
                raise zipfile.BadZipFile(entry.filename)
            unpacked.write(chunk)
        unpacked.seek(0)
        yield cast(BinaryIO, unpacked)
