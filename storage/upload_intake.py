"""Takes in files that have come whole by an upload, unpacks ZIPs, and gives up what never came whole."""

import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from core.access import EVERY_SITE, Act, Actor, at_site
from core.clock import Clock
from core.errors import HubError, QuotaExceeded, StorageUnavailable, TooLarge
from core.limits import MIB, UPLOAD_DAYS, UPLOAD_FILE_BYTES, UPLOAD_HOURS
from core.origin import Origin, OriginKind
from database.audit import AuditEvent, AuditRecord, append_once
from database.engine import Database
from database.jobs import claim_jobs, complete, enqueue, wait_out
from storage import upload_records as records
from storage.archive import Archive
from storage.companion_files import Companions, belonging, companions_of, header_first, no_companions
from storage.file_taking import LeftOut, Taken, take_file
from storage.foreign_taking import ForeignFiles
from storage.incoming import IncomingFile
from storage.record_parts import UNPACK_JOB, RecordParts
from storage.upload import LONGEST_DETAIL, LONGEST_NAME, STATE_OF, FileState, Upload, UploadFile
from storage.upload_settling import Settled, settle
from storage.zip_files import ZIP_BEGINS, Opener, zip_entries

LEASE: Final = timedelta(minutes=10)
_SWEPT_AT_ONCE: Final = 100


