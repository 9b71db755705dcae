"""The reading physician's desk: drafts, preliminary reports, signing, addenda.

Signing is one transaction: report, workitem, audit row, change and publication job stand or fall together.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from core.access import Act, Actor
from core.clock import Clock
from core.errors import (
    InvalidRequest,
    PatientConflict,
    ReportStateConflict,
    StaleVersion,
    VersionRequired,
    WorkitemStateConflict,
)
from core.text import can_be_kept
from core.uids import new_key
from database.audit import AuditEvent, AuditRecord, append_audit, append_once
from database.change_feed import ChangeKind
from database.engine import Database
from database.jobs import enqueue
from reporting import report_records as records
from reporting.compilation import Compiler
from reporting.document import ReportStatus
from reporting.publication import PUBLISH_JOB
from reporting.report import Draft, KeptDraft, Report
from storage.aside_records import has_open_patient_conflict
from worklist.case import Case
from worklist.case_records import case_in_scope, case_within, in_reach, in_reach_or_held_before
from worklist.events import tell
from worklist.turn_records import find_turn, hold_still
from worklist.turns import end_signed
from worklist.urgency import RANK
from worklist.workitem import EndReason

LONGEST_TEXT = 50_000


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a reader wrote."""

    findings: str
    impression: str


class Desk:
    """The use cases of a reader with a claimed case."""

    def __init__(self, *, database: Database, clock: Clock, compiler: Compiler) -> None:
        self._database = database
        self._clock = clock
        self._compiler = compiler

    def draft(self, actor: Actor, case_id: str) -> Draft:
        """Return the draft of a case; it stays with the case, whoever holds it. Raises NotFound."""
        with self._database.read() as connection:
            case_within(connection, case_id, in_reach(actor, Act.READ))
            return records.read_draft(connection, case_id)

    def kept_drafts(self, actor: Actor, case_id: str) -> list[KeptDraft]:
        """Return this reader's own words that were refused as a draft. Raises NotFound."""
        with self._database.read() as connection:
            _case(connection, case_id, actor)
            return records.kept_drafts_of(connection, case_id, actor.account_id)

    def save_draft(
        self, actor: Actor, case_id: str, workitem_uid: str, words: Words, *, version: int | None
    ) -> Draft:
        """Write the draft over the version that the reader saw.

        Raises:
            NotFound, InvalidRequest, VersionRequired.
            WorkitemStateConflict: the case is not this reader's any more; the words are kept aside.
            StaleVersion: the draft has changed since; the words are kept aside.
        """
        _require_words(words.findings, words.impression)
        if version is None:
            raise VersionRequired
        now = self._clock.now()
        refusal: WorkitemStateConflict | StaleVersion | None = None
        with self._database.write() as connection:
            hold_still(connection, workitem_uid)
            case = _case(connection, case_id, actor)
            before = records.read_draft(connection, case_id)
            if not _holds(case, actor, workitem_uid):
                refusal = WorkitemStateConflict(
                    f"{_not_yours(connection, workitem_uid, actor)} What you wrote is kept aside."
                )
            elif before.version != version:
                refusal = StaleVersion()
            else:
                saved = records.write_draft(connection, before, **vars(words), by=actor, now=now)
                if saved is not None:
                    append_once(connection, _record_of(case, actor, "draft saved", case_id, now))
                    return saved
                refusal = StaleVersion()
            records.keep_draft(
                connection, case_id, workitem_uid, **vars(words), by=actor, now=now, reason=str(refusal)
            )
            append_once(connection, _record_of(case, actor, "draft kept aside", case_id, now))
        raise refusal

    def sign(
        self,
        actor: Actor,
        case_id: str,
        workitem_uid: str,
        *,
        version: int | None,
        status: ReportStatus = ReportStatus.FINAL,
    ) -> Report:
        """Sign the draft that the reader saw, as a final report or a preliminary one.

        Raises:
            NotFound, VersionRequired.
            InvalidRequest: there is no impression, or this is not how an addendum is made.
            WorkitemStateConflict: the case is not this reader's any more.
            PatientConflict: it is not settled whom the study shows; the draft stays.
            StaleVersion: the draft is not what the reader saw.
        """
        if version is None:
            raise VersionRequired
        if status is ReportStatus.ADDENDUM:
            raise InvalidRequest("An addendum is added to a final report.")
        now = self._clock.now()
        with self._database.write() as connection:
            hold_still(connection, workitem_uid)
            case = _case(connection, case_id, actor)
            if not _holds(case, actor, workitem_uid):
                raise WorkitemStateConflict(_not_yours(connection, workitem_uid, actor))
            uids = {case.study_instance_uid, *(study.study_instance_uid for study in case.studies)}
            if has_open_patient_conflict(connection, case.site_id, uids):
                raise PatientConflict
            draft = records.read_draft(connection, case_id)
            if draft.version != version:
                raise StaleVersion("The draft has changed since you read it: read it again before signing.")
            if not draft.impression.strip():
                raise InvalidRequest("A report needs an impression.")
            words = Words(findings=draft.findings, impression=draft.impression)
            report_id = self._write(connection, case, actor, words, status=status, now=now)
            if status is ReportStatus.FINAL:
                end_signed(connection, case, by=actor, now=now)
            return records.find_report(connection, report_id)

    def add_addendum(self, actor: Actor, report_id: str, words: Words, *, reason: str) -> Report:
        """Add new text to a final report, with the reason; the report itself stays as it was signed.

        Raises:
            NotFound, InvalidRequest.
            ReportStateConflict: the report is not final.
        """
        _require_words(words.findings, words.impression, reason)
        if not words.impression.strip() or not reason.strip():
            raise InvalidRequest("An addendum needs an impression and the reason for it.")
        now = self._clock.now()
        with self._database.write() as connection:
            report = records.find_report(connection, report_id)
            case = case_in_scope(connection, report.case_id, actor.scope(Act.READ))
            if report.status is not ReportStatus.FINAL:
                raise ReportStateConflict("Only a final report takes an addendum.")
            addendum_id = self._write(
                connection,
                case,
                actor,
                words,
                status=ReportStatus.ADDENDUM,
                now=now,
                reason=reason,
                addendum_to=report,
            )
            return records.find_report(connection, addendum_id)

    def reports_of_case(self, actor: Actor, case_id: str) -> list[Report]:
        """Return the signed versions of a case, oldest first. Raises NotFound."""
        with self._database.read() as connection:
            case_within(connection, case_id, in_reach(actor, Act.RECEIVE))
            return records.reports_of_case(connection, case_id)

    def _write(
        self,
        connection: Connection,
        case: Case,
        actor: Actor,
        words: Words,
        *,
        status: ReportStatus,
        now: datetime,
        reason: str = "",
        addendum_to: Report | None = None,
    ) -> str:
        report_id = new_key(now)
        document = self._compiler.compile(
            connection,
            case,
            actor,
            report_id=report_id,
            findings=words.findings,
            impression=words.impression,
            status=status,
            reason=reason,
            addendum_to=addendum_to,
            now=now,
        )
        published = status is not ReportStatus.PRELIMINARY
        records.insert_report(
            connection,
            document,
            case_id=case.case_id,
            number=records.next_number(connection, case.case_id),
            addendum_to=addendum_to.report_id if addendum_to else None,
            by=actor,
            published=published,
        )
        _record(connection, case, actor, report_id, status, now)
        if published:
            enqueue(
                connection,
                kind=PUBLISH_JOB,
                body={"report_id": report_id},
                due_at=now,
                priority=RANK[case.urgency],
            )
        return report_id


