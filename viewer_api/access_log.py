"""Who looked at what: one audit row per person, study and ten minutes, before the first byte."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends

from core.access import Act, Actor, at_site
from core.clock import Clock
from database.audit import ONE_LOOK, AuditEvent, AuditRecord, append_once, latest_on_record
from database.engine import Database
from viewer_api.rooms import InRooms
from worklist.case import Case

RETRIEVE: Final = "retrieve"


class AccessLog:
    """Writes down that somebody is given what is about patients."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def note(
        self,
        actor: Actor,
        site_id: str,
        study_instance_uid: str,
        *,
        act: Act = Act.SEARCH,
        event: AuditEvent = AuditEvent.INSTANCES_ACCESSED,
        action: str = RETRIEVE,
    ) -> None:
        """Record a look at one study, unless this look is on record.

        Raises StorageUnavailable where that cannot be written: then nothing is given.
        """
        self._write(
            AuditRecord(
                at=self._clock.now(),
                event=event,
                action=action,
                actor=actor.username,
                site_id=site_id,
                study_instance_uid=study_instance_uid,
                granted_by=actor.granted_by(act, site_id),
            )
        )

    def note_case(self, actor: Actor, case: Case, action: str, *, act: Act = Act.SEARCH) -> None:
        """Record a look at what is known of a case beside its images; raises as `note`."""
        event = AuditEvent.PATIENT_RECORD
        self.note(actor, case.site_id, case.study_instance_uid, act=act, event=event, action=action)

    def note_query(
        self,
        actor: Actor,
        action: str,
        *,
        site_id: str | None = None,
        act: Act = Act.SEARCH,
        event: AuditEvent = AuditEvent.QUERY,
    ) -> None:
        """Record that somebody looked through a list, at one site or wherever they may; raises as `note`."""
        grants = [str(grant) for grant in actor.grants if actor.may(act)]
        self._write(
            AuditRecord(
                at=self._clock.now(),
                event=event,
                action=action,
                actor=actor.username,
                site_id=site_id or "",
                granted_by=actor.granted_by(act, site_id) if site_id else ", ".join(grants),
            )
        )

    def _write(self, record: AuditRecord) -> None:
        act = (record.event, record.action, record.actor, record.site_id, record.study_instance_uid)

        def is_one_look(latest: datetime | None) -> bool:
            return latest is not None and latest > record.at - ONE_LOOK

        # Nothing takes a look off the record that was found on it: it depends on nothing but the time.
        latest = self._database.recalled(
            ("on record", *act), lambda: self._latest(record), on=(), still=is_one_look
        )
        if is_one_look(latest):
            return
        with self._database.write(within=at_site(record.site_id)) as connection:
            # Many look at once, in several processes: one of them came first.
            append_once(connection, record)

    def _latest(self, record: AuditRecord) -> datetime | None:
        with self._database.read(within=at_site(record.site_id)) as connection:
            return latest_on_record(connection, record, since=record.at - ONE_LOOK)


def _access_log(rooms: InRooms) -> AccessLog:
    return AccessLog(rooms.database, rooms.clock)


InAccessLog = Annotated[AccessLog, Depends(_access_log)]
