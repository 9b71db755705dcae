"""The one door: every instance, in or out, whatever the protocol, passes here."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import BinaryIO, Final

from core.access import Scope, at_site
from core.clock import Clock
from core.errors import (
    AlreadySettled,
    DataSetMismatch,
    InvalidInstance,
    InvalidRequest,
    NotFound,
    QuotaExceeded,
    StorageUnavailable,
    TooLarge,
)
from core.limits import DISK_RESERVE_BYTES, KIB
from core.origin import Origin
from core.uids import is_indexable, new_key
from database.engine import Database
from database.topics import study_topic
from storage import original_records, search
from storage.admission import Admission, Compared
from storage.aside_arrival_records import AsideQuota
from storage.blob_store import BlobStore
from storage.catalogue import Catalogue
from storage.character_set_memory import CharacterSetMemory
from storage.checked_reading import checked, checked_file
from storage.header_reader import read_header
from storage.held_comparison import is_one_instance
from storage.incoming import EncodedInstance, Incoming
from storage.instance import Instance, Series, StoredInstance, StoreOutcome, Study
from storage.instance_header import InstanceHeader
from storage.original import OriginalFile
from storage.query import Level, Query, UIDList
from storage.readmission import Readmission
from storage.transfers import Transfers

_INSTANCE_BYTES: Final = 3 * KIB
"""What one takes in memory, about."""


class Archive:
    """Stores, searches and retrieves. What is outside the scope given does not exist for the caller."""

    def __init__(
        self,
        *,
        database: Database,
        blobs: BlobStore,
        incoming: Incoming,
        clock: Clock,
        disk_reserve_bytes: int = DISK_RESERVE_BYTES,
        aside_quota: AsideQuota | None = None,
    ) -> None:
        self.incoming = incoming
        self.blobs = blobs
        self.catalogue = Catalogue(database, aside_quota)
        self.character_sets = CharacterSetMemory(database, clock)
        self._transfers = Transfers(database, clock)
        self._database = database
        self._clock = clock
        self._disk_reserve_bytes = disk_reserve_bytes

    def store(
        self,
        encoded: EncodedInstance,
        origin: Origin,
        readmission: Readmission | None = None,
        originals: Sequence[OriginalFile] = (),
    ) -> StoredInstance:
        """Keep an instance exactly as sent; when this returns, blob and row are durable.

        The same data set again is held once. Another data set under the same SOP Instance UID is kept beside
        the first and a person is told. What cannot be indexed is durable in quarantine before this raises.
        A `readmission` is settled in the transaction that lets the instance in; `originals` are the files
        that it was made of, whose blobs are durable.

        Raises:
            InvalidInstance: no UIDs to find it by, or not readable as DICOM (kept in quarantine).
            DataSetMismatch: not the object that the request announced (kept in quarantine).
            QuotaExceeded: no room; send it again later.
            StorageUnavailable: blob store or catalogue are away; send it again later.
        """
        self.require_room()
        received_at = self._clock.now()
        try:
            header = _examine(encoded)
        except (InvalidInstance, DataSetMismatch, TooLarge) as refusal:
            self._quarantine(encoded, origin, str(refusal), received_at)
            if isinstance(refusal, TooLarge):
                raise InvalidInstance(str(refusal)) from refusal
            raise
        held = self.catalogue.held_digest(origin.site_id, header.sop_instance_uid)
        outcome = StoreOutcome.ALREADY_HELD
        if held != encoded.digest or readmission is not None:
            header = self.character_sets.read(header, origin)
            outcome = self._put_and_admit(
                Admission(
                    header=header,
                    encoded=encoded,
                    blob_key=_blob_key(origin.site_id, encoded.digest, received_at),
                    origin=origin,
                    received_at=received_at,
                    readmission=readmission,
                    originals=tuple(originals),
                )
            )
        return StoredInstance(
            outcome=outcome,
            site_id=origin.site_id,
            study_instance_uid=header.study_instance_uid,
            series_instance_uid=header.series_instance_uid,
            sop_instance_uid=header.sop_instance_uid,
            sop_class_uid=header.sop_class_uid,
            anomalies=header.anomalies,
        )

    def set_aside(self, encoded: EncodedInstance, origin: Origin, detail: str) -> None:
        """Keep in quarantine what came and cannot be read. Raises QuotaExceeded, StorageUnavailable."""
        self._quarantine(encoded, origin, detail, self._clock.now())

    def made_before(self, site_id: str, source_digest: str) -> StoredInstance | None:
        """Return what was made of a file that came before, None for one that did not."""
        with self._database.read(within=at_site(site_id)) as connection:
            return original_records.made_before(connection, site_id, source_digest)

    def originals_of(self, instance: Instance) -> list[OriginalFile]:
        """Return the files that an instance was made of; none where it came as it is."""
        with self._database.read(within=at_site(instance.site_id)) as connection:
            return original_records.originals_of(connection, instance)

    def originals_in(
        self, site_id: str, study_instance_uid: str, *, limit: int
    ) -> list[tuple[str, OriginalFile]]:
        """Return the files that instances of a study were made of, each with the instance's UID."""
        with self._database.read(within=at_site(site_id)) as connection:
            return original_records.originals_in(connection, site_id, study_instance_uid, limit)

    def require_room(self) -> None:
        """Refuse before a disk is full: clinical data is never deleted to make room.

        Raises:
            QuotaExceeded: less is free than the reserve, where blobs or catalogue are kept or instances land.
            StorageUnavailable: a disk is not there.
        """
        for what, room in (
            ("blob store", self.blobs.room()),
            ("incoming instances", self.incoming.room()),
            ("catalogue", self._database.room()),
        ):
            if room is not None and room < self._disk_reserve_bytes:
                raise QuotaExceeded(f"The disk of the {what} is down to its reserve.")

    def search_studies(self, query: Query, *, visible_to: Scope) -> list[Study]:
        """Return matching studies. Raises InvalidQuery."""
        with self._database.read(within=visible_to) as connection:
            return search.search_studies(connection, query, visible_to)

    def search_series(self, query: Query, *, visible_to: Scope) -> list[Series]:
        """Return matching series. Raises InvalidQuery."""
        with self._database.read(within=visible_to) as connection:
            return search.search_series(connection, query, visible_to)

    def search_instances(self, query: Query, *, visible_to: Scope) -> list[Instance]:
        """Return matching instances. Raises InvalidQuery."""
        with self._database.read(within=visible_to) as connection:
            return search.search_instances(connection, query, visible_to)

    def count(self, level: Level, query: Query, *, visible_to: Scope, up_to: int) -> int:
        """Return how many match in all, `up_to` where there are more. Raises InvalidQuery."""
        with self._database.read(within=visible_to) as connection:
            return search.count_matches(connection, level, query, visible_to, up_to=up_to)

    def leading_instances(
        self, level: Level, keys: Sequence[tuple[str, ...]], *, visible_to: Scope
    ) -> dict[tuple[str, ...], Instance]:
        """Return the first instance of each study, by (site, study), or series, by (site, study, series)."""
        with self._database.read(within=visible_to) as connection:
            return search.leading_instances(connection, level, keys, visible_to)

    def instances_of(
        self,
        study_instance_uid: str,
        series_instance_uid: str | None = None,
        sop_instance_uid: str | None = None,
        *,
        visible_to: Scope,
    ) -> list[Instance]:
        """Return the instances of a study, series, or the one instance, in reading order.

        Raises:
            NotFound: nothing of the kind is in scope.
        """
        uids = {
            "StudyInstanceUID": study_instance_uid,
            "SeriesInstanceUID": series_instance_uid,
            "SOPInstanceUID": sop_instance_uid,
        }
        # A cine is read frame by frame, and each asks where its instance lies.
        found = self._database.recalled(
            ("instances", *uids.values(), visible_to),
            lambda: tuple(self._instances_of(uids, visible_to)),
            on=(study_topic(study_instance_uid),),
            weigh=lambda instances: len(instances) * _INSTANCE_BYTES,
        )
        return [*found]

    def _instances_of(self, uids: Mapping[str, str | None], visible_to: Scope) -> list[Instance]:
        conditions = {keyword: UIDList((uid,)) for keyword, uid in uids.items() if uid is not None}
        found = self.search_instances(
            Query(conditions=dict(conditions), limit=2**31 - 1), visible_to=visible_to
        )
        if not found:
            raise NotFound
        return found

    def representations_of(self, instances: Sequence[Instance]) -> dict[int, list[Instance]]:
        """Return each instance's other encodings by its key, as instances; what is not there has none."""
        within = Scope(site_ids=frozenset(instance.site_id for instance in instances))
        with self._database.read(within=within) as connection:
            return search.representations_of(connection, instances)

    def open(self, instance: Instance) -> BinaryIO:
        """Open the instance's file as kept, seekable; unchecked, so for reading parts of it."""
        return self.blobs.open(instance.blob_key)

    def whole(self, instance: Instance) -> Iterator[bytes]:
        """Yield the instance's Part 10 file with its preamble zeroed, checked against its digests.

        The last chunk is held back until they are right: nobody receives a whole damaged instance, and
        nothing at all of a small one.

        Raises:
            StorageUnavailable: the bytes are not those that were received, or cannot be read.
        """
        with self.open(instance) as blob:
            yield from checked(blob, instance)

    def whole_original(self, original: OriginalFile) -> Iterator[bytes]:
        """Yield a file that instances were made of, its end only if it is as it came; raises as `whole`."""
        with self.blobs.open(original.blob_key) as blob:
            yield from checked_file(blob, original)

    def note_transfer(self, transfer_key: str, site_id: str, study_instance_uid: str) -> None:
        """Say that an instance of this study is arriving; repeat while it does."""
        self._transfers.note(transfer_key, site_id, study_instance_uid)

    def end_transfer(self, transfer_key: str) -> None:
        """Say that it has arrived or was cut."""
        self._transfers.end(transfer_key)

    def studies_in_transfer(self) -> set[tuple[str, str]]:
        """Return (site, Study Instance UID) of what is arriving right now."""
        return self._transfers.studies()

    def _put_and_admit(self, admission: Admission) -> StoreOutcome:
        self.blobs.put(admission.blob_key, admission.encoded.path)
        with self._deleted_if_refused(admission.blob_key):
            outcome = self.catalogue.admit(admission)
            if outcome is None:
                outcome = self.catalogue.admit(replace(admission, compared=self._compared(admission)))
            if outcome is None:
                raise StorageUnavailable("What is held under the UID changed meanwhile; send it again.")
        if outcome is StoreOutcome.ALREADY_HELD:
            self.blobs.delete(admission.blob_key)
        return outcome

    def _compared(self, admission: Admission) -> Compared | None:
        """Hold what arrived against the instance under its UID; rare, so that this may read both."""
        header, encoded = admission.header, admission.encoded
        query = Query(conditions={"SOPInstanceUID": UIDList((header.sop_instance_uid,))})
        scope = Scope(site_ids=frozenset({admission.origin.site_id}))
        for held in self.search_instances(query, visible_to=scope):
            with self.open(held) as blob:
                is_one = is_one_instance(held, blob, header, encoded)
            return Compared(digest=held.digest, is_one_instance=is_one)
        return None

    def _quarantine(
        self, encoded: EncodedInstance, origin: Origin, detail: str, received_at: datetime
    ) -> None:
        if self.catalogue.is_quarantined(encoded, origin.site_id):
            return
        blob_key = _blob_key(origin.site_id, encoded.digest, received_at)
        self.blobs.put(blob_key, encoded.path)
        with self._deleted_if_refused(blob_key):
            kept = self.catalogue.quarantine(
                encoded, origin, blob_key=blob_key, detail=detail, received_at=received_at
            )
        if not kept:
            self.blobs.delete(blob_key)

    @contextmanager
    def _deleted_if_refused(self, blob_key: str) -> Iterator[None]:
        """Remove a blob that no row will name: no room beside the archive, or decided on meanwhile."""
        try:
            yield
        except (QuotaExceeded, AlreadySettled, InvalidRequest):
            self.blobs.delete(blob_key)
            raise


