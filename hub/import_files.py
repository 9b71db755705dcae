"""`imaging-hub import`: a USB stick, a folder or a ZIP of an old PACS, through the same door as a device."""

import os
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from core.access import EVERY_SITE
from core.errors import DataSetMismatch, HubError, InvalidInstance, TooLarge
from core.limits import ARCHIVE_ENTRIES, ARCHIVE_INFLATED, ARCHIVE_RATIO, MIB
from core.origin import Origin, OriginKind
from database.tallies import IMPORTED, add_to_tally
from hub.operator import operator
from hub.schema import require_current
from hub.settings import Settings
from hub.wiring import House, open_house
from storage.incoming import EncodedInstance
from storage.instance import StoreOutcome
from storage.part10 import read_part10_preamble
from storage.receiving import received_part10

# PS3.4 table B.5-1 and PS3.3 F: the directory of a medium, not an exam.
MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"

Opener = Callable[[], AbstractContextManager[BinaryIO]]
"""Opens one file for reading from any place in it."""


class LeftOut(StrEnum):
    """Why a file gave no instance."""

    NOT_DICOM = "not-dicom"
    DIRECTORY = "dicomdir"
    QUARANTINED = "quarantined"
    FAILED = "failed"


WORDS: dict[StoreOutcome | LeftOut, str] = {
    StoreOutcome.STORED: "stored",
    StoreOutcome.ALREADY_HELD: "held already",
    StoreOutcome.KEPT_AS_REPRESENTATION: "kept as another encoding of an instance",
    StoreOutcome.KEPT_AS_CONFLICT: "kept beside another data set of the same UID",
    LeftOut.NOT_DICOM: "not DICOM",
    LeftOut.DIRECTORY: "DICOMDIR",
    LeftOut.QUARANTINED: "kept in quarantine",
    LeftOut.FAILED: "failed",
}


def run_import(settings: Settings, source: Path, site_id: str) -> int:
    """Take everything in and tell what became of it; 0 only if nothing is left out that was DICOM."""
    console = Console()
    house = open_house(settings)
    require_current(settings, house.database)
    house.directory.site(site_id)
    origin = Origin(kind=OriginKind.IMPORT, site_id=site_id, source="import", brought_by=operator())
    counts: Counter[StoreOutcome | LeftOut] = Counter()
    files = _zip_entries(source) if zipfile.is_zipfile(source) else _plain_files(source)
    with _progress(console) as progress:
        task = progress.add_task("Importing", total=len(files))
        for name, opened in files:
            outcome = _take_in(house, opened, origin)
            counts[outcome] += 1
            if outcome in {LeftOut.QUARANTINED, LeftOut.FAILED}:
                progress.console.print(f"{WORDS[outcome]}: {name}", markup=False)
            progress.advance(task)
    for outcome, count in counts.items():
        console.print(f"{count:6} {WORDS[outcome]}", markup=False)
    kept = sum(counts[outcome] for outcome in StoreOutcome)
    if not kept:
        console.print("There was nothing to import.")
    with house.database.write(within=EVERY_SITE) as connection:
        add_to_tally(connection, IMPORTED, {outcome.value: count for outcome, count in counts.items()})
    house.close()
    return 0 if kept and not counts[LeftOut.FAILED] and not counts[LeftOut.QUARANTINED] else 1


def _take_in(house: House, opened: Opener, origin: Origin) -> StoreOutcome | LeftOut:
    try:
        with opened() as stream:
            header = read_part10_preamble(stream)
            if header.media_storage_sop_class_uid == MEDIA_STORAGE_DIRECTORY:
                return LeftOut.DIRECTORY
            stream.seek(0)
            with received_part10(house.archive.incoming, stream, now=house.clock.now()) as encoded:
                return _keep(house, encoded, origin)
    except InvalidInstance:
        return LeftOut.NOT_DICOM
    except (HubError, OSError, zipfile.BadZipFile):
        return LeftOut.FAILED


def _keep(house: House, encoded: EncodedInstance, origin: Origin) -> StoreOutcome | LeftOut:
    try:
        return house.archive.store(encoded, origin).outcome
    except (InvalidInstance, DataSetMismatch):
        return LeftOut.QUARANTINED


def _plain_files(source: Path) -> list[tuple[str, Opener]]:
    if source.is_file():
        return [(source.name, partial(_open_plain, source))]
    found: list[tuple[str, Opener]] = []
    for folder, subfolders, names in os.walk(source):
        subfolders.sort()
        for name in sorted(names):
            path = Path(folder) / name
            if path.is_file() and not path.is_symlink():
                found.append((str(path.relative_to(source)), partial(_open_plain, path)))
    return found


def _open_plain(path: Path) -> BinaryIO:
    return path.open("rb")


def _zip_entries(source: Path) -> list[tuple[str, Opener]]:
    """List a ZIP's files. Their names are only shown, never used as a path.

    Raises:
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


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console, transient=True
    )
