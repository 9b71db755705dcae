"""What people decide about cases and requests: kept with the reason, and on the audit's record."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, or_, select

from core.access import Act, Actor
from core.limits import SEARCH_LIMIT
from core.uids import new_key
from database.audit import AuditEvent, AuditRecord, append_audit
from worklist.tables import case_acts


class CaseActKind(StrEnum):
    """What can be decided."""

    LINKED = "linked"
    UNLINKED = "unlinked"
    RELATED = "related"
    UNRELATED = "unrelated"
    MATCHED = "matched"
    UNMATCHED = "unmatched"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class CaseAct:
    """One decision of a person; the reason may name a patient, so the feed never has it."""

    act: CaseActKind
    site_id: str
    case_id: str = ""
    other_case_id: str = ""
    study_instance_uid: str = ""
    request_id: str = ""
    reason: str
    actor: str
    at: datetime


def put_on_record(connection: Connection, decided: CaseAct, *, by: Actor, allowed_by: Act) -> None:
    """Keep a decision with its reason, and write its audit row."""
    connection.execute(
        insert(case_acts), {**(vars(decided) | {"act": decided.act.value}), "act_key": new_key(decided.at)}
    )
    append_audit(
        connection,
        AuditRecord(
            at=decided.at,
            event=AuditEvent.PATIENT_RECORD,
            action=f"{'request' if decided.request_id else 'case'} {decided.act.value}",
            actor=by.username,
            granted_by=by.granted_by(allowed_by, decided.site_id),
            site_id=decided.site_id,
            study_instance_uid=decided.study_instance_uid,
            subject=decided.request_id or decided.case_id,
        ),
    )


def acts_of_case(connection: Connection, case_id: str) -> list[CaseAct]:
    """Return what people decided about a case, oldest first."""
    rows = connection.execute(
        select(case_acts)
        .where(or_(case_acts.c.case_id == case_id, case_acts.c.other_case_id == case_id))
        .order_by(case_acts.c.at, case_acts.c.act_key)
        .limit(SEARCH_LIMIT)
    ).mappings()
    return [
        CaseAct(
            **{name: value for name, value in row.items() if name not in {"act_key", "act"}},
            act=CaseActKind(row["act"]),
        )
        for row in rows
    ]
