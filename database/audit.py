"""Who did what to which study: rows that are only ever appended, in the transaction of the act.

The event words are those of PS3.15 A.5.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Connection, Index, String, Table, exists, insert, select

from database.schema import Moment, RowNumber, metadata


class AuditEvent(StrEnum):
    """PS3.15 A.5.3: the events the hub records."""

    USER_AUTHENTICATION = "User Authentication"
    INSTANCES_TRANSFERRED = "DICOM Instances Transferred"
    INSTANCES_ACCESSED = "DICOM Instances Accessed"
    EXPORT = "Export"
    IMPORT = "Import"
    PATIENT_RECORD = "Patient Record"
    SECURITY_ALERT = "Security Alert"


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
    Index("ix_audit_events_study", "site_id", "study_instance_uid"),
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


def append_audit(connection: Connection, record: AuditRecord) -> None:
    """Write one record in the caller's transaction: no record, no act."""
    connection.execute(
        insert(audit_events).values(
            at=record.at,
            event=record.event.value,
            action=record.action,
            outcome=record.outcome,
            actor=record.actor,
            granted_by=record.granted_by,
            site_id=record.site_id,
            study_instance_uid=record.study_instance_uid,
            subject=record.subject,
        )
    )


def is_on_record(connection: Connection, record: AuditRecord, *, since: datetime) -> bool:
    """Whether the same act of the same actor on the same study was recorded after `since`."""
    same = exists().where(
        audit_events.c.site_id == record.site_id,
        audit_events.c.study_instance_uid == record.study_instance_uid,
        audit_events.c.actor == record.actor,
        audit_events.c.event == record.event.value,
        audit_events.c.action == record.action,
        audit_events.c.at > since,
    )
    return bool(connection.scalar(select(same)))


def audit_of_study(connection: Connection, site_id: str, study_instance_uid: str) -> list[AuditRecord]:
    """Return what was done to one study, oldest first."""
    rows = connection.execute(
        select(audit_events)
        .where(audit_events.c.site_id == site_id, audit_events.c.study_instance_uid == study_instance_uid)
        .order_by(audit_events.c.audit_number)
    ).mappings()
    return [
        AuditRecord(
            **{key: value for key, value in row.items() if key != "audit_number"}
            | {"event": AuditEvent(row["event"])}
        )
        for row in rows
    ]
