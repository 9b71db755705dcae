"""Changes of who there is and what they may do, in the audit: each in the transaction of its act."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from database.audit import AuditEvent, AuditRecord, append_audit

HUB: Final = "hub"
"""Who acts where nobody says who does: the hub itself, at its installation."""


def put_on_record(
    connection: Connection,
    action: str,
    *,
    by: str,
    at: datetime,
    subject: str = "",
    site_id: str = "",
    event: AuditEvent = AuditEvent.SECURITY_ALERT,
    outcome: str = "success",
) -> None:
    """Record a change (PS3.15 A.5.3.11: who may do what is a matter of security). Nothing names a patient."""
    append_audit(
        connection,
        AuditRecord(
            at=at,
            event=event,
            action=action,
            actor=by,
            subject=subject[:64],
            site_id=site_id,
            granted_by="admin" if by != HUB else "",
            outcome=outcome,
        ),
    )
