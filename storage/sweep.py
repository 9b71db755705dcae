"""Removes what nobody was ever told is kept: blobs without a row, and files that a crash left in `incoming`.

The grace must exceed the longest store: between a blob's put and its row lies only one transaction, but a
slow line may hold a file in `incoming` for hours.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from core.access import EVERY_SITE, at_site
from core.errors import StorageUnavailable
from database.audit import AuditEvent, AuditRecord, append_audit
from storage.archive import Archive
from storage.aside_records import due_for_deletion, mark_bytes_deleted
from storage.incoming import Incoming

BATCH = 500


@dataclass(frozen=True, kw_only=True)
class SweepReport:
    """What was removed, or with a dry run would have been."""

    orphans_deleted: int
    incoming_deleted: int


Named = Callable[[set[str]], set[str]]
"""Which of these keys rows of another room name: each room that keeps blobs has one."""


def sweep(
    archive: Archive, *, now: datetime, grace: timedelta, named_elsewhere: Named, dry_run: bool = False
) -> SweepReport:
    """Remove blobs that no row names and files of `incoming`, both older than the grace.

    Raises:
        StorageUnavailable: catalogue or blob store are away, or the catalogue names no blob at all: then
            it is the rows that were lost. Nothing that has a row was touched.
    """
    before = now - grace
    orphans = 0
    stored = archive.blobs.keys()
    old = (key for key, written_at in stored if written_at < before)
    for batch in _batches(old):
        if archive.catalogue.is_empty():
            raise StorageUnavailable("The catalogue is empty but the blob store is not: nothing was swept.")
        unnamed = archive.catalogue.unreferenced(batch)
        for key in unnamed - named_elsewhere(unnamed):
            orphans += 1
            if not dry_run:
                archive.blobs.delete(key)
    return SweepReport(
        orphans_deleted=orphans, incoming_deleted=_sweep_incoming(archive.incoming, before, dry_run=dry_run)
    )


def sweep_discarded(archive: Archive, *, now: datetime, grace: timedelta) -> int:
    """Remove the bytes of what people discarded, or let in and so is held twice, longer ago than the grace.

    The row is marked first: bytes that a crash leaves behind are named by no row, and swept like any others.

    Raises:
        StorageUnavailable: catalogue or blob store are away.
    """
    deleted = 0
    with archive.catalogue.database.read(within=EVERY_SITE) as connection:
        due = due_for_deletion(connection, now - grace, BATCH)
    for kept in due:
        with archive.catalogue.database.write(within=at_site(kept.site_id)) as connection:
            if not mark_bytes_deleted(connection, kept, now=now):
                continue
            append_audit(
                connection,
                AuditRecord(
                    at=now,
                    event=AuditEvent.PATIENT_RECORD,
                    action="aside.bytes-deleted",
                    actor="hub",
                    site_id=kept.site_id,
                    study_instance_uid=kept.study_instance_uid,
                    subject=kept.kept_key,
                ),
            )
        archive.blobs.delete(kept.blob_key)
        deleted += 1
    return deleted


def _sweep_incoming(incoming: Incoming, before: datetime, *, dry_run: bool) -> int:
    swept = 0
    try:
        for path in incoming.directory.iterdir():
            if path.is_file() and _written_at(path) < before:
                swept += 1
                if not dry_run:
                    path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageUnavailable("The disk for incoming instances failed.") from error
    return swept


def _written_at(path: Path) -> datetime:
    """Return when a file was last written; one that was taken meanwhile is as young as can be."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return datetime.max.replace(tzinfo=UTC)


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(keys)
    while batch := list(islice(remaining, BATCH)):
        yield batch
