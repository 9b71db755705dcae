"""Reads the text of what is held anew from its bytes, when it was decided how a source writes it.

A job in batches: each remembers where the next begins in the transaction of its own writes, so a worker that
dies costs one batch. The bytes are only read.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from core.access import EVERY_SITE
from core.clock import Clock
from core.errors import InvalidInstance, QuotaExceeded, StorageUnavailable, TooLarge
from database.change_feed import Change, ChangeKind, append_change
from database.engine import Database
from database.jobs import Job, claim_jobs, complete, enqueue, wait_out
from storage.blob_store import BlobStore
from storage.character_set_decision import HUB, TextSource
from storage.character_set_records import find_decision, text_to_reread
from storage.header_reader import read_header
from storage.instance import Instance
from storage.instance_header import InstanceHeader
from storage.text_records import write_text

REREAD_JOB: Final = "text.reread"
BATCH: Final = 50
"""Series whose text is read for one transaction, which stays short."""
LEASE: Final = timedelta(minutes=5)


def ask_to_reread(
    connection: Connection, source: TextSource, declared: str, *, now: datetime, after: int = 0
) -> None:
    """Have the text of a source under a label read anew, in the transaction that decided about it."""
    body = {"source": vars(source), "declared": declared, "after": after}
    enqueue(connection, kind=REREAD_JOB, body=body, due_at=now)


class Rereading:
    """Works off the jobs, a batch at a time."""

    def __init__(self, *, database: Database, blobs: BlobStore, clock: Clock, batch: int = BATCH) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._batch = batch

    def run(self) -> bool:
        """Read one batch; return whether there may be more to do at once."""
        claimed = claim_jobs(self._database, kinds=[REREAD_JOB], now=self._clock.now(), lease=LEASE, limit=1)
        for job in claimed:
            try:
                self._reread(job)
            except (StorageUnavailable, QuotaExceeded) as error:
                with self._database.write(within=EVERY_SITE) as connection:
                    wait_out(connection, job, now=self._clock.now(), error=str(error))
                return False
        return bool(claimed)

    def _reread(self, job: Job) -> None:
        stated = job.body["source"]
        source = TextSource(**stated) if stated else None
        with self._database.read(within=EVERY_SITE) as connection:
            batch = text_to_reread(
                connection, source, job.body["declared"], after=job.body["after"], limit=self._batch
            )
        read = [(instance, header) for instance in batch if (header := self._header(instance)) is not None]
        with self._database.write(within=EVERY_SITE) as connection:
            if not complete(connection, job):
                return  # the lease has passed to another worker, which reads the same
            for instance, header in read:
                if write_text(connection, instance, _as_decided(connection, instance, header)):
                    append_change(connection, _change(instance, self._clock.now()))
            if len(batch) == self._batch:
                body = job.body | {"after": batch[-1].instance_key}
                enqueue(connection, kind=REREAD_JOB, body=body, due_at=self._clock.now())

    def _header(self, instance: Instance) -> InstanceHeader | None:
        """Return what stands in an instance; None where the reader's limits have become narrower since."""
        try:
            with self._blobs.open(instance.blob_key) as blob:
                return read_header(
                    blob,
                    transfer_syntax_uid=instance.transfer_syntax_uid,
                    data_set_offset=instance.data_set_offset,
                    size=instance.size,
                )
        except (InvalidInstance, TooLarge):
            return None


def _as_decided(connection: Connection, instance: Instance, header: InstanceHeader) -> InstanceHeader:
    source = TextSource(site_id=instance.site_id, origin_kind=instance.origin_kind, source=instance.source)
    decision = find_decision(connection, source, header.label)
    return header if decision is None else header.read_as(decision.reading)


def _change(instance: Instance, at: datetime) -> Change:
    return Change(
        kind=ChangeKind.STUDY_REREAD,
        site_id=instance.site_id,
        study_instance_uid=instance.study_instance_uid,
        subject=instance.sop_instance_uid,
        actor=HUB,
        at=at,
    )