class UploadIntake:
    """What becomes of the files of uploads."""

    def __init__(
        self, *, database: Database, archive: Archive, clock: Clock, foreign: ForeignFiles | None = None
    ) -> None:
        self._database = database
        self._archive = archive
        self._clock = clock
        self._foreign = foreign
        self._parts = RecordParts(database=database, archive=archive, foreign=foreign) if foreign else None

    def finish(self, actor: Actor, upload: Upload, file: UploadFile) -> UploadFile:
        """Take in a file whose pieces are all here, or have it unpacked."""
        with self._assembled(upload, file) as landing:
            path = landing.durable()
            if not is_zip(path):
                return self.take_in(actor, upload, file, path)
            if not _is_as_announced(file, path):
                return self._settle(upload, file, FileState.WAITING, received=0)
        with self._database.write(within=at_site(upload.site_id)) as connection:
            body = {"upload_id": upload.upload_id, "number": file.number}
            enqueue(connection, kind=UNPACK_JOB, body=body, due_at=self._clock.now())
            records.settle_file(connection, upload.upload_id, file.number, state=FileState.UNPACKING.value)
            return records.find_file(connection, upload.upload_id, file.number)

    def take_in(self, actor: Actor, upload: Upload, file: UploadFile, path: Path) -> UploadFile:
        """Store what a whole file holds; one that is not as announced has to be sent again."""
        if not _is_as_announced(file, path):
            return self._settle(upload, file, FileState.WAITING, received=0)
        now = self._clock.now()
        with self._database.write(within=at_site(upload.site_id)) as connection:
            append_once(connection, record_of(actor, upload.site_id, "upload received", "", now))
        try:
            if self._parts is not None and self._parts.is_one(upload, file, path):
                return self._parts.keep(upload, file, path, now)
            with path.open("rb") as stream:
                taken = self._taken(stream, Origin.of_account(actor, upload.site_id), file.name)
        except TooLarge:
            taken = Taken(outcome=LeftOut.FAILED)
        except OSError as error:
            raise StorageUnavailable("The disk for incoming instances failed.") from error
        return self._settle(upload, file, STATE_OF[taken.outcome], taken, received=file.size)

    def unpack(self) -> bool:
        """Take in the files of one ZIP or record that has come; True if there was one.

        Raises:
            StorageUnavailable: what became of the work cannot be written down.
        """
        now = self._clock.now()
        claimed = claim_jobs(self._database, kinds=[UNPACK_JOB], now=now, lease=LEASE, limit=1)
        for job in claimed:
            try:
                self._unpack(job.body["upload_id"], job.body["number"])
            except (StorageUnavailable, QuotaExceeded) as error:
                with self._database.write(within=EVERY_SITE) as connection:
                    wait_out(connection, job, now=self._clock.now(), error=str(error))
            else:
                with self._database.write(within=EVERY_SITE) as connection:
                    complete(connection, job)
        return bool(claimed)

    def sweep(self) -> int:
        """Give up what nothing was added to for a day, and forget what is long done; return how many."""
        now = self._clock.now()
        with self._database.read(within=EVERY_SITE) as connection:
            idle = records.idle_uploads(connection, now - timedelta(hours=UPLOAD_HOURS), _SWEPT_AT_ONCE)
            old = records.old_uploads(connection, now - timedelta(days=UPLOAD_DAYS), _SWEPT_AT_ONCE)
        for upload_id, site_id in idle:
            with self._database.write(within=at_site(site_id)) as connection:
                blob_keys = records.parts_of(connection, upload_id)
                records.forget_parts(connection, upload_id)
                records.give_up(connection, upload_id)
                records.touch(connection, upload_id, now)
            for blob_key in blob_keys:
                self._archive.blobs.delete(blob_key)
        for upload_id, site_id in old:
            with self._database.write(within=at_site(site_id)) as connection:
                records.delete_upload(connection, upload_id)
        return len(idle)

    def named(self, blob_keys: set[str]) -> set[str]:
        """Return those of the keys that hold a piece, for the sweep to leave."""
        with self._database.read(within=EVERY_SITE) as connection:
            return records.named_parts(connection, blob_keys)

    def _settle(
        self,
        upload: Upload,
        file: UploadFile,
        state: FileState,
        taken: Taken | None = None,
        *,
        received: int,
    ) -> UploadFile:
        settled = Settled(file=file, state=state, taken=taken, received=received)
        return settle(self._database, self._archive, upload, [settled], self._clock.now())

    def _assembled(self, upload: Upload, file: UploadFile) -> IncomingFile:
        with self._database.read(within=at_site(upload.site_id)) as connection:
            blob_keys = records.parts_of(connection, upload.upload_id, file.number)
        landing = self._archive.incoming.new_file(self._clock.now(), UPLOAD_FILE_BYTES)
        try:
            for blob_key in blob_keys:
                with self._archive.blobs.open(blob_key) as blob:
                    while chunk := blob.read(MIB):
                        landing.write_part10(chunk)
        except HubError:
            landing.discard()
            raise
        return landing

    def _unpack(self, upload_id: str, number: int) -> None:
        with self._database.read(within=EVERY_SITE) as connection:
            upload = records.find_upload(connection, upload_id, EVERY_SITE)
            file = records.find_file(connection, upload_id, number)
        if file.state is not FileState.UNPACKING:
            return
        with self._assembled(upload, file) as landing:
            path = landing.durable()
            if not is_zip(path):
                self._take_record(upload, file, path)
                return
            try:
                entries = zip_entries(path)
            except (zipfile.BadZipFile, TooLarge, NotImplementedError):
                self._settle(upload, file, FileState.REFUSED, received=file.size)
                return
            self._take_entries(upload, number, entries)
        self._settle(upload, file, FileState.UNPACKED, received=file.size)

    def _take_record(self, upload: Upload, header: UploadFile, path: Path) -> None:
        """Store a record whose files came one by one, in one instance or none."""
        with self._database.read(within=EVERY_SITE) as connection:
            alike = records.files_named_like(connection, upload.upload_id, header.name)
        others = [
            each for each in alike if each.number != header.number and each.state is FileState.UNPACKING
        ]
        beside = {each.name: partial(self._opened, upload, each) for each in others}
        try:
            with path.open("rb") as stream:
                companions = partial(companions_of, header.name, beside)
                taken = self._taken(stream, _origin(upload), header.name, companions)
        except (TooLarge, OSError):
            taken = Taken(outcome=LeftOut.FAILED)
        left_out = Taken(outcome=LeftOut.NOT_DICOM)
        became = [(each, taken if taken.stored else left_out) for each in others]
        settled = [
            Settled(file=file, state=STATE_OF[of_each.outcome], taken=of_each, received=file.size)
            for file, of_each in [*became, (header, taken)]
        ]
        settle(self._database, self._archive, upload, settled, self._clock.now())

    @contextmanager
    def _opened(self, upload: Upload, file: UploadFile) -> Iterator[BinaryIO]:
        with self._assembled(upload, file) as landing, landing.durable().open("rb") as stream:
            yield stream

    def _taken(
        self, stream: BinaryIO, origin: Origin, name: str, companions: Companions = no_companions
    ) -> Taken:
        return take_file(
            self._archive,
            stream,
            origin,
            self._clock,
            foreign=self._foreign,
            name=name,
            companions=companions,
        )

    def _take_entries(self, upload: Upload, inside_of: int, entries: list[tuple[str, Opener]]) -> None:
        files, known = dict(entries), dict[str, Taken]()
        for name, opened in sorted(entries, key=lambda entry: header_first(entry[0])):
            taken = known.get(name) or self._taken_entry(upload, name, opened, files)
            known |= dict.fromkeys(belonging(name, files, taken.companions), taken)
            self._note_entry(upload, inside_of, name, taken)

    def _taken_entry(self, upload: Upload, name: str, opened: Opener, files: Mapping[str, Opener]) -> Taken:
        """Store one file of a ZIP; one that an earlier attempt stored is held already."""
        try:
            with opened() as stream:
                return self._taken(stream, _origin(upload), name, partial(companions_of, name, files))
        except (TooLarge, OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
            # RuntimeError is what the library says of an entry that needs a password.
            return Taken(outcome=LeftOut.FAILED)

    def _note_entry(self, upload: Upload, inside_of: int, name: str, taken: Taken) -> None:
        stored = taken.stored
        with self._database.write(within=at_site(upload.site_id)) as connection:
            number = records.find_upload(connection, upload.upload_id, at_site(upload.site_id)).files + 1
            entry = UploadFile(
                number=number,
                name=_shown(name),
                size=0,
                sha256="",
                received=0,
                state=STATE_OF[taken.outcome],
                study_instance_uid=stored.study_instance_uid if stored else "",
                sop_instance_uid=stored.sop_instance_uid if stored else "",
                inside_of=inside_of,
                detail=taken.detail[:LONGEST_DETAIL],
            )
            records.insert_files(connection, upload.upload_id, [entry])
            records.touch(connection, upload.upload_id, self._clock.now())
        if stored is not None:
            self._archive.note_transfer(upload.upload_id, upload.site_id, stored.study_instance_uid)


def _origin(upload: Upload) -> Origin:
    return Origin(
        kind=OriginKind.ACCOUNT,
        site_id=upload.site_id,
        source=upload.account_id,
        brought_by=upload.username,
        granted_by=upload.granted_by,
    )


def _is_as_announced(file: UploadFile, path: Path) -> bool:
    if not file.sha256:
        return True
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256


def is_zip(path: Path) -> bool:
    """Whether a file begins as a ZIP does."""
    with path.open("rb") as stream:
        return stream.read(len(ZIP_BEGINS)) == ZIP_BEGINS


def _shown(name: str) -> str:
    """Return what a ZIP calls an entry as it can be kept."""
    kept = name.replace("\0", "\ufffd").encode(errors="replace").decode()
    return kept[-LONGEST_NAME:] or "?"


def record_of(actor: Actor, site_id: str, action: str, subject: str, now: datetime) -> AuditRecord:
    """Return one act of a person at an upload, for the audit."""
    return AuditRecord(
        at=now,
        event=AuditEvent.IMPORT,
        action=action,
        actor=actor.username,
        granted_by=actor.granted_by(Act.STORE, site_id),
        site_id=site_id,
        subject=subject,
    )