_KINDS = {
    ReportStatus.PRELIMINARY: ChangeKind.REPORT_PRELIMINARY,
    ReportStatus.FINAL: ChangeKind.REPORT_SIGNED,
    ReportStatus.ADDENDUM: ChangeKind.REPORT_ADDENDUM,
}


def _record(
    connection: Connection, case: Case, actor: Actor, report_id: str, status: ReportStatus, now: datetime
) -> None:
    tell(connection, _KINDS[status], case, actor=actor.username, at=now, report_id=report_id)
    append_audit(connection, _record_of(case, actor, f"report signed: {status.value}", report_id, now))


def _record_of(case: Case, actor: Actor, action: str, subject: str, now: datetime) -> AuditRecord:
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


def _holds(case: Case, actor: Actor, workitem_uid: str) -> bool:
    return case.workitem.workitem_uid == workitem_uid and case.workitem.is_held_by(actor)


def _not_yours(connection: Connection, workitem_uid: str, actor: Actor) -> str:
    """Say why a turn is not this reader's (any more): who took it over is told to whom it was taken from."""
    turn = find_turn(connection, workitem_uid)
    if turn and turn.claimed_by == actor.account_id and turn.end_reason is EndReason.TAKEN_OVER:
        return f"{turn.ended_by_name} has taken this case over; its turns say why."
    return "You do not hold this case (any more); look at it again."


def _case(connection: Connection, case_id: str, actor: Actor) -> Case:
    """Return a case that this reader may read or has held. Raises NotFound.

    Whose route ended may finish the turn they hold, and finds the words that were refused after it.
    """
    return case_within(connection, case_id, in_reach_or_held_before(actor))


def _require_words(*texts: str) -> None:
    if max(map(len, texts)) > LONGEST_TEXT:
        raise InvalidRequest(f"A text has at most {LONGEST_TEXT} characters.")
    if not all(map(can_be_kept, texts)):
        raise InvalidRequest("A text is whole characters, and none of them NUL.")
