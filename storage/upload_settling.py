"""Writes down what became of files of an upload."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.access import at_site
from database.engine import Database
from storage import upload_records as records
from storage.archive import Archive
from storage.file_taking import Taken
from storage.record_parts import take_in_if_whole
from storage.upload import LONGEST_DETAIL, FileState, Upload, UploadFile


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What became of a file, and how many bytes of it are here."""

    file: UploadFile
    state: FileState
    taken: Taken | None
    received: int

    def values(self) -> dict[str, Any]:
        """Return its columns."""
        stored = self.taken.stored if self.taken else None
        return {
            "state": self.state.value,
            "received": self.received,
            "study_instance_uid": stored.study_instance_uid if stored else "",
            "sop_instance_uid": stored.sop_instance_uid if stored else "",
            "detail": self.taken.detail[:LONGEST_DETAIL] if self.taken else "",
        }


def settle(
    database: Database, archive: Archive, upload: Upload, files: Sequence[Settled], now: datetime
) -> UploadFile:
    """Write down at once what became of files, and let their pieces go; return the last of them."""
    blob_keys: list[str] = []
    with database.write(within=at_site(upload.site_id)) as connection:
        for each in files:
            number = each.file.number
            records.settle_file(connection, upload.upload_id, number, **each.values())
            blob_keys += records.parts_of(connection, upload.upload_id, number)
            records.forget_parts(connection, upload.upload_id, number)
        records.touch(connection, upload.upload_id, now)
        settled = records.find_file(connection, upload.upload_id, files[-1].file.number)
        as_it_is = records.find_upload(connection, upload.upload_id, at_site(upload.site_id))
        if as_it_is.states.get(FileState.UNPACKING):
            take_in_if_whole(connection, upload, settled, now)
    for blob_key in blob_keys:
        archive.blobs.delete(blob_key)
    if settled.study_instance_uid and as_it_is.outstanding:
        archive.note_transfer(upload.upload_id, upload.site_id, settled.study_instance_uid)
    elif not as_it_is.outstanding:
        archive.end_transfer(upload.upload_id)
    return settled
