"""The reading physician's desk: drafts, preliminary reports, signing, addenda.

Signing is one transaction: report, workitem, audit row, change and publication job stand or fall together.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from core.access import Act, Actor, Scope
from core.clock import Clock
from core.errors import (
    InvalidRequest,
    PatientConflict,
    ReportStateConflict,
    StaleVersion,
    VersionRequired,
    WorkitemStateConflict,
)
from core.text import can_be_kept, require_reason
from database.audit import append_once
from database.engine import Database
from reporting import report_records as records
from reporting.compilation import Compiler, instances_of_case
from reporting.document import VERSIONS, ReportStatus
from reporting.report import Draft, KeptDraft, Report
from reporting.seen import instances_seen, require_seen
from reporting.signing import ToSign, record_of, write_report
from storage.aside_records import has_open_patient_conflict
from worklist.case import Case
from worklist.case_records import case_in_scope, case_within
from worklist.case_scope import in_reach, in_reach_or_held_before
from worklist.reach import reach
from worklist.reading_list import LONGEST_TURN_REASON
from worklist.retakes import close_signed
from worklist.turn_records import find_turn
from worklist.turns import end_signed
from worklist.workitem import EndReason, ProcedureStepState, is_reader

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
        with self._database.read(within=reach(self._database, actor, Act.READ)) as connection:
            case_within(connection, case_id, in_reach(actor, Act.READ))
            return records.read_draft(connection, case_id)

    def kept_drafts(self, actor: Actor, case_id: str) -> list[KeptDraft]:
        """Return this reader's own words that were refused as a draft. Raises NotFound."""
        with self._database.read(within=reach(self._database, actor, Act.READ)) as connection:
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
        with self._database.write(within=reach(self._database, actor, Act.READ)) as connection:
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
                    append_once(connection, record_of(case, actor, "draft saved", case_id, now))
                    return saved
                refusal = StaleVersion()
            records.keep_draft(
                connection, case_id, workitem_uid, **vars(words), by=actor, now=now, reason=str(refusal)
            )
            append_once(connection, record_of(case, actor, "draft kept aside", case_id, now))
        raise refusal

    def sign(
        self,
        actor: Actor,
        case_id: str,
        workitem_uid: str,
        *,
        version: int | None,
        seen: str | None,
        status: ReportStatus = ReportStatus.FINAL,
    ) -> Report:
        """Sign the draft and the instances that the reader saw, as a final report or a preliminary one.

        Raises:
            NotFound, VersionRequired.
            InvalidRequest: there is no impression, or this is not how an addendum or amendment is made.
            WorkitemStateConflict: the case is not this reader's any more.
            PatientConflict: it is not settled whom the study shows; the draft stays.
            StaleVersion: the draft is not what the reader saw, or other images are there by now.
        """
        if version is None:
            raise VersionRequired
        if status not in {ReportStatus.FINAL, ReportStatus.PRELIMINARY}:
            raise InvalidRequest("An addendum or amendment is made to a report that is signed already.")
        now = self._clock.now()
        with self._database.write(within=reach(self._database, actor, Act.READ)) as connection:
            case = _case(connection, case_id, actor)
            if not _holds(case, actor, workitem_uid):
                raise WorkitemStateConflict(_not_yours(connection, workitem_uid, actor))
            _require_settled(connection, case)
            draft = records.read_draft(connection, case_id)
            if draft.version != version:
                raise StaleVersion("The draft has changed since you read it: read it again before signing.")
            if not draft.impression.strip():
                raise InvalidRequest("A report needs an impression.")
            instances = instances_of_case(connection, case)
            require_seen(seen, instances)
            said = ToSign(
                status=status,
                findings=draft.findings,
                impression=draft.impression,
                instances=instances,
                predecessor=records.current_report(connection, case_id),
            )
            report = write_report(connection, self._compiler, case, actor, said, now=now)
            if status is ReportStatus.FINAL:
                end_signed(connection, case, by=actor, now=now)
                close_signed(connection, case, by=actor, now=now)
            return report

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
        with self._database.write(within=actor.scope(Act.READ)) as connection:
            report = records.find_report(connection, report_id)
            case = case_in_scope(connection, report.case_id, actor.scope(Act.READ))
            _require_current(report, "Only a final report takes an addendum.")
            said = ToSign(
                status=ReportStatus.ADDENDUM,
                **vars(words),
                instances=report.document.instances,
                reason=reason,
                predecessor=report,
            )
            return write_report(connection, self._compiler, case, actor, said, now=now)

    def amend(self, actor: Actor, report_id: str, words: Words, *, reason: str, seen: str | None) -> Report:
        """Sign a version that stands in place of a final one, with the reason; that one stays readable.

        The draft of the case follows, so that whoever reads late images goes on from the right words.

        Raises:
            NotFound, InvalidRequest, VersionRequired, PatientConflict.
            ReportStateConflict: the report is not the current one; the words are kept aside.
            WorkitemStateConflict: somebody is reading the case; the words are kept aside.
            StaleVersion: other images are there than were seen; the words are kept aside.
        """
        _require_words(words.findings, words.impression)
        reason = require_reason(reason, at_most=LONGEST_TURN_REASON)
        if not words.impression.strip():
            raise InvalidRequest("A report needs an impression.")
        now = self._clock.now()
        with self._database.write(within=reach(self._database, actor, Act.READ)) as connection:
            report = records.find_report(connection, report_id)
            case = _case_to_amend(connection, report, actor)
            _require_settled(connection, case)
            instances = instances_of_case(connection, case)
            try:
                _require_amendable(report, case)
                require_seen(seen, instances)
            except (ReportStateConflict, WorkitemStateConflict, StaleVersion) as error:
                refusal = error
            else:
                said = ToSign(
                    status=ReportStatus.AMENDED,
                    **vars(words),
                    instances=instances,
                    reason=reason,
                    predecessor=report,
                )
                draft = records.read_draft(connection, case.case_id)
                records.replace_draft(connection, draft, report.document, **vars(words), by=actor, now=now)
                return write_report(connection, self._compiler, case, actor, said, now=now)
            turn = case.workitem.workitem_uid
            records.keep_draft(
                connection, case.case_id, turn, **vars(words), by=actor, now=now, reason=str(refusal)
            )
        raise refusal

    def instances_seen(self, actor: Actor, case_id: str) -> str:
        """Return what names the instances of a case as they are now; ask before fetching them.

        Raises NotFound.
        """
        with self._database.read(within=reach(self._database, actor, Act.SEARCH, Act.READ)) as connection:
            case = case_within(connection, case_id, in_reach(actor, Act.SEARCH))
            return instances_seen(instances_of_case(connection, case))

    def reports_of_case(self, actor: Actor, case_id: str) -> list[Report]:
        """Return the signed versions of a case, oldest first. Raises NotFound."""
        with self._database.read(within=reach(self._database, actor, Act.RECEIVE)) as connection:
            case_within(connection, case_id, in_reach(actor, Act.RECEIVE))
            return records.reports_of_case(connection, case_id)


