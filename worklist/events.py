"""How the worklist tells the feed what it did."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from core.access import Actor
from database.audit import AuditEvent, AuditRecord, append_audit
from database.change_feed import Change, ChangeKind, append_change
from worklist.case import Case

HUB = "hub"
"""Who acts when no person or device does: a timer or a follower."""


def tell(
    connection: Connection, kind: ChangeKind, case: Case, *, actor: str, at: datetime, **body: Any
) -> None:
    """Write one change about a case; `body` names no patient."""
    append_change(
        connection,
        Change(
            kind=kind,
            site_id=case.site_id,
            study_instance_uid=case.study_instance_uid,
            subject=case.workitem.workitem_uid,
            actor=actor,
            at=at,
            body={"case_id": case.case_id, **body},
        ),
    )


def put_on_record(connection: Connection, case: Case, action: str, *, by: Actor, at: datetime) -> None:
    """Write one act of a person about a case into the audit; `action` names no patient."""
    append_audit(
        connection,
        AuditRecord(
            at=at,
            event=AuditEvent.PATIENT_RECORD,
            action=action,
            actor=by.username,
            granted_by=", ".join(sorted({grant.role.value for grant in by.grants})),
            site_id=case.site_id,
            study_instance_uid=case.study_instance_uid,
            subject=case.workitem.workitem_uid,
        ),
    )
