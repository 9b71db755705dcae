"""Says which studies are arriving, so that no case is claimed while a large clip is still on the line.

An instance that arrives within one round is never noted: the catalogue gets no extra transaction for it.
"""

import threading
import time
from typing import Final

import structlog

from core.errors import InvalidInstance, StorageUnavailable, TooLarge
from core.uids import is_indexable
from storage.archive import Archive
from storage.header_reader import read_header
from storage.incoming import IncomingFile
from storage.transfers import TRANSFER_STALE

ROUND_SECONDS: Final = 2.0
RENEWAL_SECONDS: Final = TRANSFER_STALE.total_seconds() / 3

log = structlog.stdlib.get_logger(__name__)


class Transfer:
    """One data set on its way in, looked at from time to time while its association writes it."""

    def __init__(self, archive: Archive, incoming: IncomingFile, *, site_id: str, syntax_uid: str) -> None:
        self._archive = archive
        self._incoming = incoming
        self._site_id = site_id
        self._syntax_uid = syntax_uid
        self._key = incoming.path.stem
        self._began = time.monotonic()
        self._study_instance_uid: str | None = None
        self._noted_at: float | None = None
        self._noted_size = 0
        self._is_over = False
        self._lock = threading.Lock()

    def look(self) -> None:
        """Note the study when it has become known, and again while bytes come; a stalled note goes stale.

        Raises:
            StorageUnavailable: the catalogue is away.
        """
        now = time.monotonic()
        size = self._incoming.size
        with self._lock:
            if self._is_over or now - self._began < ROUND_SECONDS or size == self._noted_size:
                return
            if self._noted_at is not None and now - self._noted_at < RENEWAL_SECONDS:
                return
            if self._study_instance_uid is None:
                self._study_instance_uid = self._read_study_instance_uid(size)
            if self._study_instance_uid:
                self._archive.note_transfer(self._key, self._site_id, self._study_instance_uid)
                self._noted_at, self._noted_size = now, size

    def end(self) -> None:
        """Withdraw the note, if there was any; nothing is noted afterwards."""
        with self._lock:
            self._is_over = True
            if self._noted_at is None:
                return
            try:
                self._archive.end_transfer(self._key)
            except StorageUnavailable:
                log.warning("a finished transfer stays noted until it goes stale", site_id=self._site_id)

    def _read_study_instance_uid(self, size: int) -> str | None:
        """Return the UID, "" if it will never be known, None if it has not arrived yet."""
        try:
            with self._incoming.path.open("rb") as stream:
                header = read_header(
                    stream,
                    transfer_syntax_uid=self._syntax_uid,
                    data_set_offset=self._incoming.data_set_offset,
                    size=size,
                    partial=True,
                )
        except (InvalidInstance, TooLarge, StorageUnavailable, FileNotFoundError):
            return ""
        uid = header.study_instance_uid
        if not uid:
            return None
        return uid if is_indexable(uid) else ""


class TransferWatch:
    """One thread that looks at all transfers of the gateway in rounds."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._transfers: set[Transfer] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="transfers", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join()

    def begin(self, incoming: IncomingFile, *, site_id: str, transfer_syntax_uid: str) -> Transfer:
        """Watch a file that begins to arrive."""
        transfer = Transfer(self._archive, incoming, site_id=site_id, syntax_uid=transfer_syntax_uid)
        with self._lock:
            self._transfers.add(transfer)
        return transfer

    def end(self, transfer: Transfer) -> None:
        """Stop watching: the instance is kept, or was given up."""
        with self._lock:
            self._transfers.discard(transfer)
        transfer.end()

    def look(self) -> None:
        """Make one round."""
        with self._lock:
            transfers = list(self._transfers)
        for transfer in transfers:
            try:
                transfer.look()
            except StorageUnavailable:
                log.warning("arriving studies cannot be noted: the catalogue is away")
                return

    def _run(self) -> None:
        while not self._stopping.wait(ROUND_SECONDS):
            self.look()
