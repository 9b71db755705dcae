"""What lies beside the archive until a person decides: listed, looked at, taken out, let in, discarded.

Nothing here is decided by the hub. Discarded bytes stay for a while, so that a decision can be taken back;
rows and reasons stay for ever.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from core.access import Act, Actor, Scope, at_site
from core.clock import Clock
from core.errors import AlreadySettled, StorageUnavailable
from core.limits import SEARCH_LIMIT
from core.origin import Origin, OriginKind
from core.text import require_reason
from database.audit import AuditEvent, AuditRecord, append_audit
from database.change_feed import ChangeKind
from database.engine import Database
from storage import aside_records as records
from storage.archive import Archive
from storage.aside_arrival_records import AsideQuota
from storage.aside_records import AsideFilter, AsideUse, Decision
from storage.header_comparison import Look, look_at
from storage.incoming import EncodedInstance, chunks
from storage.instance import AsideReason, Instance, KeptAside, Settlement, StoredInstance
from storage.query import Query, UIDList
from storage.readmission import Readmission, tell_settled

NEARLY_FULL: Final = 0.8
LONGEST_WAIT: Final = timedelta(days=1)
_KINDS: Final = {
    Settlement.DISCARDED: ChangeKind.ASIDE_DISCARDED,
    Settlement.KEPT_APART: ChangeKind.ASIDE_KEPT_APART,
}


class AlarmKind(StrEnum):
    """What about the things kept aside cannot wait."""

    NEARLY_FULL = "nearly-full"
    WAITING_LONG = "waiting-long"


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Something that an administrator of a site has to see to."""

    kind: AlarmKind
    site_id: str
    detail: str


