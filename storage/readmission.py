"""A person lets in what was kept aside: settled and told in the transaction that admits it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from core.errors import InvalidRequest
from database.audit import AuditEvent, AuditRecord, append_audit
from database.change_feed import Change, ChangeKind, append_change
from storage.aside_records import Decision, settle
from storage.instance import AsideReason, KeptAside, Settlement
from storage.instance_header import InstanceHeader
from storage.patient_decision_records import PatientAct, PatientDecision, write_decision
from storage.patient_identity import statement_digest
from storage.patient_records import patient_key_of


@dataclass(frozen=True, kw_only=True)
class Readmission:
    """A person's decision that what was kept aside comes in after all."""

    kept: KeptAside
    by: str
    granted_by: str
    reason: str


def readmit(
    connection: Connection,
    header: InstanceHeader,
    readmission: Readmission,
    *,
    held: str | None,
    at: datetime,
) -> None:
    """Settle what was kept aside, in the transaction that lets it in; `held` is the digest under its UID.

    Raises:
        AlreadySettled: somebody was first.
        InvalidRequest: what is held under its UID is another data set, which is never replaced.
    """
    kept = readmission.kept
    if kept.reason is AsideReason.CONFLICT and held not in {None, kept.digest}:
        raise InvalidRequest(
            "Another data set is held under this UID: this one can be kept apart or discarded."
        )
    decision = Decision(
        kept_key=kept.kept_key,
        settled_as=Settlement.READMITTED,
        by=readmission.by,
        granted_by=readmission.granted_by,
        reason=readmission.reason,
        at=at,
    )
    settle(connection, decision)
    tell_settled(connection, kept, decision, ChangeKind.ASIDE_READMITTED)
    if kept.reason is AsideReason.PATIENT_CONFLICT:
        study = header.study_instance_uid
        write_decision(
            connection,
            PatientDecision(
                act=PatientAct.SAME_PATIENT,
                site_id=kept.site_id,
                patient_key=patient_key_of(connection, kept.site_id, study),
                study_instance_uid=study,
                statement_digest=statement_digest(header.stated_identity),
                reason=readmission.reason,
                actor=readmission.by,
                at=at,
            ),
        )


def tell_settled(connection: Connection, kept: KeptAside, decision: Decision, kind: ChangeKind) -> None:
    """Write the change and the audit row of a decision about what was kept aside."""
    append_change(
        connection,
        Change(
            kind=kind,
            site_id=kept.site_id,
            study_instance_uid=kept.study_instance_uid,
            subject=kept.sop_instance_uid,
            actor=decision.by,
            at=decision.at,
            body={"kept_key": kept.kept_key, "reason": kept.reason.value},
        ),
    )
    append_audit(
        connection,
        AuditRecord(
            at=decision.at,
            event=AuditEvent.PATIENT_RECORD,
            action=kind.value,
            actor=decision.by,
            granted_by=decision.granted_by,
            site_id=kept.site_id,
            study_instance_uid=kept.study_instance_uid,
            subject=kept.kept_key,
        ),
    )
