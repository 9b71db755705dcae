"""Prepares what reading needs of each instance: follows the feed, and works off what it asked itself for.

A job may be done twice, or by two workers at once: it writes the same. What a worker
held when it died is given back, and until a job is done readers are served from the instance itself.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from os import SEEK_END
from typing import BinaryIO, Final

from sqlalchemy import Connection

from core.access import EVERY_SITE, at_site
from core.clock import Clock
from core.errors import DataSetMismatch, HubError, NotFound, QuotaExceeded
from core.limits import INDEXED_FRAMES, INFLATED_KEPT, INFLATED_KEPT_RATIO, MIB
from core.origin import OriginKind
from database.change_feed import Change, ChangeKind
from database.engine import Database
from database.jobs import Job, complete, complete_all, enqueue, enqueue_each, hasten
from imaging.frames import FrameRange
from renditions.frame_index import IndexedFrame, pages_of
from renditions.metadata import Document, document_of, documents_of
from renditions.metadata_records import write_metadata
from renditions.pixel_data import PixelData
from renditions.preparation_records import Preparation, prepared_among, write_preparations
from renditions.preparation_version import VERSION
from renditions.rendition import RenditionKind
from renditions.rendition_store import RenditionStore
from renditions.working_off import Run, work_off
from storage.archive import Archive
from storage.incoming import chunks
from storage.instance import Instance
from storage.instance_content import Content, content_in
from storage.query import Query, UIDList

CURSOR: Final = f"renditions.{VERSION}"
"""With a new version everything that is held is followed again, from the first change."""
PREPARE_JOB: Final = "renditions.prepare"
REREAD_JOB: Final = "renditions.reread"
PICTURE_JOB: Final = "renditions.picture"
_JOBS: Final = (PREPARE_JOB, PICTURE_JOB)
HEAD_LIMIT: Final = 16 * MIB
"""A longer head is read element by element."""
SMALL_TOGETHER: Final = 64 * MIB
"""Of the instances that are prepared in one transaction: an emergency waits no longer than for these."""
READ_WHOLE: Final = 4 * MIB
"""A file up to this is read once, into memory."""
URGENT: Final = 10
_ECG: Final = "ECG"
_WITHOUT_PICTURES: Final = tuple(
    f"1.2.840.10008.5.1.4.1.1.{branch}."
    # Presentation states, structured reports, documents: neither pixels nor waveforms (PS3.6 table A-1).
    for branch in ("11", "88", "104")
)
_MAY_BECOME_URGENT: Final = frozenset({ChangeKind.CASE_REQUESTED, ChangeKind.CASE_LINKED})

IsEmergency = Callable[[Connection, str, str], bool]
"""Whether a study of a site is an emergency: asked with its Study Instance UID, in the open transaction."""


def may_have_pictures(sop_class_uid: str) -> bool:
    """Whether instances of a class may hold something to draw."""
    return not sop_class_uid.startswith(_WITHOUT_PICTURES)


class PreparationFollower:
    """Asks for the preparation of every instance; ECGs and emergencies go first."""

    def __init__(self, *, is_emergency: IsEmergency) -> None:
        self._is_emergency = is_emergency

    def handle(self, connection: Connection, change: Change) -> None:
        """Take in one change, in the transaction that moves the cursor."""
        if change.kind is ChangeKind.INSTANCE_STORED:
            is_new_ecg = (
                change.body["modality"] == _ECG and change.body.get("origin_kind") != OriginKind.PRIOR
            )
            is_first = is_new_ecg or self._is_urgent(connection, change)
            body = {
                "site_id": change.site_id,
                "study_instance_uid": change.study_instance_uid,
                "sop_instance_uid": change.subject,
            }
            may_be_drawn = may_have_pictures(change.body.get("sop_class_uid", ""))
            priority = URGENT if is_first else 0
            kinds = _JOBS if may_be_drawn else (PREPARE_JOB,)
            enqueue_each(connection, kinds, body=body, due_at=change.at, priority=priority)
        elif change.kind is ChangeKind.STUDY_REREAD:
            of_study = {"site_id": change.site_id, "study_instance_uid": change.study_instance_uid}
            enqueue(connection, kind=REREAD_JOB, body=of_study, due_at=change.at)
        elif change.kind in _MAY_BECOME_URGENT and self._is_urgent(connection, change):
            of_study = {"site_id": change.site_id, "study_instance_uid": change.study_instance_uid}
            for kind in _JOBS:
                hasten(connection, kind=kind, body=of_study, priority=URGENT)

    def _is_urgent(self, connection: Connection, change: Change) -> bool:
        return self._is_emergency(connection, change.site_id, change.study_instance_uid)


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    instance: Instance
    preparation: Preparation
    frames: list[IndexedFrame]
    document: Document


class Preparer:
    """Works off what the follower asked for."""

    def __init__(self, *, database: Database, archive: Archive, store: RenditionStore, clock: Clock) -> None:
        self._store = store
        self._database = database
        self._archive = archive
        self._clock = clock
        self._work = {PREPARE_JOB: self._prepare, REREAD_JOB: self._reread}

    def run(self, *, urgent: bool | None = None) -> Run:
        """Prepare what is due, or only what is urgent, or only the rest."""
        return work_off(self._database, self._clock, self._work, urgent=urgent, together=self._prepare_small)

    def _prepare(self, job: Job) -> None:
        scope = at_site(job.body["site_id"])
        [instance] = self._archive.instances_of(
            job.body["study_instance_uid"], None, job.body["sop_instance_uid"], visible_to=scope
        )
        prepared = [self._look_into(each) for each in self._not_prepared(instance.site_id, [instance])]
        self._write_down(instance.site_id, prepared, [job])

    def _prepare_small(self, jobs: Sequence[Job]) -> list[Job]:
        """Prepare instances that are small together; return the jobs of all others, and of what failed."""
        undone: list[Job] = []
        for site_id in sorted({job.body["site_id"] for job in jobs}):
            undone += self._prepare_of_site(site_id, [job for job in jobs if job.body["site_id"] == site_id])
        return undone

    def _prepare_of_site(self, site_id: str, jobs: Sequence[Job]) -> list[Job]:
        asked = {job.body["sop_instance_uid"]: job for job in jobs if job.kind == PREPARE_JOB}
        if not asked:
            return list(jobs)
        held = self._archive.search_instances(
            Query(conditions={"SOPInstanceUID": UIDList(tuple(asked))}, limit=len(asked)),
            visible_to=at_site(site_id),
        )
        small = list(_of_at_most(SMALL_TOGETHER, held))
        done = {each.sop_instance_uid for each in small}
        prepared = []
        for instance in self._not_prepared(site_id, small):
            try:
                prepared.append(self._look_into(instance))
            except HubError:
                done.discard(instance.sop_instance_uid)  # its turn alone tells what it is
        finished = [job for uid, job in asked.items() if uid in done]
        self._write_down(site_id, prepared, finished)
        return [job for job in jobs if job not in finished]

    def _not_prepared(self, site_id: str, instances: Sequence[Instance]) -> list[Instance]:
        digests = [each.digest for each in instances]
        with self._database.read(within=at_site(site_id)) as connection:
            done = prepared_among(connection, site_id, digests)
        return [each for each in instances if each.digest not in done]

    def _write_down(self, site_id: str, prepared: Sequence[_Prepared], jobs: Sequence[Job]) -> None:
        with self._database.write(within=EVERY_SITE) as connection:
            if prepared:
                found = [(each.instance, each.preparation, [*pages_of(each.frames)]) for each in prepared]
                write_preparations(connection, site_id, found, now=self._clock.now())
                _keep(connection, site_id, [(each.instance, each.document) for each in prepared])
            complete_all(connection, jobs)

    def _reread(self, job: Job) -> None:
        """Write the metadata of a study anew after it was decided how to read its text."""
        site_id = job.body["site_id"]
        scope = at_site(site_id)
        held = self._archive.instances_of(job.body["study_instance_uid"], visible_to=scope)
        for instance, document in zip(held, documents_of(self._archive, self._database, held), strict=True):
            with self._database.write(within=scope) as connection:
                _keep(connection, site_id, [(instance, document)])
        with self._database.write(within=EVERY_SITE) as connection:
            complete(connection, job)

    def _look_into(self, instance: Instance) -> _Prepared:
        with self._archive.open(instance) as blob:
            stream = BytesIO(blob.read()) if instance.size <= READ_WHOLE else blob
            _require_undamaged(stream, instance)
            with content_in(stream, instance) as content:
                document = document_of(content, self._archive.character_sets.reader_of(instance))
                preparation, frames = self._pixels_of(content, instance)
        return _Prepared(instance=instance, preparation=preparation, frames=frames, document=document)

    def _pixels_of(self, content: Content, instance: Instance) -> tuple[Preparation, list[IndexedFrame]]:
        try:
            pixels = PixelData(content, instance)
        except NotFound:
            return Preparation(number_of_frames=0, is_encapsulated=False), []
        # What is inflated has positions of its own.
        start = 0 if content.is_inflated else instance.data_set_offset
        has_ranges = not content.is_inflated or self._is_kept_inflated(content, instance)
        head_length = pixels.begins_at - start
        found = Preparation(
            number_of_frames=pixels.number_of_frames,
            is_encapsulated=pixels.is_encapsulated,
            head_length=head_length if has_ranges and head_length <= HEAD_LIMIT else None,
        )
        return found, _indexed(content, start, pixels) if has_ranges else []

    def _is_kept_inflated(self, content: Content, instance: Instance) -> bool:
        """Keep the inflated data set, whose frames can be read by ranges; return whether that was done.

        A few bytes may inflate to very many: nobody fills a disk so.
        """
        size = content.stream.seek(0, SEEK_END)
        if size > max(INFLATED_KEPT, INFLATED_KEPT_RATIO * instance.size):
            return False
        try:
            self._store.keep_pieces(instance, RenditionKind.INFLATED, content.chunks(0, size))
        except QuotaExceeded:
            return False
        return True


def _of_at_most(limit: int, instances: Sequence[Instance]) -> Iterator[Instance]:
    """Yield instances whose files have so many bytes together at the most."""
    total = 0
    for instance in instances:
        total += instance.size
        if total <= limit:
            yield instance


def _keep(connection: Connection, site_id: str, documents: Sequence[tuple[Instance, Document]]) -> None:
    packed = [(instance, document.packed(), document.readings) for instance, document in documents]
    kept = [(instance, body, readings) for instance, body, readings in packed if body is not None]
    write_metadata(connection, site_id, kept)


def _indexed(content: Content, start: int, pixels: PixelData) -> list[IndexedFrame]:
    """Return every frame with its digest, at offsets from `start`, where the data set begins."""
    return [
        IndexedFrame(
            range=FrameRange(offset=where.offset - start, length=where.length, fragments=where.fragments),
            digest=_digest(content, where),
        )
        for where in pixels.ranges(INDEXED_FRAMES)
    ]


def _digest(content: Content, where: FrameRange) -> bytes:
    digest = hashlib.sha256()
    for chunk in content.chunks(where.offset, where.length):
        digest.update(chunk)
    return digest.digest()


def _require_undamaged(blob: BinaryIO, instance: Instance) -> None:
    """Raise DataSetMismatch unless the bytes are those that were received: digests are made of them."""
    digest = hashlib.sha256()
    blob.seek(instance.data_set_offset)
    for chunk in chunks(blob):
        digest.update(chunk)
    if digest.hexdigest() != instance.digest:
        raise DataSetMismatch(f"Instance {instance.sop_instance_uid} is damaged in the blob store.")