def _blob_key(site_id: str, digest: str, received_at: datetime) -> str:
    return f"{site_id}/{digest[:2]}/{new_key(received_at)}"


def _examine(encoded: EncodedInstance) -> InstanceHeader:
    """Read the header and hold it against what was announced."""
    with encoded.path.open("rb") as stream:
        header = read_header(
            stream,
            transfer_syntax_uid=encoded.transfer_syntax_uid,
            data_set_offset=encoded.data_set_offset,
            size=encoded.size,
        )
    for keyword, uid in (
        ("StudyInstanceUID", header.study_instance_uid),
        ("SeriesInstanceUID", header.series_instance_uid),
        ("SOPInstanceUID", header.sop_instance_uid),
        ("SOPClassUID", header.sop_class_uid),
    ):
        if not is_indexable(uid):
            raise InvalidInstance(f"The data set has no {keyword} by which it could be found again.")
    if encoded.announced_sop_instance_uid not in {None, header.sop_instance_uid}:
        raise DataSetMismatch("The data set carries another SOP Instance UID than the request announced.")
    if encoded.announced_sop_class_uid not in {None, header.sop_class_uid}:
        raise DataSetMismatch("The data set carries another SOP Class UID than the request announced.")
    if encoded.announced_study_instance_uid not in {None, header.study_instance_uid}:
        raise DataSetMismatch("The data set belongs to another study than the request announced.")
    return header
