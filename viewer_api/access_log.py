"""Who looked at which study: one audit row per person, study and ten minutes, before the first byte."""

from datetime import timedelta
from typing import Final

from core.access import ALLOWED, Act, Actor, Grant
from core.clock import Clock
from database.audit import AuditEvent, AuditRecord, append_audit, is_on_record
from database.engine import Database

ONE_LOOK: Final = timedelta(minutes=10)
"""Leafing through a study is hundreds of requests; to an auditor it is one look."""
ACTION: Final = "retrieve"


class AccessLog:
    """Writes down that somebody was given a study's data."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def note(self, actor: Actor, site_id: str, study_instance_uid: str) -> None:
        """Record the access unless this look is on record; StorageUnavailable means that nothing is given."""
        now = self._clock.now()
        record = AuditRecord(
            at=now,
            event=AuditEvent.INSTANCES_ACCESSED,
            action=ACTION,
            actor=actor.username,
            site_id=site_id,
            study_instance_uid=study_instance_uid,
            granted_by=granted_by(actor, Act.SEARCH, site_id),
        )
        with self._database.read() as connection:
            if is_on_record(connection, record, since=now - ONE_LOOK):
                return
        with self._database.write() as connection:
            append_audit(connection, record)


def granted_by(actor: Actor, act: Act, site_id: str) -> str:
    """Name the role and place that allow an act at a site, as in "reader in ecg-group"."""
    for grant in actor.grants:
        if act in ALLOWED[grant.role] and _reaches(actor, grant, site_id):
            place = f" at {grant.site_id}" if grant.site_id else ""
            place = f" in {grant.reading_group_id}" if grant.reading_group_id else place
            return f"{grant.role.value}{place}"
    return ""


def _reaches(actor: Actor, grant: Grant, site_id: str) -> bool:
    if grant.reading_group_id is not None:
        return any(
            route.reading_group_id == grant.reading_group_id and route.site_id == site_id
            for route in actor.routes
        )
    return grant.site_id in {None, site_id}
