"""Files that people bring with their browsers: in pieces, over bad lines, through the one door.

A piece is durable before it is counted, so whoever was cut asks where they were and goes on from there.
"""

from pathlib import Path

from core.access import Act, Actor, at_site
from core.clock import Clock
from core.errors import AlreadySettled, InvalidRequest, NotFound, QuotaExceeded, StaleVersion
from core.limits import UPLOAD_PART_BYTES, UPLOAD_PARTS, UPLOADS_OPEN
from core.uids import new_key
from database.audit import append_audit, append_once
from database.engine import Database
from storage import upload_records as records
from storage.archive import Archive
from storage.incoming import IncomingFile
from storage.upload import AnnouncedFile, FileState, Upload, UploadFile, require_files
from storage.upload_intake import UploadIntake, is_zip, record_of


class Piece:
    """One piece on its way in; whoever receives it writes, then either keeps it or lets it go."""

    def __init__(self, upload: Upload, file: UploadFile, landing: IncomingFile) -> None:
        self.upload = upload
        self.file = file
        self.landing = landing

    @property
    def limit(self) -> int:
        """How many bytes it may have."""
        return min(self.file.size - self.file.received, UPLOAD_PART_BYTES)

    @property
    def is_last(self) -> bool:
        """Whether the file has come whole with it."""
        return self.file.received + self.landing.size == self.file.size


class Uploads:
    """The uploads of a site's people; what is elsewhere is NotFound."""

    def __init__(self, *, database: Database, archive: Archive, clock: Clock, intake: UploadIntake) -> None:
        self._database = database
        self._archive = archive
        self._clock = clock
        self._intake = intake

    def open(self, actor: Actor, site_id: str, files: list[AnnouncedFile]) -> Upload:
        """Announce files. What came before with the same SHA-256 and is kept need not be sent again.

        Raises:
            NotFound, InvalidRequest, TooLarge.
            QuotaExceeded: no room, or too many uploads of the site are unfinished.
        """
        scope = actor.scope(Act.STORE)
        if not (scope.everything or site_id in scope.site_ids):
            raise NotFound
        require_files(files)
        self._archive.require_room()
        now = self._clock.now()
        upload_id = new_key(now)
        with self._database.write(within=at_site(site_id)) as connection:
            if records.open_uploads(connection, site_id) >= UPLOADS_OPEN:
                raise QuotaExceeded("Too many uploads are unfinished here: finish those first.")
            held = records.held_digests(connection, site_id, {file.sha256 for file in files} - {""})
            values = {
                "upload_id": upload_id,
                "site_id": site_id,
                "account_id": actor.account_id,
                "username": actor.username[:64],
                "granted_by": actor.granted_by(Act.STORE, site_id)[:80],
                "created_at": now,
                "touched_at": now,
            }
            announced = [_announced(number, file, held) for number, file in enumerate(files, 1)]
            records.insert_upload(connection, values, announced)
            records.touch(connection, upload_id, now)
            append_audit(connection, record_of(actor, site_id, "upload opened", upload_id, now))
            return records.find_upload(connection, upload_id, at_site(site_id))

    def uploads(
        self, actor: Actor, *, site_id: str | None = None, limit: int = 50, offset: int = 0
    ) -> list[Upload]:
        """Return the uploads where this actor may store, newest first."""
        scope = actor.scope(Act.STORE)
        with self._database.read(within=scope) as connection:
            return records.uploads_within(connection, scope, site_id=site_id, limit=limit, offset=offset)

    def upload(self, actor: Actor, upload_id: str) -> Upload:
        """Return one upload. Raises NotFound."""
        scope = actor.scope(Act.STORE)
        with self._database.read(within=scope) as connection:
            return records.find_upload(connection, upload_id, scope)

    def files(self, upload: Upload, *, limit: int, offset: int) -> list[UploadFile]:
        """Return files of an upload that was found."""
        with self._database.read(within=at_site(upload.site_id)) as connection:
            return records.files_of(connection, upload.upload_id, limit=limit, offset=offset)

    def file(self, actor: Actor, upload_id: str, number: int) -> tuple[Upload, UploadFile]:
        """Return an upload and one file of it. Raises NotFound."""
        scope = actor.scope(Act.STORE)
        with self._database.read(within=scope) as connection:
            upload = records.find_upload(connection, upload_id, scope)
            return upload, records.find_file(connection, upload_id, number)

    def begin_piece(self, actor: Actor, upload_id: str, number: int, first_byte: int) -> Piece:
        """Get ready for a piece that begins at a byte; its `landing` takes it, and has to be closed.

        Raises:
            NotFound, QuotaExceeded, StorageUnavailable.
            StaleVersion: another byte comes next; the message says which.
            AlreadySettled: all of the file has come.
        """
        self._archive.require_room()
        upload, file = self.file(actor, upload_id, number)
        if file.state is not FileState.WAITING:
            raise AlreadySettled("This file has come already.")
        if file.received != first_byte:
            raise StaleVersion(f"{file.received} bytes are here: go on from there.")
        return Piece(upload, file, self._archive.incoming.new_file(self._clock.now(), UPLOAD_PART_BYTES))

    def keep_piece(self, actor: Actor, piece: Piece) -> UploadFile:
        """Keep what has come of a piece; with the last one the file is taken in. Returns the file as it is.

        Raises:
            StaleVersion: another piece began at the same byte meanwhile.
            QuotaExceeded, StorageUnavailable: it cannot be kept now; ask where to go on from.
        """
        upload, number = piece.upload, piece.file.number
        now = self._clock.now()
        path = piece.landing.durable()
        is_whole_file = piece.is_last and piece.file.received == 0
        if is_whole_file and not is_zip(path):
            return self._intake.take_in(actor, upload, piece.file, path)
        if piece.landing.size:
            self._put_piece(upload, piece, path)
        with self._database.write(within=at_site(upload.site_id)) as connection:
            append_once(connection, record_of(actor, upload.site_id, "upload received", "", now))
            records.touch(connection, upload.upload_id, now)
            file = records.find_file(connection, upload.upload_id, number)
        return self._intake.finish(actor, upload, file) if file.received == file.size else file

    def _put_piece(self, upload: Upload, piece: Piece, path: Path) -> None:
        blob_key = f"{upload.site_id}/uploads/{new_key(self._clock.now())}"
        number = piece.file.number
        self._archive.blobs.put(blob_key, path)
        with self._database.write(within=at_site(upload.site_id)) as connection:
            few = len(records.parts_of(connection, upload.upload_id, number)) < UPLOAD_PARTS
            kept = few and records.add_part(
                connection,
                upload.upload_id,
                number,
                first_byte=piece.file.received,
                size=piece.landing.size,
                blob_key=blob_key,
            )
        if not kept:
            self._archive.blobs.delete(blob_key)
            if not few:
                raise InvalidRequest(f"A file comes in at most {UPLOAD_PARTS} pieces.")
            raise StaleVersion("Another piece came first: ask where to go on from.")


def _announced(number: int, file: AnnouncedFile, held: set[str]) -> UploadFile:
    is_held = file.sha256 in held
    return UploadFile(
        number=number,
        name=file.name,
        size=file.size,
        sha256=file.sha256,
        received=file.size if is_held else 0,
        state=FileState.HELD_ALREADY if is_held else FileState.WAITING,
    )
