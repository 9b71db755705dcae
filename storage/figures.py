"""What a monitor is told of the archive: what lies aside, which patients disagree, the room on disks."""

from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection

from core.access import EVERY_SITE
from core.errors import StorageUnavailable
from database.engine import Database
from storage.archive import Archive
from storage.aside_records import open_patient_conflicts, use_of_sites
from storage.patient_records import flagged_studies


@dataclass(frozen=True, kw_only=True)
class StorageFigures:
    """Numbers of the whole hub."""

    aside_rows: int
    aside_bytes: int
    aside_waiting: int
    """Of the rows, those that nobody has decided about."""
    patient_conflicts: int
    """Of these, what shows another patient than its study; the report cannot be signed meanwhile."""
    flagged_studies: int
    """Studies that disagree with what is known of their patient."""


def storage_figures(connection: Connection) -> StorageFigures:
    """Return the figures of this moment; the connection sees every site."""
    used = use_of_sites(connection, EVERY_SITE)
    return StorageFigures(
        aside_rows=sum(site.rows for site in used),
        aside_bytes=sum(site.size for site in used),
        aside_waiting=sum(site.waiting for site in used),
        patient_conflicts=open_patient_conflicts(connection),
        flagged_studies=flagged_studies(connection),
    )


def free_bytes(archive: Archive, database: Database) -> dict[str, int]:
    """Return the room on each disk of this hub; one that is a server's, or is not there, is left out."""
    found = {}
    rooms = {"blobs": archive.blobs.room, "incoming": archive.incoming.room, "catalogue": database.room}
    for disk, room in rooms.items():
        with suppress(StorageUnavailable):
            free = room()
            if free is not None:
                found[disk] = free
    return found
