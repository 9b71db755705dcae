"""Who did what to which study: rows that are only ever appended, in the transaction of the act.

The event words are those of PS3.15 A.5. What is written stays as it is but for its place in its site's chain,
which `database.audit_chain` adds a moment later.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    RowMapping,
    String,
    Table,
    and_,
    false,
    insert,
    or_,
    select,
    text,
    true,
)

from core.access import Scope
from database.schema import Moment, RowNumber, metadata


class AuditEvent(StrEnum):
    """PS3.15 A.5.3: the events the hub records."""

    AUDIT_LOG_USED = "Audit Log Used"
    USER_AUTHENTICATION = "User Authentication"
    INSTANCES_TRANSFERRED = "DICOM Instances Transferred"
    INSTANCES_ACCESSED = "DICOM Instances Accessed"
    EXPORT = "Export"
    IMPORT = "Import"
    ORDER_RECORD = "Order Record"
    PATIENT_RECORD = "Patient Record"
    PROCEDURE_RECORD = "Procedure Record"
    QUERY = "Query"
    SECURITY_ALERT = "Security Alert"


ONE_LOOK: Final = timedelta(minutes=10)
"""Leafing through a study, or sending one, is hundreds of acts; to an auditor it is one."""

LOOKS: Final = frozenset({"case", "draft", "reports", "request shown", "timeline"})
"""The actions that only show what is known of a case beside its images."""

audit_events = Table(
    "audit_events",
    metadata,
    Column("audit_number", RowNumber, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("event", String(40), nullable=False),
    Column("action", String(60), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("granted_by", String(80), nullable=False),
    Column("site_id", String(32), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("chain_number", RowNumber),
    Column("chain_hash", String(64)),
    # An index rather than a constraint: SQLite adds it without making the table anew.
    Index("ix_audit_events_chain", "site_id", "chain_number", unique=True),
    Index("ix_audit_events_study", "site_id", "study_instance_uid"),
    Index("ix_audit_events_actor", "actor", "at"),
    Index(
        "ix_audit_events_unchained",
        "audit_number",
        sqlite_where=text("chain_number IS NULL"),
        postgresql_where=text("chain_number IS NULL"),
    ),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, kw_only=True)
class AuditRecord:
    """One act. `granted_by` names the role and place that allowed it; nothing here names a patient."""

    at: datetime
    event: AuditEvent
    action: str
    actor: str
    site_id: str = ""
    study_instance_uid: str = ""
    subject: str = ""
    granted_by: str = ""
    outcome: str = "success"


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """Which records to show; None or "" shows all. Later than `after_number`, since `since`."""

    site_id: str | None = None
    study_instance_uid: str = ""
    actor: str = ""
    event: AuditEvent | None = None
    since: datetime | None = None
    after_number: int = 0


def append_audit(connection: Connection, record: AuditRecord) -> None:
    """Write one record in the caller's transaction: no record, no act."""
    connection.execute(
        insert(audit_events),
        {
            "at": record.at,
            "event": record.event.value,
            "action": record.action,
            "outcome": record.outcome,
            "actor": record.actor[:64],
            "granted_by": record.granted_by[:80],
            "site_id": record.site_id,
            "study_instance_uid": record.study_instance_uid,
            "subject": record.subject,
        },
    )


def append_once(connection: Connection, record: AuditRecord) -> None:
    """Write one record unless the same actor did the same to the same study within ONE_LOOK."""
    if latest_on_record(connection, record, since=record.at - ONE_LOOK) is None:
        append_audit(connection, record)


def latest_on_record(connection: Connection, record: AuditRecord, *, since: datetime) -> datetime | None:
    """Return when the same act of the same actor on the same study was last recorded after `since`, if so."""
    return connection.scalar(
        select(audit_events.c.at)
        .where(
            audit_events.c.site_id == record.site_id,
            audit_events.c.study_instance_uid == record.study_instance_uid,
            audit_events.c.actor == record.actor[:64],
            audit_events.c.event == record.event.value,
            audit_events.c.action == record.action,
            audit_events.c.at > since,
        )
        .order_by(audit_events.c.at.desc())
        .limit(1)
    )


def audit_of_study(connection: Connection, site_id: str, study_instance_uid: str) -> list[AuditRecord]:
    """Return what was done to one study, oldest first."""
    rows = connection.execute(
        select(audit_events)
        .where(audit_events.c.site_id == site_id, audit_events.c.study_instance_uid == study_instance_uid)
        .order_by(audit_events.c.audit_number)
    ).mappings()
    return [_record(row) for row in rows]


def looks_at_study(connection: Connection, site_id: str, study_instance_uid: str) -> list[AuditRecord]:
    """Return who was shown something of a study, oldest first; what was done to it is on the feed."""
    return [
        record
        for record in audit_of_study(connection, site_id, study_instance_uid)
        if record.event is AuditEvent.INSTANCES_ACCESSED or record.action in LOOKS
    ]


def audit_within(
    connection: Connection, wanted: AuditFilter, scope: Scope, *, limit: int
) -> Iterator[tuple[int, AuditRecord]]:
    """Yield number and record of what was done where one may look, oldest first.

    What belongs to no site is shown to those alone who may look everywhere.
    """
    rows = connection.execute(
        select(audit_events)
        .where(_wanted(wanted), _visible(scope))
        .order_by(audit_events.c.audit_number)
        .limit(limit)
    ).mappings()
    for row in rows:
        yield int(row["audit_number"]), _record(row)


def _wanted(wanted: AuditFilter) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [audit_events.c.audit_number > wanted.after_number]
    if wanted.site_id is not None:
        conditions.append(audit_events.c.site_id == wanted.site_id)
    if wanted.study_instance_uid:
        conditions.append(audit_events.c.study_instance_uid == wanted.study_instance_uid)
    if wanted.actor:
        conditions.append(audit_events.c.actor == wanted.actor)
    if wanted.event is not None:
        conditions.append(audit_events.c.event == wanted.event.value)
    if wanted.since is not None:
        conditions.append(audit_events.c.at >= wanted.since)
    return and_(*conditions)


def _visible(scope: Scope) -> ColumnElement[bool]:
    """A row is of a site as a whole: who sees one modality of a site alone is shown none of its rows."""
    if scope.everything:
        return true()
    return or_(false(), audit_events.c.site_id.in_(scope.site_ids))


def _record(row: RowMapping) -> AuditRecord:
    named = {key: row[key] for key in AuditRecord.__dataclass_fields__}
    return AuditRecord(**named | {"event": AuditEvent(row["event"])})
