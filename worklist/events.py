"""How the worklist tells the feed what it did."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from core.access import Act, Actor
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


def put_on_record(
    connection: Connection, case: Case, action: str, *, by: Actor, at: datetime, act: Act = Act.READ
) -> None:
    """Write one act of a person about a case into the audit; `action` names no patient."""
    append_audit(
        connection,
        AuditRecord(
            at=at,
            event=AuditEvent.PROCEDURE_RECORD,
            action=action,
            actor=by.username,
            # Whoever holds a case may give it back, also when no route leads there any more.
            granted_by=by.granted_by(act, case.site_id) or "reader who held it",
            site_id=case.site_id,
            study_instance_uid=case.study_instance_uid,
            subject=case.workitem.workitem_uid,
        ),
    )