class Shelf:
    """The use cases of whoever administers a site. What lies elsewhere does not exist."""

    def __init__(
        self, *, archive: Archive, database: Database, clock: Clock, quota: AsideQuota | None = None
    ) -> None:
        self._archive = archive
        self._database = database
        self._clock = clock
        self._quota = quota or AsideQuota()

    def items(self, actor: Actor, wanted: AsideFilter) -> list[KeptAside]:
        """Return what is kept aside, newest first; unless asked for more, what waits for a person."""
        page = AsideFilter(
            **vars(wanted)
            | {"limit": max(0, min(wanted.limit, SEARCH_LIMIT)), "offset": max(0, wanted.offset)}
        )
        with self._database.read(within=actor.scope(Act.ADMINISTER)) as connection:
            return records.list_aside(connection, actor.scope(Act.ADMINISTER), page)

    def item(self, actor: Actor, kept_key: str) -> KeptAside:
        """Return one. Raises NotFound."""
        with self._database.read(within=actor.scope(Act.ADMINISTER)) as connection:
            return records.find_aside(connection, kept_key, actor.scope(Act.ADMINISTER))

    def look(self, actor: Actor, kept_key: str) -> Look:
        """Return its elements, beside those of what is held in its place.

        Raises:
            NotFound.
            StorageUnavailable: its bytes are gone or cannot be had.
        """
        kept = self._with_bytes(actor, kept_key)
        return look_at(self._archive, kept, self._held_in_place_of(kept))

    def export(self, actor: Actor, kept_key: str) -> tuple[KeptAside, Iterator[bytes]]:
        """Return the exact bytes that arrived, once it is on record that they were given out.

        Raises:
            NotFound.
            StorageUnavailable: its bytes are gone, or the catalogue is away; later also: they are damaged.
        """
        kept = self._with_bytes(actor, kept_key)
        with self._database.write(within=at_site(kept.site_id)) as connection:
            append_audit(
                connection,
                AuditRecord(
                    at=self._clock.now(),
                    event=AuditEvent.EXPORT,
                    action="aside.downloaded",
                    actor=actor.username,
                    granted_by=actor.granted_by(Act.ADMINISTER, kept.site_id),
                    site_id=kept.site_id,
                    study_instance_uid=kept.study_instance_uid,
                    subject=kept.kept_key,
                ),
            )
        return kept, self._exact_bytes(kept)

    def readmit(self, actor: Actor, kept_key: str, *, reason: str) -> StoredInstance:
        """Send it through the archive's door again; what another patient was taken for is the study's own.

        Raises:
            NotFound.
            InvalidRequest: no reason is given, or another data set is held under its UID.
            AlreadySettled: somebody has decided.
            InvalidInstance, DataSetMismatch: it still cannot be indexed; it stays where it is.
            QuotaExceeded, StorageUnavailable: try again later.
        """
        reason = require_reason(reason)
        kept = self._with_bytes(actor, kept_key)
        if kept.settled_at is not None:
            raise AlreadySettled
        origin = Origin(kind=OriginKind(kept.origin_kind), site_id=kept.site_id, source=kept.source)
        granted_by = actor.granted_by(Act.ADMINISTER, kept.site_id)
        readmission = Readmission(kept=kept, by=actor.username, granted_by=granted_by, reason=reason)
        with self._copied(kept) as encoded:
            return self._archive.store(encoded, origin, readmission)

    def discard(self, actor: Actor, kept_key: str, *, reason: str) -> KeptAside:
        """Say that it is of no use; its bytes go after a while, row and reason stay.

        Raises:
            NotFound, InvalidRequest, AlreadySettled.
        """
        return self._settle(actor, kept_key, Settlement.DISCARDED, reason)

    def keep_apart(self, actor: Actor, kept_key: str, *, reason: str) -> KeptAside:
        """Say that it is not what is held in its place, and stays beside it for ever.

        Raises:
            NotFound, InvalidRequest, AlreadySettled.
        """
        return self._settle(actor, kept_key, Settlement.KEPT_APART, reason)

    def reopen(self, actor: Actor, kept_key: str, *, reason: str) -> KeptAside:
        """Take a decision back.

        Raises:
            NotFound, InvalidRequest.
            AlreadySettled: it waits already, was let in, or its bytes are gone.
        """
        reason = require_reason(reason)
        now, scope = self._clock.now(), actor.scope(Act.ADMINISTER)
        with self._database.write(within=scope) as connection:
            kept = records.find_aside(connection, kept_key, scope)
            records.reopen(connection, kept_key)
            decision = _decision(actor, kept, kept.settled_as or Settlement.DISCARDED, reason, at=now)
            tell_settled(connection, kept, decision, ChangeKind.ASIDE_REOPENED)
            return records.find_aside(connection, kept_key, scope)

    def alarms(self, scope: Scope) -> list[Alarm]:
        """Return what cannot wait at the sites of a scope: nearly no room left, or nobody has looked."""
        with self._database.read(within=scope) as connection:
            used = records.use_of_sites(connection, scope)
        return [alarm for each in used for alarm in self._alarms_of(each)]

    def _alarms_of(self, used: AsideUse) -> Iterator[Alarm]:
        share = max(used.rows / self._quota.rows, used.size / self._quota.size)
        if share > NEARLY_FULL:
            yield Alarm(
                kind=AlarmKind.NEARLY_FULL,
                site_id=used.site_id,
                detail=f"{share:.0%} of the room for what is kept aside is taken.",
            )
        if used.oldest_waiting_at and self._clock.now() - used.oldest_waiting_at > LONGEST_WAIT:
            since = f"{used.oldest_waiting_at:%Y-%m-%d %H:%M} UTC"
            yield Alarm(
                kind=AlarmKind.WAITING_LONG,
                site_id=used.site_id,
                detail=f"{used.waiting} kept aside wait for a decision, the oldest since {since}.",
            )

    def _settle(self, actor: Actor, kept_key: str, settled_as: Settlement, reason: str) -> KeptAside:
        reason = require_reason(reason)
        scope = actor.scope(Act.ADMINISTER)
        with self._database.write(within=scope) as connection:
            kept = records.find_aside(connection, kept_key, scope)
            decision = _decision(actor, kept, settled_as, reason, at=self._clock.now())
            records.settle(connection, decision)
            tell_settled(connection, kept, decision, _KINDS[settled_as])
            return records.find_aside(connection, kept_key, scope)

    def _with_bytes(self, actor: Actor, kept_key: str) -> KeptAside:
        kept = self.item(actor, kept_key)
        if kept.bytes_deleted_at is not None:
            raise AlreadySettled("It was discarded, and its bytes are gone.")
        return kept

    def _held_in_place_of(self, kept: KeptAside) -> Instance | None:
        """Return the instance of its UID, or for another patient's any of the study."""
        keyword, uid = "SOPInstanceUID", kept.sop_instance_uid
        if kept.reason is AsideReason.PATIENT_CONFLICT:
            keyword, uid = "StudyInstanceUID", kept.study_instance_uid
        query = Query(conditions={keyword: UIDList((uid,))}, limit=1)
        found = self._archive.search_instances(query, visible_to=Scope(site_ids=frozenset({kept.site_id})))
        return found[0] if found else None

    def _exact_bytes(self, kept: KeptAside) -> Iterator[bytes]:
        """Yield the file as it lies there, the last of it only once the data set's digest is right."""
        digest = hashlib.sha256()
        with self._archive.blobs.open(kept.blob_key) as blob:
            pending = blob.read(kept.data_set_offset)
            for chunk in chunks(blob):
                digest.update(chunk)
                if pending:
                    yield pending
                pending = chunk
        if digest.hexdigest() != kept.digest:
            raise StorageUnavailable("What was kept aside is damaged in the blob store.")
        yield pending

    @contextmanager
    def _copied(self, kept: KeptAside) -> Iterator[EncodedInstance]:
        """Bring the bytes to where instances land, as if they had just arrived, announced by nobody."""
        with (
            self._archive.incoming.new_file(self._clock.now()) as file,
            self._archive.blobs.open(kept.blob_key) as blob,
        ):
            file.write_header(blob.read(kept.data_set_offset))
            for chunk in chunks(blob):
                file.write(chunk)
            encoded = file.sealed(transfer_syntax_uid=kept.transfer_syntax_uid)
            if encoded.digest != kept.digest:
                raise StorageUnavailable("What was kept aside is damaged in the blob store.")
            yield encoded


def _decision(
    actor: Actor, kept: KeptAside, settled_as: Settlement, reason: str, *, at: datetime
) -> Decision:
    return Decision(
        kept_key=kept.kept_key,
        settled_as=settled_as,
        by=actor.username,
        granted_by=actor.granted_by(Act.ADMINISTER, kept.site_id),
        reason=reason,
        at=at,
    )
