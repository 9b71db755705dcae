"""Writes a signed version: document, row, change, audit and publication job, in the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from core.access import Act, Actor
from core.uids import new_key
from database.audit import AuditEvent, AuditRecord, append_audit
from database.change_feed import ChangeKind
from database.jobs import enqueue
from reporting import mark_records
from reporting import report_records as records
from reporting.compilation import Compiler
from reporting.document import ReportedInstance, ReportStatus
from reporting.publication import PUBLISH_JOB
from reporting.report import Report
from worklist.case import Case
from worklist.events import tell
from worklist.urgency import RANK

_KINDS = {
    ReportStatus.PRELIMINARY: ChangeKind.REPORT_PRELIMINARY,
    ReportStatus.FINAL: ChangeKind.REPORT_SIGNED,
    ReportStatus.ADDENDUM: ChangeKind.REPORT_ADDENDUM,
    ReportStatus.AMENDED: ChangeKind.REPORT_AMENDED,
}


@dataclass(frozen=True, kw_only=True)
class ToSign:
    """What somebody puts their name to. `predecessor` is what it adds to or stands in place of."""

    status: ReportStatus
    findings: str
    impression: str
    instances: tuple[ReportedInstance, ...]
    reason: str = ""
    predecessor: Report | None = None


def write_report(
    connection: Connection, compiler: Compiler, case: Case, actor: Actor, said: ToSign, *, now: datetime
) -> Report:
    """Sign, and return the signed version; everything but a preliminary report is to be published."""
    report_id = new_key(now)
    document = compiler.compile(
        connection,
        case,
        actor,
        report_id=report_id,
        findings=said.findings,
        impression=said.impression,
        status=said.status,
        reason=said.reason,
        instances=said.instances,
        predecessor=said.predecessor,
        now=now,
    )
    published = said.status is not ReportStatus.PRELIMINARY
    is_addendum = said.status is ReportStatus.ADDENDUM
    records.insert_report(
        connection,
        document,
        case_id=case.case_id,
        number=records.next_number(connection, case.case_id),
        addendum_to=said.predecessor.report_id if said.predecessor and is_addendum else None,
        by=actor,
        published=published,
    )
    repeats = said.predecessor if is_addendum or said.status is ReportStatus.AMENDED else None
    mark_records.keep_as_signed(connection, case, report_id, repeats.report_id if repeats else None)
    _record(connection, case, actor, report_id, said.status, now)
    if published:
        enqueue(
            connection,
            kind=PUBLISH_JOB,
            body={"report_id": report_id},
            due_at=now,
            priority=RANK[case.urgency],
        )
    return records.find_report(connection, report_id)


def _record(
    connection: Connection, case: Case, actor: Actor, report_id: str, status: ReportStatus, now: datetime
) -> None:
    tell(connection, _KINDS[status], case, actor=actor.username, at=now, report_id=report_id)
    append_audit(connection, record_of(case, actor, f"report signed: {status.value}", report_id, now))


def record_of(case: Case, actor: Actor, action: str, subject: str, now: datetime) -> AuditRecord:
    """Return one act of a reader at the desk, for the audit."""
    return AuditRecord(
        at=now,
        event=AuditEvent.PATIENT_RECORD,
        action=action,
        actor=actor.username,
        # Whoever holds a case may finish it, also when no route leads there any more.
        granted_by=actor.granted_by(Act.READ, case.site_id) or "reader who held it",
        site_id=case.site_id,
        study_instance_uid=case.study_instance_uid,
        subject=subject,
    )
