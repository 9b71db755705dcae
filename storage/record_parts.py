"""Files of one upload that are one recording: each waits for the others, and the last has all taken in."""

from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from core.access import at_site
from core.uids import new_key
from database.engine import Database
from database.jobs import enqueue
from storage import upload_records as records
from storage.archive import Archive
from storage.companion_files import MOST_COMPANIONS, RECORD_HEADER
from storage.foreign_taking import ForeignFiles
from storage.upload import FileState, Upload, UploadFile

UNPACK_JOB: Final = "upload.unpack"


class RecordParts:
    """Keeps what came of a record until all of it is here."""

    def __init__(self, *, database: Database, archive: Archive, foreign: ForeignFiles) -> None:
        self._database = database
        self._archive = archive
        self._foreign = foreign

    def is_one(self, upload: Upload, file: UploadFile, path: Path) -> bool:
        """Whether a whole file is nothing by itself, and this upload has a record's header of its name."""
        with path.open("rb") as stream:
            kind = self._foreign.recognise(stream, file.name)
            is_dicom = stream.read(132)[128:] == b"DICM"
        if is_dicom or (kind is not None and not kind.has_companions):
            return False
        with self._database.read(within=at_site(upload.site_id)) as connection:
            alike = records.files_named_like(connection, upload.upload_id, file.name)
        open_header = any(
            is_header(each) and each.state in {FileState.WAITING, FileState.UNPACKING} for each in alike
        )
        return open_header and 1 < len(alike) <= MOST_COMPANIONS + 1

    def keep(self, upload: Upload, file: UploadFile, path: Path, now: datetime) -> UploadFile:
        """Keep a file until the others are here; the last one has them taken in."""
        blob_key = f"{upload.site_id}/uploads/{new_key(now)}"
        self._archive.blobs.put(blob_key, path)
        with self._database.write(within=at_site(upload.site_id)) as connection:
            pieces = records.parts_of(connection, upload.upload_id, file.number)
            records.forget_parts(connection, upload.upload_id, file.number)
            records.keep_whole(connection, upload.upload_id, file.number, size=file.size, blob_key=blob_key)
            records.settle_file(
                connection,
                upload.upload_id,
                file.number,
                state=FileState.UNPACKING.value,
                received=file.size,
            )
            records.touch(connection, upload.upload_id, now)
            take_in_if_whole(connection, upload, file, now)
            kept = records.find_file(connection, upload.upload_id, file.number)
        for piece in pieces:
            self._archive.blobs.delete(piece)
        return kept


def take_in_if_whole(connection: Connection, upload: Upload, file: UploadFile, now: datetime) -> None:
    """Have a record taken in if nothing that is named like this file is still to come."""
    alike = records.files_named_like(connection, upload.upload_id, file.name)
    headers = [each for each in alike if is_header(each) and each.state is FileState.UNPACKING]
    if headers and not any(each.state is FileState.WAITING for each in alike):
        body = {"upload_id": upload.upload_id, "number": headers[0].number}
        enqueue(connection, kind=UNPACK_JOB, body=body, due_at=now)


def is_header(file: UploadFile) -> bool:
    """Whether a file is called as the header of a record is."""
    return file.name.lower().endswith(RECORD_HEADER)