def _require_settled(connection: Connection, case: Case) -> None:
    """Raise PatientConflict while it is not settled whom the case shows: nothing may be signed about it."""
    uids = {case.study_instance_uid, *(study.study_instance_uid for study in case.studies)}
    if has_open_patient_conflict(connection, case.site_id, uids):
        raise PatientConflict


def _require_current(report: Report, otherwise: str) -> None:
    if report.status not in VERSIONS:
        raise ReportStateConflict(otherwise)
    if report.superseded_by is not None:
        raise ReportStateConflict("A newer version of this report was signed: read that one first.")


def _require_amendable(report: Report, case: Case) -> None:
    _require_current(report, "Only a final report is amended.")
    # Two who write at once about one case would sign past each other.
    if case.workitem.procedure_step_state is ProcedureStepState.IN_PROGRESS:
        reading = case.workitem.claimed_by_name
        raise WorkitemStateConflict(f"{reading} is reading this case: sign there, or take it over.")


def _case_to_amend(connection: Connection, report: Report, actor: Actor) -> Case:
    """Return the case of a report for who may read it, or signed this report and is a reader still."""
    is_signer = report.signed_by == actor.account_id and is_reader(actor)
    scope = Scope(site_ids=frozenset({report.site_id})) if is_signer else actor.scope(Act.READ)
    return case_in_scope(connection, report.case_id, scope)


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
