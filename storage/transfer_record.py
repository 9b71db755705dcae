"""What was brought, and by whom, in the audit: a row for each study that a source sends in ten minutes."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from core.origin import Origin, OriginKind
from database.audit import AuditEvent, AuditRecord, append_once

_EVENTS: Final = {
    OriginKind.DEVICE: AuditEvent.INSTANCES_TRANSFERRED,
    OriginKind.ACCOUNT: AuditEvent.INSTANCES_TRANSFERRED,
    OriginKind.IMPORT: AuditEvent.IMPORT,
    OriginKind.PRIOR: AuditEvent.IMPORT,
    OriginKind.HUB: AuditEvent.INSTANCES_TRANSFERRED,
    OriginKind.SELF_TEST: AuditEvent.INSTANCES_TRANSFERRED,
}


def put_on_record(
    connection: Connection, origin: Origin, study_instance_uid: str, action: str, *, at: datetime
) -> None:
    """Record that instances of a study came in; `action` says what became of them, and names no patient."""
    append_once(
        connection,
        AuditRecord(
            at=at,
            event=_EVENTS[origin.kind],
            action=action,
            actor=origin.brought_by or f"{origin.kind.value}:{origin.source}",
            granted_by=origin.granted_by,
            site_id=origin.site_id,
            study_instance_uid=study_instance_uid,
        ),
    )
