"""Takes one file that somebody brought through the one door, and says what became of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Final

from core.clock import Clock
from core.errors import DataSetMismatch, InvalidInstance
from core.origin import Origin
from storage.archive import Archive
from storage.companion_files import Companions, no_companions
from storage.foreign_taking import ForeignFiles
from storage.instance import StoredInstance, StoreOutcome
from storage.part10 import read_part10_preamble
from storage.receiving import received_part10

MEDIA_STORAGE_DIRECTORY: Final = "1.2.840.10008.1.3.10"
"""PS3.4 table B.5-1 and PS3.3 F: the directory of a medium, not an exam."""


class LeftOut(StrEnum):
    """Why a file gave no instance."""

    NOT_DICOM = "not-dicom"
    DIRECTORY = "dicomdir"
    QUARANTINED = "quarantined"
    FAILED = "failed"


WORDS: Final[dict[StoreOutcome | LeftOut, str]] = {
    StoreOutcome.STORED: "stored",
    StoreOutcome.ALREADY_HELD: "held already",
    StoreOutcome.KEPT_AS_REPRESENTATION: "kept as another encoding of an instance",
    StoreOutcome.KEPT_AS_CONFLICT: "kept beside another data set of the same UID",
    LeftOut.NOT_DICOM: "not DICOM",
    LeftOut.DIRECTORY: "DICOMDIR",
    LeftOut.QUARANTINED: "kept in quarantine",
    LeftOut.FAILED: "failed",
}


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What became of a file; `stored` is the instance that it gave, if it gave one; `detail` says why not."""

    outcome: StoreOutcome | LeftOut
    stored: StoredInstance | None = None
    detail: str = ""
    companions: frozenset[str] = frozenset()
    """The files beside it, by name, that belong to it and were kept with it."""


def take_file(
    archive: Archive,
    stream: BinaryIO,
    origin: Origin,
    clock: Clock,
    *,
    foreign: ForeignFiles | None = None,
    name: str = "",
    companions: Companions = no_companions,
) -> Taken:
    """Store the instance that a seekable file holds, or what `foreign` makes of one that is no DICOM.

    Raises:
        TooLarge: the data set is longer than any may be.
        QuotaExceeded, StorageUnavailable: it cannot be kept now.
    """
    kind = foreign.recognise(stream, name) if foreign else None
    if foreign is not None and kind is not None:
        try:
            stored = foreign.take(stream, kind, origin, name=name, companions=companions)
        except InvalidInstance as refusal:
            return Taken(outcome=LeftOut.QUARANTINED, detail=str(refusal))
        belonging = frozenset(companions()) if kind.has_companions else frozenset()
        return Taken(outcome=stored.outcome, stored=stored, companions=belonging)
    try:
        header = read_part10_preamble(stream)
        if header.media_storage_sop_class_uid == MEDIA_STORAGE_DIRECTORY:
            return Taken(outcome=LeftOut.DIRECTORY)
        stream.seek(0)
        with received_part10(archive.incoming, stream, now=clock.now()) as encoded:
            try:
                stored = archive.store(encoded, origin)
            except (InvalidInstance, DataSetMismatch) as refusal:
                return Taken(outcome=LeftOut.QUARANTINED, detail=str(refusal))
            return Taken(outcome=stored.outcome, stored=stored)
    except InvalidInstance:
        return Taken(outcome=LeftOut.NOT_DICOM)
